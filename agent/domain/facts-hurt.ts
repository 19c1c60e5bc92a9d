import { z } from 'zod'
import type { Evidence } from './evidence.ts'
import type { ProviderEventFacts } from './facts-provider.ts'
import type { SeriesFacts } from './facts-series.ts'
import { CheckStatus } from './signal.ts'
import { epochMs, Instant, minutesBetween } from './time.ts'

export const CheckFacts = z.object({
  id: z.string(),
  evidence: z.string(),
  check: z.string(),
  observer: z.string(),
  status: CheckStatus,
  ageSeconds: z.number().nullable(),
  /** Too old, or of unknown age: says nothing about now. */
  isStale: z.boolean(),
})
export type CheckFacts = z.infer<typeof CheckFacts>

/** Whether users are hurt, as one class of observers sees it. */
export const HurtView = z.object({
  state: z.enum(['yes', 'no', 'unknown']),
  /** What it was read from: series that express what users feel, single answers of checks, or declared events. */
  basis: z.enum(['series', 'checks', 'events', 'none']),
  /** `partial`: some of its signals are bad or degraded, others good. */
  extent: z.enum(['full', 'partial', 'none']),
  /** What it rests on, citable. */
  evidence: z.array(z.string()),
  since: Instant.nullable(),
  /** How long without a single good value; null where single answers cannot tell. */
  sustainedSeconds: z.number().nullable(),
  /** Worst current distance from an objective: 1 is at the bound. */
  worstRatio: z.number().nullable(),
  isRecovering: z.boolean(),
})
export type HurtView = z.infer<typeof HurtView>

const CHECK_STALE_SECONDS = 300
/** The one own check that speaks of what users meet; the others speak of machinery. */
const SERVICE_CHECK = 'internal_services'
const NOTHING: HurtView = {
  state: 'unknown',
  basis: 'none',
  extent: 'none',
  evidence: [],
  since: null,
  sustainedSeconds: null,
  worstRatio: null,
  isRecovering: false,
}

export function checkFacts(evidence: readonly Evidence[], now: Instant): CheckFacts[] {
  const facts: CheckFacts[] = []
  for (const piece of evidence)
    for (const signal of piece.signals) {
      if (signal.kind !== 'health_check') continue
      const ageSeconds = signal.checkedAt ? minutesBetween(signal.checkedAt, now) * 60 : null
      facts.push({
        id: signal.id,
        evidence: piece.id,
        check: signal.check,
        observer: piece.observer,
        status: signal.status,
        ageSeconds,
        isStale: ageSeconds === null || Math.abs(ageSeconds) > CHECK_STALE_SECONDS,
      })
    }
  return facts
}

/** What our own telemetry says: the series that express what users feel, and only without them the service's own check. */
export function ownTelemetryView(
  series: readonly SeriesFacts[],
  checks: readonly CheckFacts[],
  isComplete: boolean,
): HurtView {
  const slis = series.filter((one) => one.sli !== null && one.observer === 'own_telemetry')
  if (slis.length === 0) return checkView(checks.filter((check) => check.check === SERVICE_CHECK))
  return seriesView(slis, isComplete)
}

/** What is seen from outside: probes from elsewhere, and series that such probes record. */
export function outsideView(series: readonly SeriesFacts[], checks: readonly CheckFacts[]): HurtView {
  const slis = series.filter((one) => one.sli !== null && one.observer === 'outside_probe')
  const views = [checkView(checks.filter((check) => check.observer === 'outside_probe'))]
  if (slis.length > 0) views.push(seriesView(slis, true))
  return views.find((view) => view.state === 'yes') ?? views.find((view) => view.state === 'unknown') ?? views[0]!
}

/** What the provider says: an open issue at our place counts, its silence counts for nothing. */
export function providerView(events: readonly ProviderEventFacts[]): HurtView {
  const open = events.filter(
    (event) => event.isOpen && event.category === 'issue' && (isHere(event.primary) || event.dependencies.length > 0),
  )
  if (open.length === 0) return NOTHING
  const starts = open.flatMap((event) => (event.startedAt ? [event.startedAt] : [])).sort()
  return {
    ...NOTHING,
    state: 'yes',
    basis: 'events',
    extent: open.some((event) => event.primary === 'region' || event.primary === 'provider') ? 'full' : 'partial',
    evidence: open.map((event) => event.id),
    since: starts[0] ?? null,
    isRecovering: open.every((event) => event.state === 'monitoring'),
  }
}

function isHere(reach: ProviderEventFacts['primary']): boolean {
  return reach === 'region' || reach === 'zone' || reach === 'provider'
}

function checkView(checks: readonly CheckFacts[]): HurtView {
  const known = checks.filter((check) => !check.isStale && check.status !== 'unknown')
  const bad = known.filter((check) => check.status !== 'ok')
  if (bad.length > 0) {
    const isFull = known.every((check) => check.status === 'error')
    return {
      ...NOTHING,
      state: 'yes',
      basis: 'checks',
      extent: isFull ? 'full' : 'partial',
      evidence: bad.map((check) => check.id),
    }
  }
  if (known.length === 0 || known.length < checks.length) return NOTHING
  return { ...NOTHING, state: 'no', basis: 'checks', evidence: known.map((check) => check.id) }
}

function seriesView(slis: readonly SeriesFacts[], isComplete: boolean): HurtView {
  const fresh = slis.filter((one) => one.state === 'fresh')
  const bad = fresh.filter((one) => one.isBad || (one.isIntermittent && one.badShare >= 0.25))
  const hurt = bad.filter((one) => !one.isRecovering)
  if (bad.length > 0) {
    const rest = hurt.length > 0 ? hurt : bad
    return {
      state: 'yes',
      basis: 'series',
      extent: bad.length === fresh.length ? 'full' : 'partial',
      evidence: rest.map((one) => one.id),
      since: earliest(rest.flatMap((one) => (one.firstBadAt ? [one.firstBadAt] : []))),
      sustainedSeconds: Math.max(...rest.map((one) => one.badForSeconds)),
      worstRatio: Math.max(...rest.map((one) => one.badness ?? 0)),
      isRecovering: hurt.length === 0,
    }
  }
  const isSure = isComplete && fresh.length === slis.length && fresh.length > 0
  return {
    ...NOTHING,
    state: isSure ? 'no' : 'unknown',
    basis: 'series',
    evidence: fresh.map((one) => one.id),
    worstRatio: fresh.length > 0 ? Math.max(...fresh.map((one) => one.badness ?? 0)) : null,
    isRecovering: isSure && fresh.some((one) => one.isRecovering),
  }
}

function earliest(instants: readonly Instant[]): Instant | null {
  return [...instants].sort((a, b) => epochMs(a) - epochMs(b))[0] ?? null
}
