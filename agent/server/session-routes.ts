import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { Scope } from '../domain/role.ts'
import { Fault } from '../lib/errors.ts'
import type { Access } from './auth.ts'
import type { ServerDeps } from './deps.ts'
import { ErrorBody } from './errors.ts'
import { Departure, type Oidc } from './oidc.ts'
import { isFromElsewhere } from './sessions.ts'

const SignIn = z.object({ token: z.string().min(1).max(500) })
/** A screen of ours: never another site, however it is spelt. */
const OwnPath = z
  .string()
  .max(2000)
  .regex(/^\/(?![/\\])[^\\\s]*$/)
const Leave = z.object({ to: OwnPath.default('/').catch('/') })

const SESSION = { tags: ['session'] }
const SessionBody = z.object({
  name: z.string().nullable().meta({ description: 'null for somebody who has to sign in' }),
  scopes: z.array(Scope).readonly(),
  isSignInNeeded: z.boolean(),
  csrf: z.string().nullable().meta({ description: 'to be sent back with changes as x-failwise-csrf' }),
  provider: z.string().nullable().meta({ description: 'what the button for the sign-in provider says' }),
})
const SignedIn = z.object({ isSignedIn: z.boolean() })
const SignedOut = z.object({
  isSignedIn: z.boolean(),
  leaveTo: z.string().nullable().meta({ description: 'where the session at the sign-in provider ends' }),
})
const errors = { 400: ErrorBody, 401: ErrorBody, 403: ErrorBody, 429: ErrorBody }

const NOTE = 'failwise_departure'
const FAREWELL = 'failwise_farewell'
const ID_TOKEN_LIMIT = 2700
/** Long enough for a second factor. */
const AWAY_SECONDS = 600

/** Signing in and out of the console. Programs send their token with each request and need none of it. */
export function sessionRoutes(
  app: FastifyInstance,
  deps: ServerDeps,
  access: Access,
  oidc: Oidc | null,
  sessionHours: number,
): void {
  const sessionSeconds = Math.round(sessionHours * 3600)
  const typed = app.withTypeProvider<ZodTypeProvider>()
  const { notes } = access
  typed.get(
    '/v1/session',
    { schema: { ...SESSION, summary: 'Who the console speaks for', response: { 200: SessionBody } } },
    async (request) => access.session(request),
  )

  const signIn = {
    ...SESSION,
    summary: 'Signs a person in by token',
    body: SignIn,
    response: { 200: SignedIn, ...errors },
  }
  typed.post('/v1/session', { schema: signIn }, async (request, reply) => {
    // Otherwise another site could sign a reader in as somebody else and watch what is done under that name.
    if (isFromElsewhere(request)) throw new Fault('forbidden', 'signing in must come from the console itself')
    reply.header('set-cookie', access.signIn(request, request.body.token))
    return { isSignedIn: true }
  })

  const untold = (requestId: string) => (error: unknown) => {
    deps.log.warn({ requestId, err: error }, 'the sign-in provider could not be asked where its session ends')
    return null
  }

  typed.delete(
    '/v1/session',
    { schema: { ...SESSION, summary: 'Signs out', response: { 200: SignedOut } } },
    async (request, reply) => {
      const idToken = notes.find(FAREWELL, request, deps.clock.now())
      reply.header('set-cookie', [access.signOut, notes.leave(FAREWELL, null, 0, deps.clock.now())])
      // The session here has ended by then, whatever becomes of the one at the provider.
      const leaveTo = idToken === null || oidc === null ? null : await oidc.farewell(idToken).catch(untold(request.id))
      return { isSignedIn: false, leaveTo }
    },
  )

  if (oidc === null) return

  typed.get('/v1/session/oidc', { schema: { hide: true, querystring: Leave } }, async (request, reply) => {
    const { url, departure } = await oidc.leave(request.query.to)
    reply.header('set-cookie', notes.leave(NOTE, JSON.stringify(departure), AWAY_SECONDS, deps.clock.now()))
    return reply.redirect(url, 302)
  })

  app.get('/v1/session/oidc/callback', { schema: { hide: true } }, async (request, reply) => {
    const departure = departureOf(notes.find(NOTE, request, deps.clock.now()))
    const forgotten = notes.leave(NOTE, null, 0, deps.clock.now())
    reply.header('set-cookie', forgotten)
    try {
      if (departure === null)
        throw new Fault('forbidden', 'this sign-in was not begun in this browser, or took too long', {
          hint: 'begin again at the console',
        })
      const { proven, idToken } = await oidc.arrive(queryOf(request), departure)
      const now = deps.clock.now()
      // A browser keeps no larger cookies; without this one, signing out ends the session here only.
      const isKept = idToken !== null && idToken.length <= ID_TOKEN_LIMIT
      const farewell = notes.leave(FAREWELL, isKept ? idToken : null, isKept ? sessionSeconds : 0, now)
      reply.header('set-cookie', [forgotten, access.signInProven(request, proven), farewell])
      return reply.redirect(departure.to, 302)
    } catch (error) {
      // A person stands before this address, not a program: the reason is for the sign-in screen, the details for the log.
      deps.log.warn({ requestId: request.id, err: error }, 'sign-in through the provider failed')
      const words = error instanceof Fault ? error.message : 'the sign-in did not work'
      return reply.redirect(`/?sign-in=${encodeURIComponent(words)}`, 302)
    }
  })
}

function departureOf(note: string | null): Departure | null {
  return note === null ? null : Departure.parse(JSON.parse(note))
}

function queryOf({ url }: FastifyRequest): string {
  return url.includes('?') ? url.slice(url.indexOf('?') + 1) : ''
}
