import type { LookupAddress } from 'node:dns'
import { createServer } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { forbiddenAddress, guardedLookup, isForbiddenAddress } from '../../agent/lib/forbidden-addresses.ts'
import { HttpClientOptions, httpClient } from '../../agent/lib/http-client.ts'

const http = httpClient(HttpClientOptions.parse({ connectTimeoutMs: 500, totalTimeoutMs: 1000 }))
const get = (url: string) => http({ method: 'GET', url }, new AbortController().signal)

describe('addresses that are never asked', () => {
  it.each([
    '169.254.169.254',
    '169.254.170.2',
    '169.254.0.1',
    '0.0.0.0',
    '100.100.100.200',
    '168.63.129.16',
    'fe80::1',
    'fe80::1%eth0',
    'fd00:ec2::254',
    '::',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '[fe80::1]',
  ])('%s', (address) => {
    expect(isForbiddenAddress(address)).toBe(true)
  })

  it.each([
    '127.0.0.1',
    '::1',
    '10.0.0.7',
    '192.168.1.1',
    '169.253.1.1',
    '93.184.216.34',
    'fd12:3456::1',
    'example.org',
    '',
  ])('and not %s', (address) => {
    expect(isForbiddenAddress(address)).toBe(false)
  })
})

describe('the HTTP client', () => {
  it.each([
    'http://169.254.169.254/latest/meta-data/iam/security-credentials/',
    'http://[::ffff:169.254.169.254]/',
    'http://[fe80::1]:8080/',
    // What people write to get past a list of texts; a URL knows them all for the same address.
    'http://0xa9fea9fe/',
    'http://2852039166/',
    'http://169.254.43518/',
    'http://0251.0376.0251.0376/',
    'http://169.254.169.254./',
  ])('does not ask %s', async (url) => {
    await expect(get(url)).rejects.toMatchObject({ code: 'forbidden', retryable: false })
  })

  it('does not follow a redirect there, which is another origin', async () => {
    const server = createServer((_request, reply) =>
      reply.writeHead(302, { location: 'http://169.254.169.254/latest/' }).end(),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const address = server.address()
    const answer = await get(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`)
    expect(answer.status).toBe(302)
  })

  it('resolves names, and gives all their addresses', async () => {
    const resolved = await new Promise<string | LookupAddress[]>((resolve, reject) =>
      guardedLookup('localhost', { all: true }, (error, address) => (error ? reject(error) : resolve(address))),
    )
    expect((resolved as LookupAddress[]).map(({ address }) => address)).toContain('127.0.0.1')
    const server = createServer((_request, reply) => reply.end('here'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const address = server.address()
    const answer = await get(`http://localhost:${typeof address === 'object' ? address?.port : 0}/`)
    expect(answer.body).toBe('here')
  })

  it('refuses a name that hides such an address', async () => {
    // The machine's own resolver knows a name of every address: itself.
    const failed = await new Promise<unknown>((resolve) =>
      guardedLookup('169.254.169.254', {}, (error) => resolve(error)),
    )
    expect(failed).toMatchObject({ code: 'forbidden' })
    expect(forbiddenAddress('host.example').message).not.toContain('169.254')
  })
})
