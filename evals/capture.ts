import type { Action } from '../agent/domain/action.ts'
import type { HealthCheckSignal, ReadinessSignal, Signal } from '../agent/domain/signal.ts'
import { type Snapshot, signalsOf } from '../agent/domain/snapshot.ts'
import type { KeptExchange } from '../agent/engine/kept-exchange.ts'
import { Fault } from '../agent/lib/errors.ts'
import { parseCase } from './case.ts'

/** What the record holds of a decision. */
export interface CapturedRecord {
  readonly id: string
  readonly snapshot: Snapshot
  readonly bodies: readonly KeptExchange[]
  /** The webhook bodies as they came in, oldest first. */
  readonly alertBodies: readonly unknown[]
}

/** What a person says about it. */
export interface GivenLabel {
  readonly best: Action
  readonly acceptable: readonly Action[]
  readonly tolerable: readonly Action[]
  readonly forbidden: readonly Action[]
  readonly category: string
  readonly alsoCategories?: readonly string[]
  readonly provider?: string | null
  readonly why: string
}

export interface CaptureAbout {
  readonly title: string
  readonly tags: readonly string[]
  readonly difficulty: string
  readonly minutesSinceOnset: number | null
}

/** A recorded decision as an evaluation case, ready to be written to a file; throws Fault `not_found` when bodies were pruned. */
export function captureCase(record: CapturedRecord, label: GivenLabel, about: CaptureAbout): Record<string, unknown> {
  const { snapshot } = record
  const captured = {
    format: 'recorded-incident/v1',
    id: record.id,
    title: about.title,
    decidedAt: snapshot.takenAt,
    service: snapshot.service,
    tags: about.tags,
    episode: record.id,
    minutesSinceOnset: about.minutesSinceOnset,
    difficulty: about.difficulty,
    provenance: {
      kind: 'captured',
      note: 'Upstream bodies as they were kept with the decision, secrets masked.',
      references: [],
    },
    alert: alertOf(record),
    upstream: upstreamOf(record),
    label,
  }
  parseCase(JSON.stringify(captured), record.id)
  return captured
}

/** One Alertmanager body for all alerts of the incident: the newest one's frame around what the snapshot holds. */
function alertOf({ snapshot, alertBodies }: CapturedRecord): Record<string, unknown> {
  const newest = alertBodies.at(-1)
  const frame = isObject(newest) && newest.version === '4' ? newest : {}
  const alerts = snapshot.alerts.map((alert) => ({
    status: alert.status,
    labels: alert.labels,
    annotations: alert.annotations,
    startsAt: alert.startsAt,
    endsAt: alert.endsAt ?? '0001-01-01T00:00:00Z',
    generatorURL: '',
    fingerprint: alert.fingerprint,
  }))
  const firing = snapshot.alerts.some(({ status }) => status === 'firing')
  const name = snapshot.alerts[0]?.name ?? 'watch'
  return {
    version: '4',
    groupKey: `{}:{alertname="${name}"}`,
    truncatedAlerts: 0,
    receiver: 'failwise',
    groupLabels: { alertname: name },
    commonLabels: {},
    commonAnnotations: {},
    externalURL: '',
    ...frame,
    status: firing ? 'firing' : 'resolved',
    alerts,
  }
}

function upstreamOf(record: CapturedRecord): Record<string, unknown> {
  const { evidence } = record.snapshot
  const answers = new Map<string, KeptExchange[]>()
  for (const body of record.bodies) answers.set(body.evidenceId, [...(answers.get(body.evidenceId) ?? []), body])
  const answerFor = (id: string): unknown => answerOf(id, record, answers.get(id)?.at(-1))
  const named = (kind: string) =>
    evidence.filter(({ id }) => id.startsWith(`${kind}:`)).map(({ id }) => ({ id, name: id.slice(kind.length + 1) }))
  const upstream: Record<string, unknown> = {}
  // Our own checks, changes and targets come from many kinds of sources; what was read of them is their common shape.
  const ofKind = <K extends Signal['kind']>(kind: K) => signalsOf(record.snapshot, kind)
  if (evidence.some(({ id }) => id.startsWith('health:')))
    upstream.healthChecks = healthChecksOf(record, ofKind('health_check'))
  const changes = evidence.filter(
    ({ signals, id }) => id === 'changes' || signals.some(({ kind }) => kind === 'change'),
  )
  if (changes.length > 0)
    upstream.changes =
      failureIn(changes) ??
      ofKind('change').map(({ at, changeKind, service, ref, summary, rolloutPercent }) => ({
        at,
        kind: changeKind,
        service,
        ref,
        summary,
        rolloutPercent,
      }))
  if (evidence.some(({ id }) => id.startsWith('readiness:')))
    upstream.readiness = readinessOf(record, ofKind('readiness'))
  if (evidence.some(({ id }) => id === 'aws-health'))
    upstream.awsHealth = awsHealthOf(record, answers.get('aws-health') ?? [])
  upstream.statusPages = named('status').map(({ id, name }) => pageOf(name, answerFor(id)))
  upstream.prometheus = named('prometheus').map(({ id, name }) => ({
    ...seriesMeta(record, id, answers.get(id)?.at(-1)),
    name,
    ...responseOf(answerFor(id)),
  }))
  upstream.loki = named('loki').map(({ id, name }) => ({
    name,
    query: queryOf(answers.get(id)?.at(-1)),
    ...responseOf(answerFor(id)),
  }))
  return upstream
}

function failureIn(pieces: CapturedRecord['snapshot']['evidence']): Record<string, unknown> | null {
  if (pieces.length === 0 || pieces.some(({ status }) => status !== 'failed')) return null
  return { error: { kind: pieces[0]?.error?.kind ?? 'unknown' } }
}

function healthChecksOf({ snapshot }: CapturedRecord, checks: readonly HealthCheckSignal[]): unknown {
  const pieces = snapshot.evidence.filter(({ id }) => id.startsWith('health:'))
  const failed = failureIn(pieces)
  if (failed) return failed
  const answered = checks.map(({ check, status, latencyMs, detail, checkedAt }) => ({
    signal: check,
    status,
    ...(latencyMs !== null && { latencyMs }),
    ...(detail !== null && { detail }),
    checkedAt: checkedAt ?? snapshot.takenAt,
  }))
  const silent = pieces.filter(({ status }) => status === 'failed')
  return [
    ...answered,
    ...silent.map(({ id }) => ({ signal: id.slice('health:'.length), status: 'unknown', checkedAt: snapshot.takenAt })),
  ]
}

function readinessOf({ snapshot }: CapturedRecord, targets: readonly ReadinessSignal[]): unknown {
  const targetOf = (name: 'secondary' | 'dr') => {
    const piece = snapshot.evidence.find(({ id }) => id === `readiness:${name}`)
    if (piece?.status === 'failed') return { error: { kind: piece.error?.kind ?? 'unknown' } }
    const known = targets.find(({ target }) => target === name)
    if (!known?.exists) return null
    const { kind: _kind, id: _id, target: _target, exists: _exists, checkedAt: _checkedAt, detail, ...measured } = known
    return { ...measured, ...(detail !== null && { detail }) }
  }
  const checkedAt = targets.find(({ checkedAt }) => checkedAt !== null)?.checkedAt ?? snapshot.takenAt
  return { checkedAt, targets: { secondary: targetOf('secondary'), dr: targetOf('dr') } }
}

/** The answer of an upstream, or what stands in its place when it failed. */
function answerOf(id: string, { snapshot }: CapturedRecord, kept: KeptExchange | undefined): unknown {
  const piece = snapshot.evidence.find((evidence) => evidence.id === id)
  if (piece?.status === 'failed') {
    const status = kept?.status
    return { error: { kind: piece.error?.kind ?? 'unknown', ...(status !== undefined && status >= 100 && { status }) } }
  }
  if (!kept) {
    throw new Fault('not_found', `the body of ${id} is no longer kept, so the decision cannot become a case`, {
      hint: 'Bodies are pruned after store.retention.rawBodyDays.',
    })
  }
  return parsedOrText(kept.body)
}

const AWS_OPERATIONS = ['DescribeEvents', 'DescribeEventDetails', 'DescribeAffectedEntities'] as const

/** Pages and batches of the three calls, joined again into one answer each. */
function awsHealthOf(record: CapturedRecord, kept: readonly KeptExchange[]): unknown {
  if (record.snapshot.evidence.find(({ id }) => id === 'aws-health')?.status === 'failed')
    return answerOf('aws-health', record, kept.at(-1))
  const joined = {
    DescribeEvents: { events: [] as unknown[] },
    DescribeEventDetails: { successfulSet: [] as unknown[], failedSet: [] as unknown[] },
    DescribeAffectedEntities: { entities: [] as unknown[] },
  }
  for (const { status, body } of kept) {
    const answer = parsedOrText(body)
    if (status !== 200 || !isObject(answer)) continue
    // Which call it was shows in the answer itself; the record keeps no headers.
    if (Array.isArray(answer.events)) joined[AWS_OPERATIONS[0]].events.push(...answer.events)
    if (Array.isArray(answer.successfulSet)) joined[AWS_OPERATIONS[1]].successfulSet.push(...answer.successfulSet)
    if (Array.isArray(answer.failedSet)) joined[AWS_OPERATIONS[1]].failedSet.push(...answer.failedSet)
    if (Array.isArray(answer.entities)) joined[AWS_OPERATIONS[2]].entities.push(...answer.entities)
  }
  // A call that was retried is kept twice.
  joined.DescribeEvents.events = unique(joined.DescribeEvents.events)
  joined.DescribeEventDetails.successfulSet = unique(joined.DescribeEventDetails.successfulSet)
  joined.DescribeAffectedEntities.entities = unique(joined.DescribeAffectedEntities.entities)
  return joined
}

function unique(items: readonly unknown[]): unknown[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()]
}

function pageOf(name: string, answer: unknown): Record<string, unknown> {
  if (isObject(answer) && isObject(answer.error)) return { name, ...answer }
  const format = typeof answer === 'string' ? 'rss' : Array.isArray(answer) ? 'gcp.incidents' : 'statuspage.v2'
  return { name, format, body: answer }
}

function responseOf(answer: unknown): Record<string, unknown> {
  return isObject(answer) && isObject(answer.error) ? answer : { response: answer }
}

function seriesMeta({ snapshot }: CapturedRecord, id: string, kept: KeptExchange | undefined): Record<string, unknown> {
  const [signal] = snapshot.evidence.find((evidence) => evidence.id === id)?.signals ?? []
  const query = queryOf(kept)
  if (signal?.kind !== 'series') return { unit: '', query }
  return { unit: signal.unit, query: query || signal.query, ...(signal.sli && { sli: signal.sli }) }
}

/** The query, from the request's address or its form body. */
function queryOf(kept: KeptExchange | undefined): string {
  if (!kept) return ''
  const asked = URL.canParse(kept.url) ? new URL(kept.url).searchParams.get('query') : null
  return asked ?? new URLSearchParams(kept.requestBody ?? '').get('query') ?? ''
}

function parsedOrText(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return body
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
