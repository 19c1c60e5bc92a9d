import { isIP } from 'node:net'
import { z } from 'zod'
import type { Person } from '../approval/people.ts'
import { Scope } from '../domain/role.ts'
import { Fault } from '../lib/errors.ts'
import { OidcOptions } from './oidc-options.ts'
import { TlsOptions } from './tls-options.ts'

/** A program's way in. */
export const AccessToken = z.strictObject({
  name: z.string().min(1),
  /** Short tokens can be guessed; 16 random characters cannot. */
  token: z.string().min(16, 'a token needs at least 16 characters, for instance from `openssl rand -hex 24`'),
  scopes: z.array(Scope).min(1),
})
export type AccessToken = z.infer<typeof AccessToken>

export const ServerOptions = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1'),
    port: z.number().int().min(0).max(65_535).default(8080),
    /** Without it the server speaks HTTP and belongs behind something that terminates TLS. */
    tls: TlsOptions.optional(),
    /** None means: loopback only, and everybody on this machine may do everything. */
    tokens: z.array(AccessToken).default([]),
    /** Beside tokens of people's own: sign-in through your organisation. */
    oidc: OidcOptions.optional(),
    /** Asks for a sign-in even on this machine; without people or tokens a first token is made and shown at the start. */
    requireSignIn: z.boolean().default(false),
    sessionHours: z.number().positive().max(720).default(12),
    /** Signing secrets of PagerDuty webhook subscriptions; several while one is being replaced. */
    pagerDutySecrets: z.array(z.string().min(16)).default([]),
    /** Secrets for X-Failwise-Signature. */
    signingSecrets: z.array(z.string().min(16)).default([]),
    signatureWindowSeconds: z.number().int().positive().default(300),
    skewToleranceSeconds: z.number().int().positive().default(300),
    /** A storm of 10,000 alerts fits several times; what is larger is no webhook. */
    bodyLimitBytes: z
      .number()
      .int()
      .positive()
      .default(5 * 1024 * 1024),
    requestTimeoutMs: z.number().int().positive().default(30_000),
    maxConnections: z.number().int().positive().default(2048),
    /** Wrong credentials per address and minute before the answer is 429. */
    authFailuresPerMinute: z.number().int().positive().default(20),
  })
  .prefault({})
export type ServerOptions = z.infer<typeof ServerOptions>

/** Whether an address can only be reached from this machine. */
export function isLoopback(address: string): boolean {
  const bare = address.replace(/^\[(.*)\]$/, '$1').replace(/^::ffff:/i, '')
  if (bare === 'localhost' || bare === '::1') return true
  return isIP(bare) === 4 && bare.startsWith('127.')
}

/** People with a way to sign in. */
export function signInPeople(people: readonly Person[], { oidc }: ServerOptions): readonly Person[] {
  return people.filter(({ tokenHash, identity }) => tokenHash !== undefined || (oidc && identity !== undefined))
}

/** Whether everybody on this machine may do everything, because nobody was named. */
export function isOpenToThisMachine(options: ServerOptions, people: readonly Person[]): boolean {
  const { tokens, oidc, requireSignIn } = options
  return tokens.length === 0 && oidc === undefined && !requireSignIn && signInPeople(people, options).length === 0
}

/** Throws `config_invalid` when the server would be open to the network without any credentials. */
export function assertSafeToBind(options: ServerOptions, people: readonly Person[]): void {
  if (!isOpenToThisMachine(options, people) || isLoopback(options.host)) return
  throw new Fault(
    'config_invalid',
    `server.host is ${JSON.stringify(options.host)} but no access tokens are configured`,
    { hint: 'configure at least one token or person, set server.requireSignIn, or bind 127.0.0.1' },
  )
}
