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
import { readSeries, type SeriesReading } from './series-reading.ts'
import { findSplits, type Split } from './splits.ts'
import { INSTRUCTION } from './vocabulary.ts'

/** Everything that is read from a snapshot before anything is concluded. */
export interface Readings {
  readonly snapshot: Snapshot
  readonly series: readonly SeriesReading[]
  readonly logs: readonly LogReading[]
  readonly splits: readonly Split[]
  readonly checks: ReadonlyMap<string, HealthCheckSignal>
  readonly events: readonly ProviderEventSignal[]
  readonly components: readonly ComponentSignal[]
  readonly changes: readonly ChangeSignal[]
  readonly readiness: readonly ReadinessSignal[]
  /** Minutes since the oldest alert that still fires; 0 without one. */
  readonly alertMinutes: number
  /** Minutes since users began to feel it, as well as it can be told. */
  readonly onsetMinutes: number
  readonly onsetIsKnown: boolean
  readonly failedSources: readonly string[]
  /** Ids of texts that try to give orders. */
  readonly instructions: readonly string[]
}

/** Reads a snapshot. Everything later is a pure function of this. */
export function readSnapshot(snapshot: Snapshot): Readings {
  const series = signalsOf(snapshot, 'series').map((signal) => readSeries(signal, snapshot.takenAt))
  const logs = readLogs(snapshot)
  const firing = snapshot.alerts.filter((alert) => alert.status === 'firing')
  const alertMinutes = Math.max(0, ...firing.map((alert) => minutesBetween(alert.startsAt, snapshot.takenAt)))
  const checks = new Map<string, HealthCheckSignal>()
  for (const check of signalsOf(snapshot, 'health_check')) checks.set(check.check, check)
  const alertTexts = snapshot.alerts.some((alert) =>
    Object.values(alert.annotations).some((text) => INSTRUCTION.test(text)),
  )
  return {
    snapshot,
    series,
    logs,
    splits: findSplits(series, snapshot.service),
    checks,
    events: signalsOf(snapshot, 'provider_event'),
    components: signalsOf(snapshot, 'component'),
    changes: signalsOf(snapshot, 'change'),
    readiness: signalsOf(snapshot, 'readiness'),
    alertMinutes,
    ...onsetOf(series, alertMinutes),
    failedSources: snapshot.evidence.filter((evidence) => evidence.status === 'failed').map((evidence) => evidence.id),
    instructions: [
      ...(alertTexts ? ['alert'] : []),
      ...logs.filter((log) => log.isInstruction).map((log) => log.signal.id),
      ...signalsOf(snapshot, 'change')
        .filter((change) => INSTRUCTION.test(change.summary))
        .map((change) => change.id),
      ...signalsOf(snapshot, 'provider_event')
        .filter((event) => INSTRUCTION.test(`${event.title} ${event.text}`))
        .map((event) => event.id),
    ],
  }
}

/** The first minute at which an indicator left its bounds; other series may move a little earlier than what users feel. */
function onsetOf(
  series: readonly SeriesReading[],
  alertMinutes: number,
): { onsetMinutes: number; onsetIsKnown: boolean } {
  const bad = series.filter(
    (reading) => reading.state === 'bad' && !reading.startsBeforeWindow && reading.badForMinutes !== null,
  )
  const sli = bad.filter((reading) => reading.meaning.isSli).map((reading) => reading.badForMinutes ?? 0)
  const before = series.some(
    (reading) => reading.state === 'bad' && reading.meaning.isSli && reading.startsBeforeWindow,
  )
  if (before) return { onsetMinutes: Math.max(60, alertMinutes + 2), onsetIsKnown: false }
  if (sli.length === 0) {
    const any = bad.map((reading) => reading.badForMinutes ?? 0)
    return any.length > 0
      ? {
          onsetMinutes: Math.max(...any.filter((minutes) => minutes <= alertMinutes + 15), 0) || alertMinutes + 3,
          onsetIsKnown: true,
        }
      : { onsetMinutes: alertMinutes + 3, onsetIsKnown: false }
  }
  const first = Math.max(...sli)
  const earlier = bad
    .map((reading) => reading.badForMinutes ?? 0)
    .filter((minutes) => minutes > first && minutes < first + 6)
  return { onsetMinutes: Math.max(first, ...earlier), onsetIsKnown: true }
}
