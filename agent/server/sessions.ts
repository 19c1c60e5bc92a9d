import { createHmac, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { Fault } from '../lib/errors.ts'

const COOKIE = 'failwise_session'
const CSRF_HEADER = 'x-failwise-csrf'
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/** A token as far as sessions care. */
export interface TokenOwner {
  readonly name: string
  readonly digest: Buffer
}

/** Sessions without a store: a cookie that only this key and the person's own token could have made. */
export interface Sessions {
  /** The value of the Set-Cookie header that begins a session. */
  begin(owner: TokenOwner, nowMs: number): string
  readonly end: string
  /** Whose token began the session of the request's cookie; null without one, or when it is not ours, too old, or of a token that was replaced. */
  read<T extends TokenOwner>(request: FastifyRequest, owners: readonly T[], nowMs: number): T | null
  /** What a page must send back with everything that changes something. */
  csrfOf(request: FastifyRequest): string
  /** Throws `forbidden` when a request that changes something was not sent by our own page. */
  assertOwnPage(request: FastifyRequest): void
}

export interface SessionOptions {
  readonly key: string
  readonly hours: number
  /** Whether browsers reach the server through TLS, and the cookie may be kept to that. */
  readonly isSecure: boolean
}

/** Sessions under one key. Replacing a person's token ends all sessions that it began. */
export function sessionsUnder({ key, hours, isSecure }: SessionOptions): Sessions {
  const attributes = `Path=/; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`
  const mac = (...parts: readonly string[]) =>
    createHmac('sha256', key).update(JSON.stringify(parts)).digest('base64url')
  const macOf = (name: string, expires: string, digest: Buffer) => mac('session', name, expires, digest.toString('hex'))

  function csrfOf(request: FastifyRequest): string {
    return mac('csrf', cookieOf(request) ?? '')
  }

  return {
    begin: ({ name, digest }, nowMs) => {
      const seconds = Math.round(hours * 3600)
      const expires = String(nowMs + seconds * 1000)
      const value = [Buffer.from(name).toString('base64url'), expires, macOf(name, expires, digest)].join('.')
      return `${COOKIE}=${value}; Max-Age=${seconds}; ${attributes}`
    },
    end: `${COOKIE}=; Max-Age=0; ${attributes}`,
    read: (request, owners, nowMs) => {
      const [encoded = '', expires = '', given = ''] = (cookieOf(request) ?? '').split('.')
      const name = Buffer.from(encoded, 'base64url').toString('utf8')
      // While a token is being replaced, two of them may bear one name.
      const owner = owners.find((one) => one.name === name && isSame(given, macOf(name, expires, one.digest)))
      return owner !== undefined && Number(expires) > nowMs ? owner : null
    },
    csrfOf,
    assertOwnPage: (request) => {
      if (SAFE_METHODS.has(request.method)) return
      const given = request.headers[CSRF_HEADER]
      if (typeof given === 'string' && isSame(given, csrfOf(request)) && !isFromElsewhere(request)) return
      throw new Fault('forbidden', 'this request was not sent by the console', {
        hint: 'reload the page and try again',
      })
    },
  }
}

/** Whether a browser says that another site's page sent it. */
export function isFromElsewhere({ headers }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true
  const { origin, host } = headers
  return origin !== undefined && !(URL.canParse(origin) && new URL(origin).host === host)
}

function cookieOf({ headers }: FastifyRequest): string | null {
  for (const pair of (headers.cookie ?? '').split(';')) {
    const [name, value] = pair.trim().split('=', 2)
    if (name === COOKIE && value) return value
  }
  return null
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
