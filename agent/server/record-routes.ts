import { PassThrough } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { AuditEntry } from '../domain/audit.ts'
import { IncidentState } from '../domain/incident.ts'
import { Instant } from '../domain/time.ts'
import { asFault, Fault } from '../lib/errors.ts'
import { AUDIT_COLUMNS } from '../store/keeping.ts'
import { type Access, callerOf, needs } from './auth.ts'
import { PAGE_SECURITY_POLICY, renderDecisionPage } from './decision-page.ts'
import type { AuditQuery, ServerDeps } from './deps.ts'
import { asStored, described } from './described.ts'
import {
  AuditBody,
  ContextBody,
  contentOf,
  DecisionBody,
  DecisionsBody,
  IncidentBody,
  IncidentsBody,
  ReplayAnswer,
  ScoresBody,
  StatusBody,
  VerificationBody,
} from './record-bodies.ts'

/** An export of years may take a while; it is streamed, so it holds little memory meanwhile. */
const EXPORT_TIMEOUT_MS = 600_000

const PageParams = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z.string().max(200).optional(),
})
/** Larger than any policy that a person could review. */
const POLICY_TEXT_LIMIT = 200_000

const ReplayBody = z
  .object({ policy: z.string().max(POLICY_TEXT_LIMIT).optional().meta({ description: 'text of another policy file' }) })
  .nullish()
const IdParams = z.object({ id: z.string().min(1).max(200) })

const EXPORT_TYPES = {
  ndjson: 'application/x-ndjson',
  json: 'application/json; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
} as const

/** Every kind of entry there is. */
const AUDIT_KINDS = AuditEntry.options.map(({ shape }) => shape.kind.value)

const Order = z.enum(['newest', 'oldest'])
const Word = z.string().min(1).max(300).optional()

/** What the audit log can be narrowed by. */
const auditFilter = {
  kind: z.enum(AUDIT_KINDS).optional(),
  incident: Word,
  service: Word,
  actor: Word,
  action: Word,
  disposition: Word,
  text: Word.meta({ description: 'anywhere in the entry' }),
  from: Instant.optional(),
  to: Instant.optional(),
}
const Sort = z.enum(['seq', 'kind', 'service', 'actor'])
const AuditFilter = z.object({ ...auditFilter, order: Order, sort: Sort })

/** Names of columns with commas between them. */
const Columns = z
  .string()
  .max(300)
  .transform((text) => text.split(','))
  .pipe(z.array(z.enum(AUDIT_COLUMNS)).min(1))
  .optional()
  .meta({ description: `only these, of ${AUDIT_COLUMNS.join(', ')}; whole entries, which can be verified, without` })

function auditQueryOf({
  order,
  sort,
  kind,
  incident,
  ...rest
}: z.output<typeof AuditFilter>): Pick<AuditQuery, 'order' | 'sort' | 'filter'> {
  const { service, actor, action, disposition, text, from, to } = rest
  const named = { service, actor, action, disposition, text, from, to, incidentId: incident }
  const filter = Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined))
  return { order, sort, filter: { ...filter, ...(kind !== undefined && { kinds: [kind] }) } }
}

/** What has been recorded: incidents, decisions, the audit log. All of it needs the scope `read`. */
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
    '/v1/audit',
    {
      onRequest,
      ...asStored,
      schema: {
        ...described(AuditBody),
        tags: ['audit'],
        summary: 'Entries of the audit log, newest first',
        querystring: PageParams.extend({ ...auditFilter, order: Order.default('newest'), sort: Sort.default('seq') }),
      },
    },
    async ({ query }) => deps.listAudit({ ...auditQueryOf(query), limit: query.limit, cursor: query.cursor ?? null }),
  )

  typed.get(
    '/v1/audit/verify',
    {
      onRequest,
      handlerTimeout: EXPORT_TIMEOUT_MS,
      ...asStored,
      schema: {
        ...described(VerificationBody),
        tags: ['audit'],
        summary: 'Checks the chain and names the first broken entry',
      },
    },
    async () => deps.verifyAudit(),
  )

  typed.get(
    '/v1/audit/export',
    {
      onRequest,
      handlerTimeout: EXPORT_TIMEOUT_MS,
      schema: {
        tags: ['audit'],
        summary: 'The audit log, or what fits the filters, oldest first unless asked otherwise',
        response: { 200: contentOf('one entry a line, an array, or a table', ...Object.values(EXPORT_TYPES)) },
        querystring: z.object({
          ...auditFilter,
          order: Order.default('oldest'),
          sort: Sort.default('seq'),
          columns: Columns,
          format: z.enum(['ndjson', 'json', 'csv']).default('ndjson'),
        }),
      },
    },
    async ({ query }, reply) => {
      const { format, columns = null } = query
      reply.type(EXPORT_TYPES[format]).header('content-disposition', `attachment; filename="audit.${format}"`)
      const out = new PassThrough()
      // A failure midway ends the connection without the last chunk, so that half a log is not taken for all of it.
      deps.exportAudit(out, format, { ...auditQueryOf(query), columns }).then(
        () => out.end(),
        (error: unknown) => out.destroy(asFault(error)),
      )
      return out
    },
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
