import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { Fault } from '../lib/errors.ts'
import type { Access } from './auth.ts'
import { isFromElsewhere } from './sessions.ts'

const SignIn = z.object({ token: z.string().min(1).max(500) })

/** Signing in and out of the console. Programs send their token with each request and need none of it. */
export function sessionRoutes(app: FastifyInstance, access: Access): void {
  const typed = app.withTypeProvider<ZodTypeProvider>()
  typed.get('/v1/session', { schema: { hide: true } }, async (request) => access.session(request))

  typed.post('/v1/session', { schema: { hide: true, body: SignIn } }, async (request, reply) => {
    // Otherwise another site could sign a reader in as somebody else and watch what is done under that name.
    if (isFromElsewhere(request)) throw new Fault('forbidden', 'signing in must come from the console itself')
    reply.header('set-cookie', access.signIn(request, request.body.token))
    return { isSignedIn: true }
  })

  typed.delete('/v1/session', { schema: { hide: true } }, async (_request, reply) => {
    reply.header('set-cookie', access.signOut)
    return { isSignedIn: false }
  })
}
