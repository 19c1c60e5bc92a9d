import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { type AccessToken, isLoopback, type Scope, type ServerOptions } from '../config/server-options.ts'
import { Fault } from '../lib/errors.ts'
import { authFailures } from './auth-failures.ts'

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
}

interface KnownToken extends AccessToken {
  readonly digest: Buffer
}

/** Access by bearer token or basic authentication (name and token); without tokens, by being on this machine. */
export function tokenAccess(options: ServerOptions, now: () => number): Access {
  const tokens: KnownToken[] = options.tokens.map((token) => ({ ...token, digest: digestOf(token.token) }))
  const failures = authFailures(options.authFailuresPerMinute)

  function refuse(request: FastifyRequest, fault: Fault): never {
    const waitMs = failures.record(request.ip, now())
    if (waitMs === null) throw fault
    throw new Fault('rate_limited', 'too many requests with wrong credentials from this address', {
      retryAfterMs: waitMs,
    })
  }

  function authorize(request: FastifyRequest, scope: Scope): string {
    if (tokens.length === 0) return authorizeLocal(request)
    const given = credentialsOf(request.headers.authorization)
    if (!given)
      return refuse(
        request,
        new Fault('unauthenticated', 'credentials are missing', {
          hint: 'send "Authorization: Bearer <token>", or basic authentication with the token as password',
        }),
      )
    const digest = digestOf(given.secret)
    let known: KnownToken | undefined
    // Every token is compared, so that the time tells nothing about which one was close.
    for (const token of tokens)
      if (timingSafeEqual(token.digest, digest) && (given.name === null || given.name === token.name)) known = token
    if (!known) return refuse(request, new Fault('unauthenticated', 'the credentials are wrong'))
    if (!known.scopes.includes(scope))
      throw new Fault('forbidden', `token "${known.name}" may not do this: it lacks the scope "${scope}"`, {
        hint: `its scopes are ${known.scopes.join(', ')}; use another token or add the scope`,
      })
    return known.name
  }

  return { authorize, refuse }
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
