import { createPrivateKey, X509Certificate } from 'node:crypto'
import { z } from 'zod'

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/

/** What the server proves itself with, as PEM text; usually `${file:…}`, so that it is read again when it was renewed. */
export const TlsOptions = z
  .strictObject({
    /** The server's own certificate first, then those between it and the root. */
    certificate: z.string().min(1),
    key: z.string().min(1),
  })
  .superRefine(({ certificate, key }, context) => {
    const wrong = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    const own = readCertificate(certificate)
    if (own === null) return wrong('certificate', 'must be a certificate in PEM form, such as ${file:tls.crt}')
    try {
      if (!own.checkPrivateKey(createPrivateKey(key))) wrong('key', 'does not belong to the certificate')
    } catch {
      // What OpenSSL says about a key that it cannot read helps nobody, and may hold parts of it.
      wrong('key', 'must be a private key in PEM form without a passphrase, such as ${file:tls.key}')
    }
  })
export type TlsOptions = z.infer<typeof TlsOptions>

/** Until when a certificate of these options is valid, in milliseconds since 1970. */
export function validUntilMs({ certificate }: TlsOptions): number {
  return readCertificate(certificate)?.validToDate.getTime() ?? 0
}

function readCertificate(text: string): X509Certificate | null {
  const [first] = PEM_CERTIFICATE.exec(text) ?? []
  try {
    return first === undefined ? null : new X509Certificate(first)
  } catch {
    return null
  }
}
