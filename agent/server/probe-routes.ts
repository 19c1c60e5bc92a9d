import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { type Access, needs } from './auth.ts'
import type { ServerDeps } from './deps.ts'
import { contentOf } from './record-bodies.ts'

const Ready = z.object({ status: z.string(), checks: z.record(z.string(), z.string()) })

/** What orchestrators and Prometheus ask. */
export function probeRoutes(app: FastifyInstance, deps: ServerDeps, access: Access): void {
  // Says only that the process answers: an agent that is restarted because its database is away helps nobody.
  app.get(
    '/healthz',
    {
      schema: { tags: ['probes'], summary: 'The process answers', response: { 200: z.object({ status: z.string() }) } },
    },
    async () => ({ status: 'ok' }),
  )

  app.get(
    '/readyz',
    { schema: { tags: ['probes'], summary: 'Alerts can be stored', response: { 200: Ready, 503: Ready } } },
    async (_request, reply) => {
      const { isReady, checks } = await deps.readiness()
      if (!isReady) reply.code(503).header('retry-after', '5')
      return { status: isReady ? 'ready' : 'not ready', checks }
    },
  )

  app.get(
    '/metrics',
    {
      onRequest: needs(access, 'read'),
      schema: {
        tags: ['probes'],
        summary: 'Metrics in the Prometheus text format',
        response: { 200: contentOf('metrics', 'text/plain') },
      },
    },
    async (_request, reply) => {
      reply.type(deps.registry.contentType)
      return deps.registry.metrics()
    },
  )
}
