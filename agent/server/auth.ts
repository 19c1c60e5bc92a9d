import type { FastifyRequest } from 'fastify'
import type { Person } from '../approval/people.ts'
import { isLoopback, isOpenToThisMachine, type ServerOptions } from '../config/server-options.ts'
import { ROLE_SCOPES, type Scope } from '../domain/role.ts'
import { Fault } from '../lib/errors.ts'
import { type Account, type Admitted, accountsOf, changingAccounts, type ProvenIdentity } from './accounts.ts'
import { authFailures } from './auth-failures.ts'
import type { Caller } from './deps.ts'
import type { Notes, Sessions } from './sessions.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who sent it, once that is known. */
    principal: string | null
    /** The person who sent it; null for programs, and where nobody signs in. */
    person: Person | null
  }
}

/** Who a request comes from. */
export interface Identity {
  readonly name: string
  readonly person: Person | null
}

/** Decides who a request comes from. */
export interface Access {
  /** Who calls; throws `unauthenticated`, `forbidden` or `rate_limited`. */
  authorize(request: FastifyRequest, scope: Scope): Identity
  /** Turns a refused signature into the same answers and counts. */
  refuse(request: FastifyRequest, fault: Fault): never
  /** Who the console speaks for, and what it must send back with changes. */
  session(request: FastifyRequest): SessionView
  /** The Set-Cookie header for the owner of a token; throws like `authorize`. */
  signIn(request: FastifyRequest, token: string): string
  /** The Set-Cookie header for somebody whom a provider vouched for; throws like `authorize`. */
  signInProven(request: FastifyRequest, proven: ProvenIdentity): string
  readonly signOut: string
  readonly notes: Notes
}

export interface SessionView {
  /** Null for somebody who has to sign in. */
  readonly name: string | null
  readonly scopes: readonly Scope[]
  readonly isSignInNeeded: boolean
  readonly csrf: string | null
  /** What the button for the sign-in provider says; null without one. */
  readonly provider: string | null
}

/** What every route with a scope begins with: it lets the caller in, or not, and remembers who it is. */
export function needs(access: Access, scope: Scope): (request: FastifyRequest) => Promise<void> {
  return async (request) => {
    const { name, person } = access.authorize(request, scope)
    request.principal = name
    request.person = person
  }
}

/** Who asks, for acts that go on the record. */
export function callerOf(request: FastifyRequest): Caller {
  return { principal: request.principal ?? 'unknown', requestId: request.id, person: request.person }
}

/** Access by bearer token, basic authentication (name and token) or a signed-in session; without tokens and people, by being on this machine. */
export function accessFor(
  options: ServerOptions,
  people: readonly Person[],
  now: () => number,
  sessions: Sessions,
  credentials?: () => Admitted,
): Access {
  const accounts = credentials ? changingAccounts(options, credentials) : accountsOf(options, people)
  const isOpen = isOpenToThisMachine(options, people)
  const failures = authFailures(options.authFailuresPerMinute)
  const provider = options.oidc?.label ?? null

  function refuse(request: FastifyRequest, fault: Fault): never {
    const waitMs = failures.record(request.ip, now())
    if (waitMs === null) throw fault
    throw new Fault('rate_limited', 'too many requests with wrong credentials from this address', {
      retryAfterMs: waitMs,
    })
  }

  const signedIn = (request: FastifyRequest) => sessions.read(request, accounts.bySubject, now())

  function authorize(request: FastifyRequest, scope: Scope): Identity {
    if (isOpen) return { name: authorizeLocal(request), person: null }
    const given = credentialsOf(request.headers.authorization)
    const known = given ? accounts.byToken(given.secret, given.name) : signedIn(request)
    if (!known && given) return refuse(request, new Fault('unauthenticated', 'the credentials are wrong'))
    if (!known)
      return refuse(
        request,
        new Fault('unauthenticated', 'credentials are missing', {
          hint: 'send "Authorization: Bearer <token>", or basic authentication with the token as password',
        }),
      )
    if (!given) sessions.assertOwnPage(request)
    if (!known.scopes.includes(scope))
      throw new Fault('forbidden', `"${known.name}" may not do this: it lacks the scope "${scope}"`, {
        hint: `its scopes are ${known.scopes.join(', ')}; use another token or add the scope`,
      })
    return known
  }

  function session(request: FastifyRequest): SessionView {
    if (isOpen)
      return { name: authorizeLocal(request), scopes: ROLE_SCOPES.admin, isSignInNeeded: false, csrf: null, provider }
    const known = signedIn(request)
    if (!known) return { name: null, scopes: [], isSignInNeeded: true, csrf: null, provider }
    return {
      ...{ name: known.name, scopes: known.scopes, isSignInNeeded: false, provider },
      csrf: sessions.csrfOf(request),
    }
  }

  function begin(account: Account): string {
    if (!account.scopes.includes('read'))
      throw new Fault('forbidden', `"${account.name}" may send alerts but not read: the console would show it nothing`)
    return sessions.begin(account, now())
  }

  return {
    ...{ authorize, refuse, session, signOut: sessions.end, notes: sessions.notes },
    signIn: (request, secret) => {
      const known = accounts.byToken(secret, null)
      if (!known) return refuse(request, new Fault('unauthenticated', 'no person and no token is known by this'))
      return begin(known)
    },
    signInProven: (request, proven) => {
      const known = accounts.byIdentity(proven)
      if (known) return begin(known)
      const { identity } = proven
      return refuse(
        request,
        new Fault('forbidden', `the provider says that you are "${identity}", who has no role here`, {
          hint: 'whoever runs the agent adds you to people in failwise.yaml, or one of your groups to server.oidc.roles',
        }),
      )
    },
  }
}

/**
 * Loopback alone is not enough: a web page open in a browser on this machine can send requests here too. Such requests carry a foreign
 * Origin or, with a rebound name, a foreign Host.
 */
function authorizeLocal(request: FastifyRequest): string {
  const { origin, host } = request.headers
  const isForeignPage = origin !== undefined && !(URL.canParse(origin) && isLoopback(new URL(origin).hostname))
  const isForeignName = host !== undefined && !isLoopback(hostOnly(host))
  if (!isLoopback(request.ip) || isForeignPage || isForeignName || request.headers['sec-fetch-site'] === 'cross-site')
    throw new Fault('forbidden', 'without configured tokens only requests from this machine are accepted', {
      hint: 'configure access tokens to serve others',
    })
  return 'local'
}

function hostOnly(host: string): string {
  return URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : ''
}

interface Credentials {
  readonly name: string | null
  readonly secret: string
}

function credentialsOf(header: string | undefined): Credentials | null {
  const [, scheme, value] = /^([A-Za-z]+) +(\S+) *$/.exec(header ?? '') ?? []
  if (value === undefined) return null
  if (scheme?.toLowerCase() === 'bearer') return { name: null, secret: value }
  if (scheme?.toLowerCase() !== 'basic') return null
  const text = Buffer.from(value, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? null : { name: text.slice(0, colon), secret: text.slice(colon + 1) }
}
