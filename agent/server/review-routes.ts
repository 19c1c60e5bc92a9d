import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { Instant } from '../domain/time.ts'
import { Fault } from '../lib/errors.ts'
import { type Access, needs } from './auth.ts'
import { ErrorBody } from './errors.ts'
import { EvalBody, EvalsBody, ExchangeBody, PlansBody, ReportBody, type ReviewDeps, RunBody } from './review-deps.ts'

const IdParams = z.object({ id: z.string().min(1).max(200) })

/** What people look back at: the shadow report, plans and drills, runs, evaluations, prompts and replies. All of it needs the scope `read`. */
export function reviewRoutes(app: FastifyInstance, deps: ReviewDeps, access: Access): void {
  const typed = app.withTypeProvider<ZodTypeProvider>()
  const onRequest = needs(access, 'read')
  const answers = <T extends z.ZodType>(body: T) => ({
    200: body,
    ...{ 400: ErrorBody, 401: ErrorBody, 403: ErrorBody, 404: ErrorBody, 503: ErrorBody },
  })

  typed.get(
    '/v1/report',
    {
      onRequest,
      schema: {
        tags: ['review'],
        summary: 'What the agent decided, beside what thresholds would have done and what people did',
        querystring: z.object({ since: Instant, until: Instant.optional() }),
        response: answers(ReportBody),
      },
    },
    async ({ query }) => {
      const report = await deps.report(query.since, query.until ?? null)
      return { ...report, rows: [...report.rows] }
    },
  )

  typed.get(
    '/v1/plans',
    {
      onRequest,
      schema: {
        tags: ['review'],
        summary: 'Every plan with its stages in words, and its runs and drills with what was measured',
        response: answers(PlansBody),
      },
    },
    () => deps.listPlans(),
  )

  typed.get(
    '/v1/runs/:id',
    {
      onRequest,
      schema: {
        tags: ['review'],
        summary: 'One run: its stages, its journal, what was measured',
        params: IdParams,
        response: answers(RunBody),
      },
    },
    async ({ params }) => (await deps.getRun(params.id)) ?? notFound('run', params.id),
  )

  typed.get(
    '/v1/evals',
    {
      onRequest,
      schema: { tags: ['review'], summary: 'Evaluations that were kept, oldest first', response: answers(EvalsBody) },
    },
    () => deps.listEvals(),
  )

  typed.get(
    '/v1/evals/:id',
    {
      onRequest,
      schema: {
        tags: ['review'],
        summary: 'One evaluation with its calibration and cases',
        params: IdParams,
        response: answers(EvalBody),
      },
    },
    async ({ params }) => (await deps.getEval(params.id)) ?? notFound('evaluation', params.id),
  )

  typed.get(
    '/v1/decisions/:id/exchange',
    {
      onRequest,
      schema: {
        tags: ['review'],
        summary: 'What a model was asked about a decision, and what it answered',
        params: IdParams,
        response: answers(ExchangeBody),
      },
    },
    async ({ params }) => (await deps.getExchange(params.id)) ?? notFound('decision', params.id),
  )
}

function notFound(what: string, id: string): never {
  throw new Fault('not_found', `there is no ${what} ${JSON.stringify(id)}`)
}
