import { z } from 'zod'
import { hashOf } from './canonical.ts'
import { ChangeFacts, changeFacts } from './facts-change.ts'
import { EvidenceFacts, evidenceFacts } from './facts-evidence.ts'
import { CheckFacts, checkFacts, HurtView, outsideView, ownTelemetryView, providerView } from './facts-hurt.ts'
import { LogFacts, logFacts } from './facts-log.ts'
import {
  ComponentFacts,
  componentFacts,
  DependencyFacts,
  dependencyFacts,
  dependencyNames,
  ProviderEventFacts,
  providerEventFacts,
} from './facts-provider.ts'
import { Breakdown, breakdowns, SeriesFacts, seriesFacts } from './facts-series.ts'
import { TargetFacts, targetFacts } from './facts-target.ts'
import type { Snapshot } from './snapshot.ts'
import { epochMs, Instant, minutesBetween } from './time.ts'

/** Structured facts of a snapshot. No field is derived from prose: titles, details, log lines and summaries play no part. */
export const Facts = z.object({
  version: z.literal(1),
  takenAt: Instant,
  alert: z.object({
    firing: z.number().int().min(0),
    resolved: z.number().int().min(0),
    severity: z.string(),
    startedAt: Instant.nullable(),
    /** Seconds since the oldest alert that still fires; null when none does. */
    ageSeconds: z.number().nullable(),
  }),
  onset: z.object({
    at: Instant.nullable(),
    /** What it rests on: a series that users feel, the alert's start, or nothing. */
    basis: z.enum(['sli', 'alert', 'none']),
    minutesAgo: z.number().nullable(),
  }),
  hurt: z.object({
    own_telemetry: HurtView,
    outside_probe: HurtView,
    /** "yes" means that the provider declares a fault at our place or in what we need; it never says "no". */
    provider: HurtView,
    /** Whether any class that can see users says that they are hurt now. */
    overall: z.enum(['yes', 'no', 'unknown']),
    isRecovering: z.boolean(),
  }),
  series: z.array(SeriesFacts),
  breakdowns: z.array(Breakdown),
  /** Series that had data within the window and stopped. */
  vanished: z.array(z.string()),
  checks: z.array(CheckFacts),
  providerEvents: z.array(ProviderEventFacts),
  /** Components that are not in order. */
  components: z.array(ComponentFacts),
  dependencies: z.array(DependencyFacts),
  changes: z.array(ChangeFacts),
  logs: LogFacts,
  targets: z.object({ secondary: TargetFacts, dr: TargetFacts }),
  evidence: EvidenceFacts,
})
export type Facts = z.infer<typeof Facts>

/** Derives the facts of a snapshot: pure, total, and without reading prose. */
export function deriveFacts(snapshot: Snapshot): Facts {
  const { service, evidence, takenAt: now } = snapshot
  const series = seriesFacts(evidence, service, now)
  const checks = checkFacts(evidence, now)
  const alert = alertFacts(snapshot)
  const onset = onsetOf(series, alert.startedAt, now)
  const names = dependencyNames(service, evidence)
  const events = providerEventFacts(evidence, service, names, onset.at, now)
  const components = componentFacts(evidence, names)
  const dependencies = dependencyFacts(names, evidence, events, components)
  const counted = evidenceFacts(evidence)
  const isComplete = counted.byObserver.own_telemetry.failed === 0
  const own = ownTelemetryView(series, checks, isComplete)
  const outside = outsideView(series, checks)
  return {
    version: 1,
    takenAt: now,
    alert,
    onset,
    hurt: { own_telemetry: own, outside_probe: outside, provider: providerView(events), ...overallHurt(own, outside) },
    series,
    breakdowns: breakdowns(series),
    vanished: series.filter((one) => one.state === 'vanished').map((one) => one.id),
    checks,
    providerEvents: events,
    components,
    dependencies,
    changes: changeFacts(evidence, service, names, { onsetAt: onset.at, feltAt: feltSince(series), now }),
    logs: logFacts(evidence, onset.at),
    targets: {
      secondary: targetFacts('secondary', service, evidence, events, dependencies, now),
      dr: targetFacts('dr', service, evidence, events, dependencies, now),
    },
    evidence: counted,
  }
}

function alertFacts(snapshot: Snapshot): Facts['alert'] {
  const firing = snapshot.alerts.filter((alert) => alert.status === 'firing')
  const starts = firing.map((alert) => alert.startsAt).sort((a, b) => epochMs(a) - epochMs(b))
  const startedAt = starts[0] ?? null
  const worst = ['critical', 'high', 'error', 'warning'].find((severity) =>
    firing.some((alert) => alert.severity === severity),
  )
  return {
    firing: firing.length,
    resolved: snapshot.alerts.length - firing.length,
    severity: worst ?? firing[0]?.severity ?? 'unknown',
    startedAt,
    ageSeconds: startedAt === null ? null : minutesBetween(startedAt, snapshot.takenAt) * 60,
  }
}

/** When it began: the first bad stretch that users felt, or the alert's start, whichever is earlier. */
function onsetOf(series: readonly SeriesFacts[], alertAt: Instant | null, now: Instant): Facts['onset'] {
  const felt = feltSince(series)
  if (felt !== null && (alertAt === null || epochMs(felt) <= epochMs(alertAt)))
    return { at: felt, basis: 'sli', minutesAgo: minutesBetween(felt, now) }
  if (alertAt === null) return { at: null, basis: 'none', minutesAgo: null }
  return { at: alertAt, basis: 'alert', minutesAgo: minutesBetween(alertAt, now) }
}

/** The first bad stretch of a series that users feel. */
function feltSince(series: readonly SeriesFacts[]): Instant | null {
  const starts = series.flatMap((one) => (one.sli && one.firstBadAt ? [one.firstBadAt] : []))
  return starts.sort((a, b) => epochMs(a) - epochMs(b))[0] ?? null
}

/** Own telemetry that says no and probes that say yes contradict each other: that is unknown. */
function overallHurt(own: HurtView, outside: HurtView): Pick<Facts['hurt'], 'overall' | 'isRecovering'> {
  const isHurt = own.state === 'yes' || (outside.state === 'yes' && own.state === 'unknown')
  const isFine = own.state === 'no' && outside.state === 'no'
  return { overall: isHurt ? 'yes' : isFine ? 'no' : 'unknown', isRecovering: own.isRecovering }
}

/**
 * The facts in coarse buckets, so that noise leaves them equal while anything that could change an opinion does not. Time alone crosses few
 * edges: each crossing asks the analyst again and replaces an open question to people.
 */
export function quantisedFacts(facts: Facts): unknown {
  const view = (hurt: HurtView) => ({
    state: hurt.state,
    extent: hurt.extent,
    evidence: [...hurt.evidence].sort(),
    sustained: hurt.sustainedSeconds === null ? null : bucket(hurt.sustainedSeconds, [60]),
    ratio: hurt.worstRatio === null ? null : bucket(hurt.worstRatio, [2, 10]),
    isRecovering: hurt.isRecovering,
  })
  const target = (one: TargetFacts) => ({
    blocks: one.blocks,
    lag: one.lagSeconds === null ? null : bucket(one.lagSeconds, [0, 5, 30, 120, 600, 3600]),
    shared: one.sharedDependencies,
    suspect: one.suspectDependencies,
  })
  return {
    version: facts.version,
    alert: { isFiring: facts.alert.firing > 0, severity: facts.alert.severity },
    onsetMinutes: facts.onset.minutesAgo === null ? null : bucket(facts.onset.minutesAgo, [10, 30, 60, 120]),
    hurt: {
      own: view(facts.hurt.own_telemetry),
      outside: view(facts.hurt.outside_probe),
      provider: view(facts.hurt.provider),
    },
    series: facts.series.map((one) => ({
      id: one.id,
      state: one.state,
      isBad: one.isBad,
      isAbnormal: one.isAbnormal,
      isRecovering: one.isRecovering,
    })),
    breakdowns: facts.breakdowns.map((one) => ({
      ...one,
      members: one.members.map(({ value, isAffected }) => ({ value, isAffected })),
    })),
    checks: facts.checks.map(({ id, status, isStale }) => ({ id, status, isStale })),
    events: facts.providerEvents.map(({ id, state, severity, primary, secondary, dr }) => ({
      id,
      state,
      severity,
      primary,
      secondary,
      dr,
    })),
    components: facts.components.map(({ id, status }) => ({ id, status })),
    dependencies: facts.dependencies.map(({ name, state }) => ({ name, state })),
    changes: facts.changes.map(({ id, rolloutPercent, relation }) => ({ id, rolloutPercent, relation })),
    errorLines: bucket(facts.logs.levels.error.lines, [0, 100, 10_000]),
    targets: { secondary: target(facts.targets.secondary), dr: target(facts.targets.dr) },
    failed: facts.evidence.failed.map(({ id }) => id).sort(),
  }
}

/** Identity of the quantised facts: an analyst is asked again, and an approval stands, only while it stays the same. */
export function factsHash(facts: Facts): string {
  return hashOf(quantisedFacts(facts))
}

function bucket(value: number, bounds: readonly number[]): number {
  return bounds.filter((bound) => value > bound).length
}
