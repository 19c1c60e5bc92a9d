import type { Server } from 'node:http'
import { type SecureContextOptions, Server as TlsServer } from 'node:tls'
import type { TlsOptions } from '../config/tls-options.ts'

/** What Node's TLS is told: TLS 1.2 and later. */
export function secureContextOf({ certificate, key }: TlsOptions): SecureContextOptions {
  return { cert: certificate, key, minVersion: 'TLSv1.2' }
}

/** Proves itself with another certificate from the next connection on; those that are open stay as they are. */
export function replaceCertificate(server: Server, tls: TlsOptions): void {
  if (server instanceof TlsServer) server.setSecureContext(secureContextOf(tls))
}
