import type {
  ChangeSignal,
  ComponentSignal,
  HealthCheckSignal,
  ProviderEventSignal,
  ReadinessSignal,
} from '../../domain/signal.ts'
import { type Snapshot, signalsOf } from '../../domain/snapshot.ts'
import { minutesBetween } from '../../domain/time.ts'
import { type LogReading, readLogs } from './log-reading.ts'
import { isOwnSeries, ownNames } from './relevance.ts'
import { readSeries, type SeriesReading } from './series-reading.ts'
import { findSplits, type Split } from './splits.ts'
import { INSTRUCTION } from './vocabulary.ts'

/** Everything that is read from a snapshot before anything is concluded. */
export interface Readings {
  readonly snapshot: Snapshot
  /** Names under which the service and its parts appear. */
  readonly names: ReadonlySet<string>
  readonly series: readonly SeriesReading[]
  /** Series that do not say that they belong to another service. */
  readonly ownSeries: readonly SeriesReading[]
  readonly logs: readonly LogReading[]
  readonly splits: readonly Split[]
  readonly checks: ReadonlyMap<string, HealthCheckSignal>
  readonly events: readonly ProviderEventSignal[]
  readonly components: readonly ComponentSignal[]
  readonly changes: readonly ChangeSignal[]
  readonly readiness: readonly ReadinessSignal[]
  /** Whether anyone could look at what we changed. */
  readonly changesWereSeen: boolean
  /** Minutes since the oldest alert that still fires; 0 without one. */
  readonly alertMinutes: number
  /** Minutes since users began to feel it, as well as it can be told. */
  readonly onsetMinutes: number
  readonly onsetIsKnown: boolean
  readonly failedSources: readonly string[]
  /** Metric queries that failed or found no series at all. */
  readonly unseenSeries: number
  /** Ids of texts that try to give orders. */
  readonly instructions: readonly string[]
}

/** Reads a snapshot. Everything later is a pure function of this. */
export function readSnapshot(snapshot: Snapshot): Readings {
  const names = ownNames(snapshot)
  const series = signalsOf(snapshot, 'series').map((signal) => readSeries(signal, snapshot.takenAt))
  const ownSeries = series.filter((reading) => isOwnSeries(reading.signal, names))
  const firing = snapshot.alerts.filter((alert) => alert.status === 'firing')
  const alertMinutes = Math.max(0, ...firing.map((alert) => minutesBetween(alert.startsAt, snapshot.takenAt)))
  const onset = onsetOf(ownSeries, alertMinutes)
  const checks = new Map<string, HealthCheckSignal>()
  for (const check of signalsOf(snapshot, 'health_check')) checks.set(check.check, check)
  return {
    snapshot,
    names,
    series,
    ownSeries,
    logs: readLogs(snapshot, onset.onsetMinutes, names),
    splits: findSplits(series, snapshot.service),
    checks,
    events: signalsOf(snapshot, 'provider_event').filter((event) => !INSTRUCTION.test(`${event.title} ${event.text}`)),
    components: signalsOf(snapshot, 'component'),
    changes: signalsOf(snapshot, 'change'),
    readiness: signalsOf(snapshot, 'readiness'),
    changesWereSeen: snapshot.evidence.some((item) => item.observer === 'change' && item.status !== 'failed'),
    alertMinutes,
    ...onset,
    failedSources: snapshot.evidence.filter((evidence) => evidence.status === 'failed').map((evidence) => evidence.id),
    unseenSeries: snapshot.evidence.filter((item) => item.source === 'prometheus' && item.status !== 'ok').length,
    instructions: instructionsIn(snapshot),
  }
}

/** The first minute at which an indicator left its bounds. */
function onsetOf(
  series: readonly SeriesReading[],
  alertMinutes: number,
): { onsetMinutes: number; onsetIsKnown: boolean } {
  const bad = series.filter((reading) => reading.state === 'bad')
  const before = bad.some((reading) => reading.meaning.isSli && reading.startsBeforeWindow)
  if (before) return { onsetMinutes: Math.max(60, alertMinutes + 2), onsetIsKnown: false }
  const begun = bad.filter((reading) => !reading.startsBeforeWindow && reading.badForMinutes !== null)
  const sli = begun.filter((reading) => reading.meaning.isSli).map((reading) => reading.badForMinutes ?? 0)
  const all = begun.map((reading) => reading.badForMinutes ?? 0)
  if (sli.length === 0) {
    const near = all.filter((minutes) => minutes <= alertMinutes + 45)
    return { onsetMinutes: near.length > 0 ? Math.max(...near) : alertMinutes + 3, onsetIsKnown: near.length > 0 }
  }
  return { onsetMinutes: Math.max(...sli), onsetIsKnown: true }
}

function instructionsIn(snapshot: Snapshot): string[] {
  const orders = (text: string) => INSTRUCTION.test(text)
  return [
    ...snapshot.alerts
      .filter((alert) => Object.values(alert.annotations).some(orders))
      .map((alert) => `alert:${alert.name}`),
    ...signalsOf(snapshot, 'log_pattern')
      .filter((log) => orders(log.sample))
      .map((log) => log.id),
    ...signalsOf(snapshot, 'change')
      .filter((change) => orders(change.summary))
      .map((change) => change.id),
    ...signalsOf(snapshot, 'provider_event')
      .filter((event) => orders(`${event.title} ${event.text}`))
      .map((event) => event.id),
  ]
}
