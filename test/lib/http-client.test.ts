import { readFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createServer as createTcpServer } from 'node:net'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { type Fault, isFault } from '../../agent/lib/errors.ts'
import { HttpClientOptions, httpClient } from '../../agent/lib/http-client.ts'

const servers: { close(): void; closeAllConnections?(): void }[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections?.()
    server.close()
  }
})

async function serving(listener: RequestListener): Promise<string> {
  const server: Server = createServer(listener)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const never = new AbortController().signal
const client = (options: Partial<HttpClientOptions> = {}) => httpClient(HttpClientOptions.parse(options))
const get = (url: string, options: Partial<HttpClientOptions> = {}, abort = never) =>
  client(options)({ method: 'GET', url }, abort)

async function faultOf(promise: Promise<unknown>): Promise<Fault> {
  const error = await promise.catch((caught: unknown) => caught)
  if (!isFault(error)) throw new Error(`expected a Fault, got ${String(error)}`)
  return error
}

describe('the HTTP client', () => {
  it('sends what it is given and returns any status', async () => {
    const base = await serving((request, response) => {
      let body = ''
      request.on('data', (chunk) => (body += chunk))
      request.on('end', () => {
        response.writeHead(418, {
          'X-Seen': `${request.method} ${request.url} ${request.headers['content-type']} ${request.headers['user-agent']}`,
        })
        response.end(body)
      })
    })
    const request = {
      method: 'POST',
      url: `${base}/a?b=c%20d`,
      headers: { 'content-type': 'application/x-amz-json-1.1' },
      body: '{"ä":1}',
    } as const
    const response = await client()(request, never)
    expect(response).toMatchObject({ status: 418, body: '{"ä":1}' })
    expect(response.headers['x-seen']).toBe('POST /a?b=c%20d application/x-amz-json-1.1 failwise')
  })

  it('drops a body over the cap while it streams, and the connection with it', async () => {
    let closed = () => {}
    const isClosed = new Promise<void>((resolve) => (closed = resolve))
    const base = await serving((_request, response) => {
      response.on('close', closed)
      const write = () => {
        while (response.write('[1777885200,"1"],'.repeat(4096)));
        response.once('drain', write)
      }
      write()
    })
    const fault = await faultOf(get(base, { maxBytes: 1_000_000 }))
    expect(fault).toMatchObject({ code: 'upstream_too_large', details: { maxBytes: 1_000_000 } })
    await isClosed
  })

  it.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
  ])('counts a %s body as it unpacks', async (encoding, compress) => {
    const bomb = compress(Buffer.alloc(20_000_000))
    expect(bomb.length).toBeLessThan(50_000)
    const base = await serving((request, response) => {
      response.writeHead(200, { 'content-encoding': encoding })
      response.end(request.url === '/small' ? compress(Buffer.from('fine')) : bomb)
    })
    expect((await faultOf(get(base, { maxBytes: 1_000_000 }))).code).toBe('upstream_too_large')
    expect((await get(`${base}/small`)).body).toBe('fine')
  })

  it('follows redirects of one origin, and no other', async () => {
    const asked: string[] = []
    const elsewhere = await serving((request, response) => {
      asked.push(String(request.headers.authorization))
      response.end('stolen')
    })
    const base = await serving((request, response) => {
      const to =
        request.url === '/near' ? '/here' : request.url === '/loop' ? '/loop' : request.url === '/far' ? elsewhere : ''
      if (to) response.writeHead(302, { location: to }).end()
      else response.end('arrived')
    })
    expect((await get(`${base}/near`)).body).toBe('arrived')
    expect((await get(`${base}/far`)).status).toBe(302)
    expect((await get(`${base}/loop`)).status).toBe(302)
    const post = await client()({ method: 'POST', url: `${base}/near`, headers: { authorization: 'secret' } }, never)
    expect(post.status).toBe(302)
    expect(asked).toEqual([])
  })

  it('gives up at its total time, also in the middle of a body', async () => {
    const base = await serving((request, response) => {
      if (request.url === '/slow') response.write('a')
    })
    const fault = await faultOf(get(base, { totalTimeoutMs: 80 }))
    expect(fault.code).toBe('deadline')
    expect((await faultOf(get(`${base}/slow`, { totalTimeoutMs: 80 }))).code).toBe('deadline')
  })

  it('ends with its abort', async () => {
    const stop = new AbortController()
    const base = await serving(() => stop.abort())
    expect((await faultOf(get(base, {}, stop.signal))).code).toBe('deadline')
    expect((await faultOf(get(base, {}, stop.signal))).code).toBe('deadline')
  })

  it('names refused, broken and unresolvable connections without their URL', async () => {
    const broken = await serving((_request, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('half')
      response.socket?.destroySoon()
    })
    const garbled = await serving((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end('this is no gzip')
    })
    const urls = [`${broken}/?key=hunter2`, 'http://user:hunter2@127.0.0.1:1/', 'http://nowhere.invalid/?key=hunter2']
    for (const url of urls) {
      const fault = await faultOf(get(url))
      expect(fault.code).toBe('upstream_unreachable')
      expect(fault.retryable).toBe(true)
      expect(fault.message + JSON.stringify(fault.details)).not.toContain('hunter2')
    }
    expect((await faultOf(get(garbled))).code).toBe('upstream_malformed')
  })

  it('gives up on connecting long before a slow answer', async () => {
    // Accepts the connection, and never says hello: a TLS handshake that hangs.
    const mute = createTcpServer(() => {})
    servers.push(mute)
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
    const url = `https://127.0.0.1:${(mute.address() as AddressInfo).port}/`
    const fault = await faultOf(get(url, { connectTimeoutMs: 60 }))
    expect(fault).toMatchObject({ code: 'upstream_unreachable', details: { code: 'ETIMEDOUT' } })
  })

  it('trusts an authority that it is given, and names a certificate that it does not trust', async () => {
    const [key, cert] = ['key', 'crt'].map((kind) =>
      readFileSync(new URL(`../fixtures/tls/localhost.${kind}`, import.meta.url), 'utf8'),
    )
    const server = createTlsServer({ key, cert }, (_request, response) => response.end('private'))
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `https://localhost:${(server.address() as AddressInfo).port}/`
    const fault = await faultOf(get(url))
    expect(fault).toMatchObject({
      code: 'upstream_unreachable',
      retryable: false,
      details: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    })
    expect((await get(url, { tls: { ca: cert } })).body).toBe('private')
    expect((await get(url, { hosts: { localhost: { ca: cert } } })).body).toBe('private')
  })

  it('reads UTF-16 by its mark', async () => {
    const base = await serving((_request, response) => response.end(Buffer.from('\ufeff[{"ä":1}]', 'utf16le')))
    expect((await get(base)).body).toBe('[{"ä":1}]')
  })
})
