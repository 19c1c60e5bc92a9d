import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { type Person, tokenHashOf } from '../../agent/approval/people.ts'
import { ServerOptions } from '../../agent/config/server-options.ts'
import { ROLE_SCOPES, Role } from '../../agent/domain/role.ts'
import { createServer } from '../../agent/server.ts'
import { ADMIN_TOKEN, INGEST_TOKEN, serverUnderTest, TOKENS } from './harness.ts'

const tokenOf = (role: string) => `${role}-person-token-0123`
const personOf = (name: string, role: Role, token: string): Person => ({
  ...{ name, role, groups: [], tokenHash: tokenHashOf(token) },
})
const PEOPLE = Role.options.map((role) => personOf(`${role} person`, role, tokenOf(role)))
const withPeople = (options: object = {}) => serverUnderTest(options, {}, null, PEOPLE)
const OWN_PAGE = { host: 'agent.example', origin: 'http://agent.example', 'sec-fetch-site': 'same-origin' }

type Harness = Awaited<ReturnType<typeof serverUnderTest>>

async function signedIn({ app }: Harness, token: string) {
  const answer = await app.inject({ method: 'POST', url: '/v1/session', headers: OWN_PAGE, payload: { token } })
  const cookie = String(answer.headers['set-cookie'] ?? '').split(';')[0] ?? ''
  const session = (await app.inject({ url: '/v1/session', headers: { cookie } })).json() as {
    name: string | null
    csrf: string | null
  }
  return { answer, cookie, session, headers: { ...OWN_PAGE, cookie, 'x-failwise-csrf': session.csrf ?? '' } }
}

describe('signing in', () => {
  it('gives a cookie that scripts and other sites cannot use', async () => {
    const { answer, session } = await signedIn(await withPeople(), tokenOf('viewer'))
    const cookie = String(answer.headers['set-cookie'])
    for (const attribute of ['HttpOnly', 'SameSite=Strict', 'Path=/', 'Max-Age=43200'])
      expect(cookie).toContain(attribute)
    expect(cookie).not.toContain(tokenOf('viewer'))
    expect(session).toMatchObject({ name: 'viewer person', isSignInNeeded: false, scopes: ['read'] })
  })

  it('keeps the cookie to TLS where browsers come through TLS', async () => {
    const { deps } = await serverUnderTest()
    const options = ServerOptions.parse({})
    const app = createServer(
      { ...deps, registry: new Registry() },
      { options, people: PEOPLE, version: '0', session: { key: 'k'.repeat(32), isSecure: true } },
    )
    const payload = { token: tokenOf('viewer') }
    const answer = await app.inject({ method: 'POST', url: '/v1/session', headers: OWN_PAGE, payload })
    expect(answer.headers['set-cookie']).toContain('Secure')
  })

  it('is slowed down by address when tokens are guessed, and still open to whoever knows one', async () => {
    const harness = await withPeople({ authFailuresPerMinute: 3 })
    const guess = async () => (await signedIn(harness, 'guess-0123456789abc')).answer.statusCode
    expect([await guess(), await guess(), await guess()]).toEqual([401, 401, 401])
    expect(await guess()).toBe(429)
    expect((await signedIn(harness, tokenOf('viewer'))).answer.statusCode).toBe(200)
  })

  it('refuses a token that may only send alerts, and forms of other sites', async () => {
    const harness = await serverUnderTest({ tokens: TOKENS })
    expect((await signedIn(harness, INGEST_TOKEN)).answer.statusCode).toBe(403)
    expect((await signedIn(harness, ADMIN_TOKEN)).answer.statusCode).toBe(403)
    for (const foreign of [
      { 'sec-fetch-site': 'cross-site' },
      { origin: 'https://attacker.example' },
      { origin: 'null' },
    ]) {
      const headers = { ...OWN_PAGE, ...foreign }
      const payload = { token: tokenOf('viewer') }
      const people = await withPeople()
      expect((await people.app.inject({ method: 'POST', url: '/v1/session', headers, payload })).statusCode).toBe(403)
    }
  })

  it('is not needed on this machine while nobody is named, and is when it is asked for', async () => {
    const open = (await serverUnderTest()).app
    expect((await open.inject('/v1/session')).json()).toMatchObject({ name: 'local', isSignInNeeded: false })
    const closed = (await serverUnderTest({ requireSignIn: true })).app
    expect((await closed.inject('/v1/session')).json()).toMatchObject({ name: null, isSignInNeeded: true })
    expect((await closed.inject('/v1/status')).statusCode).toBe(401)
  })
})

describe('a session', () => {
  it.each(Role.options)('of a %s may do what the role may, in every route', async (role) => {
    const harness = await withPeople()
    const { headers } = await signedIn(harness, tokenOf(role))
    const may = async (method: 'GET' | 'POST', url: string, payload?: object) =>
      (await harness.app.inject({ method, url, headers, ...(payload && { payload }) })).statusCode !== 403
    expect(await may('GET', '/v1/status')).toBe(true)
    expect(await may('GET', '/v1/audit/export')).toBe(true)
    expect(await may('POST', '/v1/freezes', { reason: 'exercise' })).toBe(role === 'admin')
    // Whoever reads must not be able to make up alerts.
    expect(await may('POST', '/v1/alerts/generic', {})).toBe(false)
    expect(ROLE_SCOPES[role]).not.toContain('ingest')
  })

  it('changes nothing without the word that only our own page knows', async () => {
    const harness = await withPeople()
    const { headers } = await signedIn(harness, tokenOf('admin'))
    const other = await signedIn(harness, tokenOf('viewer'))
    const freeze = async (changed: Record<string, string>) => {
      const request = { method: 'POST', url: '/v1/freezes', payload: { reason: 'x' } } as const
      return (await harness.app.inject({ ...request, headers: { ...headers, ...changed } })).statusCode
    }
    expect(await freeze({ 'x-failwise-csrf': '' })).toBe(403)
    expect(await freeze({ 'x-failwise-csrf': other.session.csrf ?? '' })).toBe(403)
    expect(await freeze({ 'sec-fetch-site': 'cross-site' })).toBe(403)
    expect(await freeze({ 'sec-fetch-site': 'same-site' })).toBe(403)
    expect(await freeze({ origin: 'https://attacker.example' })).toBe(403)
    expect(harness.acts).toEqual([])
    expect(await freeze({})).toBe(201)
    expect(harness.acts.map(({ caller }) => caller.principal)).toEqual(['admin person'])
  })

  it.each(['more-time', 'look-again'])('lets only the own page ask for %s of a question', async (wish) => {
    const harness = await withPeople()
    const { headers } = await signedIn(harness, tokenOf('approver'))
    const ask = async (changed: object) => {
      const request = { method: 'POST', url: `/v1/approvals/apr-1/${wish}` } as const
      return (await harness.app.inject({ ...request, headers: { ...headers, ...changed } })).statusCode
    }
    expect(await ask({ 'x-failwise-csrf': '' })).toBe(403)
    expect(await ask({ 'sec-fetch-site': 'cross-site' })).toBe(403)
    expect(harness.acts).toEqual([])
    expect(await ask({})).toBe(200)
    expect(harness.acts.map(({ caller }) => caller.person?.name)).toEqual(['approver person'])
  })

  it('ends with its time, with its token, and cannot be made up', async () => {
    const harness = await withPeople({ sessionHours: 1 })
    const { cookie } = await signedIn(harness, tokenOf('viewer'))
    const status = async (given: string, { app } = harness) =>
      (await app.inject({ url: '/v1/status', headers: { cookie: given } })).statusCode
    expect(await status(cookie)).toBe(200)
    const [, value = ''] = cookie.split('=')
    const [, expires = '', mac = ''] = value.split('.')
    const admin = Buffer.from('person admin person').toString('base64url')
    expect(await status(`failwise_session=${admin}.${expires}.${mac}`)).toBe(401)
    expect(await status(`failwise_session=${value.replace(expires, String(Number(expires) + 1))}`)).toBe(401)
    for (const nonsense of ['failwise_session=', 'failwise_session=..', 'failwise_session=a.b.c', '=;;'])
      expect(await status(nonsense)).toBe(401)
    harness.clock.nowMs += 3_600_001
    expect(await status(cookie)).toBe(401)

    const key = { key: 'k'.repeat(32), isSecure: false }
    const serverOf = (token: string) => {
      const options = ServerOptions.parse({})
      const people = [personOf('ada', 'viewer', token)]
      return createServer(
        { ...harness.deps, registry: new Registry() },
        { options, people, version: '0', session: key },
      )
    }
    const first = serverOf('first-token-of-ada-0')
    const begun = await signedIn({ ...harness, app: first }, 'first-token-of-ada-0')
    expect(await status(begun.cookie, { ...harness, app: serverOf('first-token-of-ada-0') })).toBe(200)
    expect(await status(begun.cookie, { ...harness, app: serverOf('other-token-of-ada-0') })).toBe(401)
  })

  it('is asked for without the browser putting its own dialog before the page', async () => {
    const { app } = await withPeople()
    const fromScript = await app.inject({ url: '/v1/status', headers: { 'sec-fetch-dest': 'empty' } })
    expect(fromScript.headers).not.toHaveProperty('www-authenticate')
    expect((await app.inject('/v1/status')).headers).toHaveProperty('www-authenticate')
  })
})
