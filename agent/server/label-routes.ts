import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { Label } from '../app/labels.ts'
import { Fault } from '../lib/errors.ts'
import { type Access, callerOf, needs } from './auth.ts'
import type { ServerDeps } from './deps.ts'
import { asStored, described } from './described.ts'
import { CaseBody, LabelBody } from './record-bodies.ts'

const IdParams = z.object({ id: z.string().min(1).max(200) })

/** What people say about decisions afterwards, and the evaluation cases that come of it. */
export function labelRoutes(app: FastifyInstance, deps: ServerDeps, access: Access): void {
  const typed = app.withTypeProvider<ZodTypeProvider>()
  typed.post(
    '/v1/decisions/:id/labels',
    {
      onRequest: needs(access, 'respond'),
      ...asStored,
      schema: {
        ...described(LabelBody, 201),
        tags: ['record'],
        summary: 'Right, or what would have been right, and why; on the record',
        params: IdParams,
        body: Label,
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const given = await deps.label(id, request.body, callerOf(request))
      if (given === null) throw new Fault('not_found', `there is no decision ${JSON.stringify(id)}`)
      reply.code(201)
      return given
    },
  )

  typed.get(
    '/v1/decisions/:id/case',
    {
      onRequest: needs(access, 'read'),
      ...asStored,
      schema: {
        ...described(CaseBody),
        tags: ['record'],
        summary: 'A labelled decision as an evaluation case, a file for evals/incidents',
        params: IdParams,
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const captured = await deps.evaluationCase(id)
      if (captured === null)
        throw new Fault(
          'not_found',
          `there is no decision ${JSON.stringify(id)} with a label that says what was best`,
          {
            hint: 'label it first',
          },
        )
      reply.header('content-disposition', `attachment; filename="${id.replace(/[^\w-]/g, '_')}.json"`)
      return captured
    },
  )
}
