import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { IncidentState } from '../domain/incident.ts'
import { Fault } from '../lib/errors.ts'
import { type Access, callerOf, needs } from './auth.ts'
import { PAGE_SECURITY_POLICY, renderDecisionPage } from './decision-page.ts'
import type { ServerDeps } from './deps.ts'
import { asStored, described } from './described.ts'
import { PageParams } from './page-params.ts'
import {
  ContextBody,
  DecisionBody,
  DecisionsBody,
  IncidentBody,
  IncidentsBody,
  ReplayAnswer,
  ScoresBody,
  StatusBody,
} from './record-bodies.ts'

/** Larger than any policy that a person could review. */
const POLICY_TEXT_LIMIT = 200_000

const ReplayBody = z
  .object({ policy: z.string().max(POLICY_TEXT_LIMIT).optional().meta({ description: 'text of another policy file' }) })
  .nullish()
const IdParams = z.object({ id: z.string().min(1).max(200) })

/** What has been recorded: incidents, decisions, scores. All of it needs the scope `read`. */
export function recordRoutes(app: FastifyInstance, deps: ServerDeps, access: Access): void {
  const typed = app.withTypeProvider<ZodTypeProvider>()
  const onRequest = needs(access, 'read')

  typed.get(
    '/v1/incidents',
    {
      onRequest,
      ...asStored,
      schema: {
        ...described(IncidentsBody),
        tags: ['record'],
        summary: 'Incidents, newest first',
        querystring: PageParams.extend({ state: IncidentState.optional(), service: z.string().max(300).optional() }),
      },
    },
    async ({ query }) =>
      deps.listIncidents({
        limit: query.limit,
        cursor: query.cursor ?? null,
        state: query.state ?? null,
        service: query.service ?? null,
      }),
  )

  typed.get(
    '/v1/incidents/:id',
    {
      onRequest,
      ...asStored,
      schema: {
        ...described(IncidentBody),
        tags: ['record'],
        summary: 'One incident with its alerts and decisions',
        params: IdParams,
      },
    },
    async ({ params }) => (await deps.getIncident(params.id)) ?? notFound('incident', params.id),
  )

  typed.get(
    '/v1/decisions',
    {
      onRequest,
      ...asStored,
      schema: {
        ...described(DecisionsBody),
        tags: ['record'],
        summary: 'Decisions, newest first',
        querystring: PageParams.extend({
          incident: z.string().max(200).optional(),
          service: z.string().max(300).optional(),
        }),
      },
    },
    async ({ query }) =>
      deps.listDecisions({
        limit: query.limit,
        cursor: query.cursor ?? null,
        incidentId: query.incident ?? null,
        service: query.service ?? null,
      }),
  )

  typed.get(
    '/v1/decisions/:id',
    {
      onRequest,
      ...asStored,
      schema: {
        ...described(DecisionBody),
        tags: ['record'],
        summary: 'One decision with every reason; as a page with Accept: text/html',
        params: IdParams,
      },
    },
    async ({ params, headers }, reply) => {
      const record = (await deps.getDecision(params.id)) ?? notFound('decision', params.id)
      reply.header('vary', 'accept')
      if (!prefersHtml(headers.accept)) return record
      reply.header('content-security-policy', PAGE_SECURITY_POLICY).type('text/html; charset=utf-8')
      return renderDecisionPage(record)
    },
  )

  typed.post(
    '/v1/decisions/:id/replay',
    {
      onRequest,
      ...asStored,
      schema: {
        ...described(ReplayAnswer),
        tags: ['record'],
        summary: 'Decides again from the record and compares; with a policy, under that one. Nothing is stored',
        params: IdParams,
        body: ReplayBody,
      },
    },
    async ({ params, body }) => deps.replay(params.id, body?.policy ?? null),
  )

  typed.get(
    '/v1/decisions/:id/context',
    {
      onRequest,
      ...asStored,
      schema: {
        ...described(ContextBody),
        tags: ['record'],
        summary: 'What stands around a decision: ceilings, approvals, runs, audit entries, proof',
        params: IdParams,
      },
    },
    async ({ params }) => (await deps.getDecisionContext(params.id)) ?? notFound('decision', params.id),
  )

  typed.get(
    '/v1/scores',
    {
      onRequest,
      ...asStored,
      schema: {
        ...described(ScoresBody),
        tags: ['operation'],
        summary: 'Health scores of one service, oldest first',
        querystring: z.object({
          scope: z.string().min(1).max(300),
          hours: z.coerce.number().int().min(1).max(168).default(6),
        }),
      },
    },
    async ({ query }) => deps.scoreHistory(query.scope, query.hours),
  )

  typed.get(
    '/v1/status',
    {
      onRequest,
      ...asStored,
      schema: {
        ...described(StatusBody),
        tags: ['operation'],
        summary: 'Services, open incidents, what waits for whom, what is frozen',
      },
    },
    async (request) => deps.status(callerOf(request)),
  )
}

function notFound(what: string, id: string): never {
  throw new Fault('not_found', `there is no ${what} ${JSON.stringify(id)}`)
}

/** Browsers name text/html; API clients name JSON, anything, or nothing. */
export function prefersHtml(accept: string | undefined): boolean {
  const weight = (type: string) => {
    for (const range of (accept ?? '').split(',')) {
      const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
      if (name !== type) continue
      const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2)
      return quality === undefined ? 1 : Number(quality) || 0
    }
    return 0
  }
  const html = weight('text/html')
  return html > 0 && html > weight('application/json')
}
