import { Registry } from 'prom-client'
import { describe, expect, it, onTestFinished } from 'vitest'
import { assertSafeToBind, isLoopback, ServerOptions } from '../../agent/config/server-options.ts'
import { createServer } from '../../agent/server.ts'
import { ADMIN_TOKEN, bearer, INGEST_TOKEN, READ_TOKEN, serverUnderTest, TOKENS } from './harness.ts'

const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
})
const alert = { method: 'POST' as const, url: '/v1/alerts/generic', payload: { name: 'A', service: 'x' } }

describe('with tokens', () => {
  it.each([
    ['a bearer token', bearer(INGEST_TOKEN), 202],
    ['a bearer token, spelt otherwise', { authorization: `bearer  ${INGEST_TOKEN}` }, 202],
    ['basic authentication with its name', basic('alertmanager', INGEST_TOKEN), 202],
    ['basic authentication with another name', basic('reader', INGEST_TOKEN), 401],
    ['a wrong token', bearer(`${INGEST_TOKEN}x`), 401],
    ['an empty token', { authorization: 'Bearer ' }, 401],
    ['a token under another scheme', { authorization: `Digest ${INGEST_TOKEN}` }, 401],
    ['broken base64', { authorization: 'Basic %%%%' }, 401],
    ['no credentials', {}, 401],
    ['a token that may only read', bearer(READ_TOKEN), 403],
    ['a token that may only administer', bearer(ADMIN_TOKEN), 403],
  ])('%s', async (_what, headers, status) => {
    const { app, ingested } = await serverUnderTest({ tokens: TOKENS })
    const response = await app.inject({ ...alert, headers })
    expect(response.statusCode).toBe(status)
    expect(ingested).toHaveLength(status === 202 ? 1 : 0)
    if (status === 401) expect(response.headers['www-authenticate']).toMatch(/Bearer.*Basic/)
    if (status === 202) expect(ingested[0]?.meta.principal).toBe('alertmanager')
  })

  it('slows down guessing by address, and never shuts out a valid sender', async () => {
    const { app, clock } = await serverUnderTest({ tokens: TOKENS, authFailuresPerMinute: 3 })
    const guess = () => app.inject({ ...alert, headers: bearer('guess-0123456789abc') })
    for (let i = 0; i < 3; i++) expect((await guess()).statusCode).toBe(401)
    clock.nowMs += 20_000
    const refused = await guess()
    expect(refused.statusCode).toBe(429)
    expect(refused.headers['retry-after']).toBe('40')
    expect((await app.inject({ ...alert, headers: bearer(INGEST_TOKEN) })).statusCode).toBe(202)
    expect(
      (await app.inject({ ...alert, remoteAddress: '10.1.2.3', headers: bearer('guess-0123456789abc') })).statusCode,
    ).toBe(401)
    clock.nowMs += 41_000
    expect((await guess()).statusCode).toBe(401)
  })

  it('writes no credential into the log', async () => {
    const { app, logLines } = await serverUnderTest({ tokens: TOKENS })
    await app.inject({ ...alert, url: `/v1/nothing?token=${INGEST_TOKEN}`, headers: bearer(INGEST_TOKEN) })
    await app.inject({ ...alert, headers: bearer('wrong-0123456789abc') })
    await app.inject({ ...alert, headers: bearer(READ_TOKEN) })
    expect(logLines).toHaveLength(3)
    expect(logLines.join('')).not.toMatch(/token-0123|wrong-0123/)
  })
})

describe('without tokens', () => {
  it.each([
    ['this machine', {}, '127.0.0.1', 202],
    ['this machine over IPv6', {}, '::1', 202],
    ['this machine as IPv4 in IPv6', {}, '::ffff:127.0.0.1', 202],
    ['a page of our own', { origin: 'http://127.0.0.1:8080' }, '127.0.0.1', 202],
    ['another machine', {}, '10.0.0.7', 403],
    ['a web page open in a browser here', { origin: 'https://attacker.example' }, '127.0.0.1', 403],
    ['a page without an origin', { origin: 'null' }, '127.0.0.1', 403],
    ['a cross-site request', { 'sec-fetch-site': 'cross-site' }, '127.0.0.1', 403],
    ['a name that was rebound to this machine', { host: 'attacker.example:8080' }, '127.0.0.1', 403],
  ])('%s', async (_what, headers, remoteAddress, status) => {
    const { app } = await serverUnderTest()
    const host = { host: 'localhost:8080' }
    expect((await app.inject({ ...alert, headers: { ...host, ...headers }, remoteAddress })).statusCode).toBe(status)
  })

  it('the server refuses to be reachable from elsewhere', () => {
    for (const host of ['0.0.0.0', '::', '10.0.0.1', 'failwise.internal', '127.attacker.example'])
      expect(() => assertSafeToBind(ServerOptions.parse({ host }), [])).toThrow(/no access tokens are configured/)
    for (const host of ['127.0.0.1', '127.0.0.53', 'localhost', '::1', '[::1]'])
      expect(() => assertSafeToBind(ServerOptions.parse({ host }), [])).not.toThrow()
    expect(() => assertSafeToBind(ServerOptions.parse({ host: '0.0.0.0', tokens: TOKENS }), [])).not.toThrow()
    expect(isLoopback('127.0.0.1.attacker.example')).toBe(false)
  })
})

describe('server options', () => {
  it('refuse short tokens, unknown scopes and unknown keys', () => {
    expect(ServerOptions.safeParse({ tokens: [{ name: 'a', token: 'short', scopes: ['read'] }] }).success).toBe(false)
    expect(ServerOptions.safeParse({ tokens: [{ name: 'a', token: READ_TOKEN, scopes: ['write'] }] }).success).toBe(
      false,
    )
    expect(ServerOptions.safeParse({ toekns: [] }).success).toBe(false)
    expect(ServerOptions.parse(undefined)).toMatchObject({ host: '127.0.0.1', port: 8080, tokens: [] })
  })
})

describe('tokens that are replaced while the server runs', () => {
  it('work at once, and the old ones no longer; nobody left means that nobody comes in', async () => {
    const OLD = 'old-token-0123456789abc'
    const NEW = 'new-token-0123456789abc'
    const named = (token: string) => ({ tokens: [{ name: 'a', token, scopes: ['read' as const] }], people: [] })
    let credentials: ReturnType<typeof named> | { tokens: []; people: [] } = named(OLD)
    const { deps } = await serverUnderTest()
    const app = createServer(
      { ...deps, registry: new Registry() },
      { options: ServerOptions.parse({ tokens: named(OLD).tokens }), version: '0', credentials: () => credentials },
    )
    onTestFinished(() => app.close())
    const status = async (token: string) => (await app.inject({ url: '/v1/status', headers: bearer(token) })).statusCode
    expect([await status(OLD), await status(NEW)]).toEqual([200, 401])
    credentials = named(NEW)
    expect([await status(OLD), await status(NEW)]).toEqual([401, 200])
    credentials = { tokens: [], people: [] }
    expect([await status(NEW), (await app.inject('/v1/status')).statusCode]).toEqual([401, 401])
  })
})
