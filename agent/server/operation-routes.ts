import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { instantOf } from '../domain/time.ts'
import { cleanText, OptionalInstant } from '../ingest/payload.ts'
import { type Access, callerOf, needs } from './auth.ts'
import type { ServerDeps } from './deps.ts'
import { ErrorBody } from './errors.ts'

const ChangeBody = z.object({
  at: OptionalInstant.meta({ description: 'when it took effect; now when absent' }),
  kind: z
    .string()
    .min(1)
    .max(60)
    .meta({ examples: ['deploy', 'config', 'flag', 'dns', 'schema'] }),
  service: z.string().min(1).max(300),
  ref: z.string().max(300).default(''),
  summary: z.string().max(2000).default(''),
  rolloutPercent: z.number().min(0).max(100).nullish(),
})

const FreezeBody = z.object({
  service: z.string().min(1).max(300).nullish().meta({ description: 'everything when absent' }),
  reason: z.string().trim().min(1).max(2000),
})

/** What people and pipelines do: announce a change, freeze, unfreeze. */
export function operationRoutes(app: FastifyInstance, deps: ServerDeps, access: Access): void {
  const typed = app.withTypeProvider<ZodTypeProvider>()
  const errors = { 400: ErrorBody, 401: ErrorBody, 403: ErrorBody, 503: ErrorBody }

  typed.post(
    '/v1/changes',
    {
      onRequest: needs(access, 'ingest'),
      schema: {
        tags: ['ingest'],
        summary: 'Something was changed: a deploy, a flag, a record',
        body: ChangeBody,
        response: { 202: z.object({ id: z.string() }), ...errors },
      },
    },
    async (request, reply) => {
      const { at, kind, service, ref, summary, rolloutPercent } = request.body
      const change = {
        at: at ?? instantOf(deps.clock.now()),
        kind: cleanText(kind),
        service: cleanText(service),
        ref: cleanText(ref),
        summary: cleanText(summary),
        rolloutPercent: rolloutPercent ?? null,
      }
      const { id } = await deps.addChange(change, callerOf(request))
      reply.code(202)
      return { id }
    },
  )

  typed.post(
    '/v1/freezes',
    {
      onRequest: needs(access, 'admin'),
      schema: {
        tags: ['operation'],
        summary: 'The kill switch: nothing is carried out until it is lifted',
        body: FreezeBody,
        response: { 201: z.object({ frozen: z.string() }), ...errors },
      },
    },
    async (request, reply) => {
      const service = request.body.service ?? null
      await deps.freeze(service, cleanText(request.body.reason), callerOf(request))
      reply.code(201)
      return { frozen: service ?? 'everything' }
    },
  )

  typed.delete(
    '/v1/freezes',
    {
      onRequest: needs(access, 'admin'),
      schema: {
        tags: ['operation'],
        summary: 'Lifts a freeze',
        body: FreezeBody,
        response: { 200: z.object({ unfrozen: z.string() }), ...errors },
      },
    },
    async (request) => {
      const service = request.body.service ?? null
      await deps.unfreeze(service, cleanText(request.body.reason), callerOf(request))
      return { unfrozen: service ?? 'everything' }
    },
  )
}
