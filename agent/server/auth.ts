import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import {
  type AccessToken,
  isLoopback,
  isOpenToThisMachine,
  ROLE_SCOPES,
  type Scope,
  type ServerOptions,
} from '../config/server-options.ts'
import { Fault } from '../lib/errors.ts'
import { authFailures } from './auth-failures.ts'
import type { Sessions } from './sessions.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who sent it, once that is known. */
    principal: string | null
  }
}

/** Decides who a request comes from. */
export interface Access {
  /** The caller's name; throws `unauthenticated`, `forbidden` or `rate_limited`. */
  authorize(request: FastifyRequest, scope: Scope): string
  /** Turns a refused signature into the same answers and counts. */
  refuse(request: FastifyRequest, fault: Fault): never
  /** Who the console speaks for, and what it must send back with changes. */
  session(request: FastifyRequest): SessionView
  /** The Set-Cookie header for the owner of a token; throws like `authorize`. */
  signIn(request: FastifyRequest, token: string): string
  readonly signOut: string
}

export interface SessionView {
  /** Null for somebody who has to sign in. */
  readonly name: string | null
  readonly scopes: readonly Scope[]
  readonly isSignInNeeded: boolean
  readonly csrf: string | null
}

interface KnownToken extends AccessToken {
  readonly digest: Buffer
}

/** Access by bearer token, basic authentication (name and token) or a signed-in session; without tokens and people, by being on this machine. */
export function tokenAccess(options: ServerOptions, now: () => number, sessions: Sessions): Access {
  const people = options.people.map(({ name, role, token }) => ({ name, token, scopes: [...ROLE_SCOPES[role]] }))
  const tokens: KnownToken[] = [...options.tokens, ...people].map((one) => ({ ...one, digest: digestOf(one.token) }))
  const isOpen = isOpenToThisMachine(options)
  const failures = authFailures(options.authFailuresPerMinute)

  function refuse(request: FastifyRequest, fault: Fault): never {
    const waitMs = failures.record(request.ip, now())
    if (waitMs === null) throw fault
    throw new Fault('rate_limited', 'too many requests with wrong credentials from this address', {
      retryAfterMs: waitMs,
    })
  }

  /** Every token is compared, so that the time tells nothing about which one was close. */
  function ownerOf(secret: string, name: string | null): KnownToken | undefined {
    const digest = digestOf(secret)
    let known: KnownToken | undefined
    for (const token of tokens)
      if (timingSafeEqual(token.digest, digest) && (name === null || name === token.name)) known = token
    return known
  }

  function authorize(request: FastifyRequest, scope: Scope): string {
    if (isOpen) return authorizeLocal(request)
    const given = credentialsOf(request.headers.authorization)
    const known = given ? ownerOf(given.secret, given.name) : sessions.read(request, tokens, now())
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
    return known.name
  }

  function session(request: FastifyRequest): SessionView {
    if (isOpen) return { name: authorizeLocal(request), scopes: ROLE_SCOPES.admin, isSignInNeeded: false, csrf: null }
    const known = sessions.read(request, tokens, now())
    if (!known) return { name: null, scopes: [], isSignInNeeded: true, csrf: null }
    return { name: known.name, scopes: known.scopes, isSignInNeeded: false, csrf: sessions.csrfOf(request) }
  }

  function signIn(request: FastifyRequest, secret: string): string {
    const known = ownerOf(secret, null)
    if (!known) return refuse(request, new Fault('unauthenticated', 'no person and no token is known by this'))
    if (!known.scopes.includes('read'))
      throw new Fault('forbidden', `"${known.name}" may send alerts but not read: the console would show it nothing`)
    return sessions.begin(known, now())
  }

  return { authorize, refuse, session, signIn, signOut: sessions.end }
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

function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}
