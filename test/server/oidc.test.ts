import { createServer as createHttpServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Person } from '../../agent/approval/people.ts'
import { Fault } from '../../agent/lib/errors.ts'
import type { Http } from '../../agent/lib/http.ts'
import { HttpClientOptions, httpClient } from '../../agent/lib/http-client.ts'
import { bearer, serverUnderTest } from './harness.ts'

const REDIRECT = 'http://agent.example/v1/session/oidc/callback'
const HOME = 'http://agent.example/'
const OWN_PAGE = { host: 'agent.example', origin: 'http://agent.example', 'sec-fetch-site': 'same-origin' }
const PEOPLE: readonly Person[] = [{ name: 'ada', role: 'approver', identity: 'sub-ada', groups: [] }]

/** Who signs in at the provider next, and what the provider says about them. */
const subject = { sub: 'sub-ada', claims: {} as Record<string, unknown> }
/** How often somebody had to give a password. */
let logins = 0
let issuer: string
let server: Server

/** A certified provider, run strictly: PKCE is demanded, redirects are compared whole, codes are used once. */
beforeAll(async () => {
  server = createHttpServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = {
    redirect_uris: [REDIRECT],
    post_logout_redirect_uris: [HOME],
    response_types: ['code' as const],
  }
  const provider = new Provider(issuer, {
    clients: [
      {
        ...client,
        client_id: 'failwise',
        client_secret: 'a secret of the client',
        grant_types: ['authorization_code'],
      },
      { ...client, client_id: 'public', token_endpoint_auth_method: 'none', grant_types: ['authorization_code'] },
    ],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['groups'] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    cookies: { keys: ['a key of this test'] },
    findAccount: (_ctx: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id, ...subject.claims }),
    }),
    interactions: { url: (_ctx: unknown, interaction: { uid: string }) => `/interaction/${interaction.uid}` },
    loadExistingGrant: async (ctx: GrantContext) => {
      const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: subject.sub })
      grant.addOIDCScope('openid email profile')
      await grant.save()
      return grant
    },
  })
  const answer = provider.callback()
  server.on('request', async (request, response) => {
    // The person's password and second factor, which are the provider's own matter.
    if (!request.url?.startsWith('/interaction/')) return answer(request, response)
    logins += 1
    await provider.interactionFinished(request, response, { login: { accountId: subject.sub } })
  })
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

interface GrantContext {
  oidc: {
    client: { clientId: string }
    provider: { Grant: new (of: object) => { addOIDCScope(scope: string): void; save(): Promise<string> } }
  }
}

async function agent(oidc: object = {}) {
  const options = { oidc: { issuer, clientId: 'failwise', clientSecret: 'a secret of the client', ...oidc } }
  const real = httpClient(HttpClientOptions.parse({}))
  const provider = { isAway: false }
  const http: Http = (request, abort) =>
    provider.isAway ? Promise.reject(new Fault('upstream_unreachable', 'the provider is away')) : real(request, abort)
  const harness = await serverUnderTest(options, { http }, null, PEOPLE)
  harness.clock.nowMs = Date.now()
  return { ...harness, provider }
}

type Harness = Awaited<ReturnType<typeof agent>>

/** A browser as far as the provider sees it. */
class Browser {
  readonly #cookies = new Map<string, string>()

  async ask(url: string, form?: URLSearchParams): Promise<Response> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(url, {
      ...{ redirect: 'manual', headers: { cookie } },
      ...(form && { method: 'POST', body: form }),
    })
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ''] = line.split(';')
      this.#cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1))
    }
    return answer
  }
}

/** Follows the browser's way through the provider; returns the address that it sends the browser back to. */
async function throughProvider(start: string, browser = new Browser()): Promise<string> {
  let url = start
  for (let hop = 0; hop < 10; hop++) {
    const answer = await browser.ask(url)
    const next = answer.headers.get('location')
    if (next === null) throw new Error(`the provider answered ${answer.status}: ${(await answer.text()).slice(0, 300)}`)
    url = new URL(next, url).href
    if (url.startsWith(REDIRECT)) return url
  }
  throw new Error('the provider sends the browser in circles')
}

async function leave({ app }: Harness, to = '/decisions/dec-1') {
  const answer = await app.inject(`/v1/session/oidc?to=${encodeURIComponent(to)}`)
  const [note = ''] = String(answer.headers['set-cookie']).split(';')
  return { url: String(answer.headers.location), note, header: String(answer.headers['set-cookie']) }
}

async function arrive({ app }: Harness, back: string, cookie: string) {
  const { pathname, search } = new URL(back)
  const answer = await app.inject({ url: pathname + search, headers: { cookie, 'sec-fetch-site': 'cross-site' } })
  const set = [answer.headers['set-cookie'] ?? []].flat()
  const session = set.find((line) => line.startsWith('failwise_session=')) ?? null
  const farewell = set.find((line) => line.startsWith('failwise_farewell=')) ?? ''
  const cookies = [session, farewell].map((line) => line?.split(';')[0] ?? '').join('; ')
  return { location: String(answer.headers.location), session, cookie: session?.split(';')[0] ?? '', cookies, farewell }
}

async function signedIn(harness: Harness, browser = new Browser()) {
  const { url, note } = await leave(harness)
  return arrive(harness, await throughProvider(url, browser), note)
}

async function signOut({ app }: Harness, cookie: string) {
  const answer = await app.inject({ method: 'DELETE', url: '/v1/session', headers: { ...OWN_PAGE, cookie } })
  const { leaveTo } = answer.json() as { leaveTo: string | null }
  return { leaveTo, set: [answer.headers['set-cookie'] ?? []].flat() }
}

const whoIs = async ({ app }: Harness, cookie: string) =>
  (await app.inject({ url: '/v1/session', headers: { cookie } })).json() as Record<string, unknown>

describe('sign-in through a provider', () => {
  it('leads back to the screen that was asked for, as the person of the list', async () => {
    subject.sub = 'sub-ada'
    const harness = await agent()
    const { location, session, cookie } = await signedIn(harness)
    expect(location).toBe('/decisions/dec-1')
    for (const attribute of ['HttpOnly', 'SameSite=Strict', 'Path=/']) expect(session).toContain(attribute)
    expect(await whoIs(harness, cookie)).toMatchObject({ name: 'ada', scopes: ['read', 'respond', 'approve'] })
    const csrf = String((await whoIs(harness, cookie)).csrf)
    const request = { method: 'POST', url: '/v1/approvals/apr-1/answer' } as const
    const payload = { answer: 'refuse', reason: 'no', seen: { factsHash: 'f', planHash: null } }
    const headers = { ...OWN_PAGE, cookie, 'x-failwise-csrf': csrf }
    expect((await harness.app.inject({ ...request, headers, payload })).statusCode).toBe(200)
    expect(harness.acts.at(-1)?.caller.person?.name).toBe('ada')
  })

  it('asks with PKCE, state and nonce, and keeps what it remembers from scripts', async () => {
    const { url, header } = await leave(await agent())
    const asked = new URL(url).searchParams
    expect(asked.get('code_challenge_method')).toBe('S256')
    for (const name of ['code_challenge', 'state', 'nonce']) expect(asked.get(name)?.length).toBeGreaterThan(40)
    for (const attribute of ['HttpOnly', 'SameSite=Lax', 'Path=/v1/session']) expect(header).toContain(attribute)
  })

  it('works for a client without a secret', async () => {
    subject.sub = 'sub-ada'
    const harness = await agent({ clientId: 'public', clientSecret: undefined })
    expect(await whoIs(harness, (await signedIn(harness)).cookie)).toMatchObject({ name: 'ada' })
  })

  it('gives somebody who is not in the list the role of their groups, under a name that is nobody’s', async () => {
    subject.sub = 'ada'
    subject.claims = { groups: ['staff', 'sre'] }
    const harness = await agent({ roles: { staff: 'viewer', sre: 'responder' } })
    expect(await whoIs(harness, (await signedIn(harness)).cookie)).toMatchObject({
      name: 'oidc:ada',
      scopes: ['read', 'respond'],
    })
  })

  it('refuses somebody without a role, and an address that the provider did not verify', async () => {
    subject.sub = 'sub-mallory'
    subject.claims = { groups: ['guests'], email: 'ada@example.org', email_verified: false }
    const stranger = await signedIn(await agent())
    expect(stranger.session).toBeNull()
    expect(decodeURIComponent(stranger.location)).toContain('has no role here')
    const unverified = await signedIn(await agent({ identityClaim: 'email' }))
    expect(unverified.session).toBeNull()
    expect(decodeURIComponent(unverified.location)).toContain('not verified')
  })

  it('refuses a code that is used again, another browser’s answer, and a made-up one', async () => {
    subject.sub = 'sub-ada'
    const harness = await agent()
    const { url, note } = await leave(harness)
    const back = await throughProvider(url)
    const other = await leave(harness)
    expect((await arrive(harness, back, other.note)).session).toBeNull()
    expect((await arrive(harness, back, '')).session).toBeNull()
    expect((await arrive(harness, back, `${note}x`)).session).toBeNull()
    expect(
      (await arrive(harness, back.replace(/iss=[^&]*/, 'iss=https%3A%2F%2Fattacker.example'), note)).session,
    ).toBeNull()
    expect((await arrive(harness, back, note)).session).not.toBeNull()
    expect((await arrive(harness, back, note)).session).toBeNull()
    harness.clock.nowMs += 601_000
    expect((await arrive(harness, back, note)).session).toBeNull()
  })

  it('never leads to another site, however its address is spelt', async () => {
    const harness = await agent()
    for (const to of ['//attacker.example', 'https://attacker.example', '/\\attacker.example', '\\/a', '/a b']) {
      const { note } = await leave(harness, to)
      const [, encoded = ''] = note.split('=')
      const kept = JSON.parse(Buffer.from(encoded.split('.')[0] ?? '', 'base64url').toString()) as { to: string }
      expect(kept.to).toBe('/')
    }
  })

  it('ends the sessions that it began when the list or the provider changes', async () => {
    subject.sub = 'sub-ada'
    const harness = await agent()
    const { cookie } = await signedIn(harness)
    expect(await whoIs(harness, cookie)).toMatchObject({ name: 'ada' })
    expect((await harness.app.inject({ url: '/v1/status', headers: bearer('oidc-guess-0123456789') })).statusCode).toBe(
      401,
    )
    const [, value = ''] = cookie.split('=')
    const [, expires = '', mac = ''] = value.split('.')
    const forged = Buffer.from(JSON.stringify(['sub-ada', 'admin'])).toString('base64url')
    expect(await whoIs(harness, `failwise_session=${forged}.${expires}.${mac}`)).toMatchObject({ name: null })
  })

  it('says what is wrong when the provider is away', async () => {
    const harness = await agent({ issuer: 'http://127.0.0.1:9' })
    const answer = await harness.app.inject('/v1/session/oidc')
    expect(answer.statusCode).toBe(502)
  })
})

describe('sign-out', () => {
  const ended = ['failwise_session=; Max-Age=0', 'failwise_farewell=; Max-Age=0']

  it('ends the session here and at the provider, which asks again who it is', async () => {
    subject.sub = 'sub-ada'
    const harness = await agent()
    const browser = new Browser()
    const { cookies, farewell } = await signedIn(harness, browser)
    for (const attribute of ['HttpOnly', 'SameSite=Lax', 'Path=/v1/session']) expect(farewell).toContain(attribute)
    const before = logins
    await signedIn(harness, browser)
    expect(logins).toBe(before)

    const { leaveTo, set } = await signOut(harness, cookies)
    for (const start of ended) expect(set.some((line) => line.startsWith(start))).toBe(true)
    expect(new URL(leaveTo ?? '').searchParams.get('post_logout_redirect_uri')).toBe(HOME)
    const question = await (await browser.ask(leaveTo ?? '')).text()
    const [, confirm = ''] = /action="([^"]+)"/.exec(question) ?? []
    const [, xsrf = ''] = /name="xsrf" value="([^"]+)"/.exec(question) ?? []
    const answer = await browser.ask(confirm, new URLSearchParams({ xsrf, logout: 'yes' }))
    expect(answer.headers.get('location')).toBe(HOME)
    await signedIn(harness, browser)
    expect(logins).toBe(before + 1)
  })

  it('ends the session here when the provider is away, or is not to be told', async () => {
    subject.sub = 'sub-ada'
    const quiet = await agent({ endProviderSession: false })
    const away = await agent()
    const asked = await Promise.all([signedIn(quiet), signedIn(away)])
    // What was known of the provider is too old by then.
    away.clock.nowMs += 2 * 3_600_000
    expect((await signOut(away, asked[1].cookies)).leaveTo).toContain('end')
    away.clock.nowMs += 2 * 3_600_000
    away.provider.isAway = true
    for (const [harness, { cookies }] of [
      [quiet, asked[0]],
      [away, asked[1]],
    ] as const) {
      const { leaveTo, set } = await signOut(harness, cookies)
      expect(leaveTo).toBeNull()
      for (const start of ended) expect(set.some((line) => line.startsWith(start))).toBe(true)
    }
  })

  it('does not send somebody to the provider who came in with a token', async () => {
    const harness = await agent()
    expect((await signOut(harness, 'failwise_farewell=made.up.here')).leaveTo).toBeNull()
    expect((await signOut(harness, '')).leaveTo).toBeNull()
  })
})
