import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { get } from 'node:https'
import { connect, type TLSSocket } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ServerOptions } from '../../agent/config/server-options.ts'
import { replaceCertificate } from '../../agent/server/tls.ts'
import { listen } from '../../agent/server.ts'
import { serverUnderTest } from './harness.ts'

const pem = (name: string) => readFileSync(new URL(`../fixtures/tls/${name}`, import.meta.url), 'utf8')
const LOCALHOST = { certificate: pem('localhost.crt'), key: pem('localhost.key') }
const RENEWED = { certificate: pem('renewed.crt'), key: pem('renewed.key') }

async function underTls() {
  const { app } = await serverUnderTest({ tls: LOCALHOST })
  const url = await listen(app, ServerOptions.parse({ port: 0 }))
  return { app, url: new URL(url) }
}

/** The number of the certificate that the server shows. */
async function shownAt(url: URL): Promise<string> {
  const socket: TLSSocket = connect({ host: '127.0.0.1', port: Number(url.port), rejectUnauthorized: false })
  onTestFinished(() => void socket.destroy())
  await once(socket, 'secureConnect')
  return socket.getPeerX509Certificate()?.serialNumber ?? 'none'
}

describe('a server with a certificate', () => {
  it('speaks TLS, to whoever trusts it', async () => {
    const { url } = await underTls()
    expect(url.protocol).toBe('https:')
    const [answer] = await once(get(new URL('/healthz', url), { ca: LOCALHOST.certificate }), 'response')
    onTestFinished(() => void answer.destroy())
    expect(answer.statusCode).toBe(200)
  })

  it('refuses TLS before 1.2, and plain HTTP', async () => {
    const { url } = await underTls()
    const old = connect({
      ...{ host: '127.0.0.1', port: Number(url.port), rejectUnauthorized: false },
      ...{ maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' },
    })
    await expect(once(old, 'secureConnect')).rejects.toThrow(/protocol version|wrong version|ssl/i)
    await expect(fetch(new URL('/healthz', url.href.replace('https:', 'http:')))).rejects.toThrow()
  })

  it('shows a renewed certificate from the next connection on', async () => {
    const { app, url } = await underTls()
    const [before, after] = [LOCALHOST, RENEWED].map(({ certificate }) => new X509Certificate(certificate).serialNumber)
    expect(await shownAt(url)).toBe(before)
    replaceCertificate(app.server, RENEWED)
    expect(await shownAt(url)).toBe(after)
  })

  it.each([
    ['a key of another certificate', { ...LOCALHOST, key: RENEWED.key }, /tls\.key|does not belong/],
    ['a key that is none', { ...LOCALHOST, key: 'secret words' }, /private key in PEM form/],
    ['a certificate that is none', { ...LOCALHOST, certificate: 'words' }, /certificate in PEM form/],
    [
      'a damaged certificate',
      { ...LOCALHOST, certificate: LOCALHOST.certificate.replace(/[A-Z]{3}/, '!!!') },
      /PEM form/,
    ],
  ])('is not configured with %s, and no key is repeated', (_name, tls, message) => {
    const read = ServerOptions.safeParse({ tls })
    expect(read.success).toBe(false)
    expect(read.error?.message).toMatch(message)
    expect(read.error?.message).not.toContain('secret words')
  })
})
