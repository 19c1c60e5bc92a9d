import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { Service } from '../agent/domain/service.ts'
import { Sli } from '../agent/domain/signal.ts'
import { Instant } from '../agent/domain/time.ts'
import { Fault } from '../agent/lib/errors.ts'

/** What stands in place of an answer when the upstream could not be reached. */
export const RecordedFailure = z.object({
  error: z.object({ kind: z.string().min(1), status: z.number().int().min(100).max(599).optional() }),
})
export type RecordedFailure = z.infer<typeof RecordedFailure>

/** Whether an upstream's place in the file holds a failure instead of an answer. */
export function isRecordedFailure(value: unknown): value is RecordedFailure {
  return typeof value === 'object' && value !== null && 'error' in value
}

/** An answer or a failure; told apart by hand so that a mistake is reported for the one that was meant. */
function orFailure<T>(schema: z.ZodType<T>) {
  return z.unknown().transform((value, ctx): T | RecordedFailure => {
    const parsed = isRecordedFailure(value) ? RecordedFailure.safeParse(value) : schema.safeParse(value)
    if (parsed.success) return parsed.data
    for (const { path, message } of parsed.error.issues) ctx.addIssue({ code: 'custom', path: [...path], message })
    return z.NEVER
  })
}

// What upstreams answered is kept as it is: the collectors that read the real APIs judge it.
const Answer = z.record(z.string(), z.unknown())

const StatusPage = orFailure(
  z.object({
    name: z.string().min(1),
    format: z.enum(['statuspage.v2', 'gcp.incidents', 'rss']),
    body: z.unknown(),
  }),
).and(z.object({ name: z.string().min(1) }))

const Query = z
  .object({ name: z.string().min(1), query: z.string().default(''), response: Answer.optional() })
  .and(z.union([z.object({ response: Answer }), RecordedFailure], 'expected a response or an error'))

const PrometheusQuery = Query.and(z.object({ unit: z.string().default(''), sli: Sli.nullish() }))

const Upstream = z.object({
  healthChecks: orFailure(z.array(Answer)).optional(),
  awsHealth: orFailure(
    z.object({ DescribeEvents: Answer, DescribeEventDetails: Answer, DescribeAffectedEntities: Answer }),
  ).nullish(),
  statusPages: orFailure(z.array(StatusPage)).optional(),
  prometheus: orFailure(z.array(PrometheusQuery)).optional(),
  loki: orFailure(z.array(Query)).optional(),
  changes: orFailure(z.array(Answer)).optional(),
  readiness: orFailure(Answer).optional(),
})

/** An incident recorded in the format `recorded-incident/v1`; members that are not known here are ignored, so that the format can grow. */
export const RecordedIncident = z.object({
  format: z.literal('recorded-incident/v1'),
  id: z.string().min(1),
  title: z.string().default(''),
  decidedAt: Instant,
  service: Service,
  alert: Answer,
  upstream: Upstream,
  tags: z.array(z.string()).default([]),
  episode: z.string().nullish(),
  minutesSinceOnset: z.number().nullish(),
  difficulty: z.string().nullish(),
  provenance: z.unknown().optional(),
  /** For scorers, which read it themselves: a mistake in it is no reason not to decide. */
  label: z.unknown().optional(),
})
export type RecordedIncident = z.infer<typeof RecordedIncident>

/** Reads a recorded incident; every mistake is named by its place and what is expected there. */
export function parseRecordedIncident(value: unknown, where: string): RecordedIncident {
  const parsed = RecordedIncident.safeParse(value)
  if (parsed.success) return parsed.data
  const mistakes = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`)
  throw new Fault(
    'payload_invalid',
    `${where} is no recorded incident:\n${mistakes.map((text) => `  ${text}`).join('\n')}`,
    {
      hint: 'evals/incidents/README.md describes the format recorded-incident/v1',
      details: { mistakes },
    },
  )
}

/** Loads one file. */
export async function loadRecordedIncident(path: string): Promise<RecordedIncident> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    throw new Fault('not_found', `cannot read ${path}`, { cause, hint: 'give the path of a recorded incident' })
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new Fault('payload_invalid', `${path} is not JSON: ${(cause as Error).message}`, { cause })
  }
  return parseRecordedIncident(value, basename(path))
}

/** Loads every `.json` file of a folder, sorted by file name. */
export async function loadRecordedIncidents(folder: string): Promise<RecordedIncident[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort()
  return Promise.all(files.map((name) => loadRecordedIncident(join(folder, name))))
}
