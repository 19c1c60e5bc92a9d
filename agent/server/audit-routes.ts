import { PassThrough } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { AuditEntry } from '../domain/audit.ts'
import { Instant } from '../domain/time.ts'
import { asFault } from '../lib/errors.ts'
import { AUDIT_COLUMNS } from '../store/keeping.ts'
import { type Access, needs } from './auth.ts'
import type { AuditQuery, ServerDeps } from './deps.ts'
import { asStored, described } from './described.ts'
import { PageParams } from './page-params.ts'
import { AuditBody, contentOf, VerificationBody } from './record-bodies.ts'

/** An export of years may take a while; it is streamed, so it holds little memory meanwhile. */
const EXPORT_TIMEOUT_MS = 600_000

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

/** The audit log: read, verified, exported. All of it needs the scope `read`. */
export function auditRoutes(app: FastifyInstance, deps: ServerDeps, access: Access): void {
  const typed = app.withTypeProvider<ZodTypeProvider>()
  const onRequest = needs(access, 'read')

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
}
