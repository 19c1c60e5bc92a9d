import { createHmac, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { Fault } from '../lib/errors.ts'

const COOKIE = 'failwise_session'
const CSRF_HEADER = 'x-failwise-csrf'
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/** An account as far as sessions care. */
export interface SessionOwner {
  readonly subject: string
  readonly digest: Buffer
}

/** Sessions without a store: a cookie that only this key and the owner's own digest could have made. */
export interface Sessions {
  /** The value of the Set-Cookie header that begins a session. */
  begin(owner: SessionOwner, nowMs: number): string
  readonly end: string
  /** Whose session the request's cookie is; null without one, or when it is not ours, too old, or of somebody who may no longer come in. */
  read<T extends SessionOwner>(
    request: FastifyRequest,
    ownersOf: (subject: string) => readonly T[],
    nowMs: number,
  ): T | null
  /** What a page must send back with everything that changes something. */
  csrfOf(request: FastifyRequest): string
  /** Throws `forbidden` when a request that changes something was not sent by our own page. */
  assertOwnPage(request: FastifyRequest): void
  /** A short-lived note in the browser that only we can have written. */
  readonly notes: Notes
}

/** Notes by name, for the way to a sign-in provider and back. */
export interface Notes {
  /** The Set-Cookie header; null deletes the note. */
  leave(name: string, text: string | null, seconds: number, nowMs: number): string
  /** Null when there is none, or when it is not ours or too old. */
  find(name: string, request: FastifyRequest, nowMs: number): string | null
}

export interface SessionOptions {
  readonly key: string
  readonly hours: number
  /** Whether browsers reach the server through TLS, and the cookie may be kept to that. */
  readonly isSecure: boolean
}

/** Sessions under one key. Replacing a person's token ends all sessions that it began. */
export function sessionsUnder({ key, hours, isSecure }: SessionOptions): Sessions {
  const secure = isSecure ? '; Secure' : ''
  const attributes = `Path=/; HttpOnly; SameSite=Strict${secure}`
  const mac = (...parts: readonly string[]) =>
    createHmac('sha256', key).update(JSON.stringify(parts)).digest('base64url')
  const macOf = (subject: string, expires: string, digest: Buffer) =>
    mac('session', subject, expires, digest.toString('hex'))

  function csrfOf(request: FastifyRequest): string {
    return mac('csrf', cookieOf(request, COOKIE) ?? '')
  }

  return {
    begin: ({ subject, digest }, nowMs) => {
      const seconds = Math.round(hours * 3600)
      const expires = String(nowMs + seconds * 1000)
      const value = [Buffer.from(subject).toString('base64url'), expires, macOf(subject, expires, digest)].join('.')
      return `${COOKIE}=${value}; Max-Age=${seconds}; ${attributes}`
    },
    end: `${COOKIE}=; Max-Age=0; ${attributes}`,
    read: (request, ownersOf, nowMs) => {
      const [encoded = '', expires = '', given = ''] = (cookieOf(request, COOKIE) ?? '').split('.')
      const subject = Buffer.from(encoded, 'base64url').toString('utf8')
      const owner = knownOwners(subject, ownersOf).find((one) => isSame(given, macOf(subject, expires, one.digest)))
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
    notes: {
      leave: (name, text, seconds, nowMs) => {
        // Lax, since the browser comes back from another site.
        const kept = `Path=/v1/session; HttpOnly; SameSite=Lax${secure}`
        if (text === null) return `${name}=; Max-Age=0; ${kept}`
        const expires = String(nowMs + seconds * 1000)
        const value = [Buffer.from(text).toString('base64url'), expires, mac('note', name, text, expires)].join('.')
        return `${name}=${value}; Max-Age=${seconds}; ${kept}`
      },
      find: (name, request, nowMs) => {
        const [encoded = '', expires = '', given = ''] = (cookieOf(request, name) ?? '').split('.')
        const text = Buffer.from(encoded, 'base64url').toString('utf8')
        return isSame(given, mac('note', name, text, expires)) && Number(expires) > nowMs ? text : null
      },
    },
  }
}

/** A cookie is any text at all until its proof was checked. */
function knownOwners<T>(subject: string, ownersOf: (subject: string) => readonly T[]): readonly T[] {
  try {
    return ownersOf(subject)
  } catch {
    return []
  }
}

/** Whether a browser says that another site's page sent it. */
export function isFromElsewhere({ headers }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true
  const { origin, host } = headers
  return origin !== undefined && !(URL.canParse(origin) && new URL(origin).host === host)
}

function cookieOf({ headers }: FastifyRequest, wanted: string): string | null {
  for (const pair of (headers.cookie ?? '').split(';')) {
    const [name, value] = pair.trim().split('=', 2)
    if (name === wanted && value) return value
  }
  return null
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
