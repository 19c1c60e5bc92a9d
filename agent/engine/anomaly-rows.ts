import type { Detector } from '../anomaly/detector.ts'
import type { History } from '../anomaly/train.ts'
import { metricNameOf } from '../domain/anomaly.ts'
import type { SeriesSignal } from '../domain/signal.ts'
import type { Snapshot } from '../domain/snapshot.ts'
import { epochMs } from '../domain/time.ts'
import { onGrid } from './metric-history.ts'

/** What a detector was given: how many new rows, and which of its metrics the newest row lacks. */
export interface Fed {
  readonly rows: number
  readonly missing: readonly string[]
}

/** Lets a detector read the rows of a snapshot that its stream has not read yet. Only what the snapshot holds is looked at. */
export function feedSnapshot(detector: Detector, snapshot: Snapshot): Fed {
  const { metrics, stepSeconds, lastAtSeconds } = detector.reading()
  const series = seriesOf(snapshot)
  const known = metrics.map((metric) => series.get(metric))
  const firstAt = Math.min(...known.map((one) => one?.points[0]?.[0] ?? Number.POSITIVE_INFINITY))
  const lastAt = onGrid(epochMs(snapshot.takenAt) / 1000, stepSeconds)
  const after = Math.max(lastAtSeconds, onGrid(firstAt, stepSeconds) - stepSeconds)
  const readers = known.map((one) => readerOf(one, stepSeconds))
  const row = new Float64Array(metrics.length)
  let rows = 0
  let missing: readonly string[] = metrics
  // One row is read even when the stream is ahead: which metrics are silent is a question about now.
  const start = firstAt === Number.POSITIVE_INFINITY ? lastAt + 1 : Math.min(lastAt, after + stepSeconds)
  for (let at = start; at <= lastAt; at += stepSeconds) {
    for (const [j, valueAt] of readers.entries()) row[j] = valueAt(at)
    missing = metrics.filter((_, j) => Number.isNaN(row[j]!))
    if (at <= lastAtSeconds || missing.length === metrics.length) continue
    detector.read(at, row)
    rows++
  }
  return { rows, missing }
}

/** Lets a detector read the rows of a history that its stream has not read yet. */
export function feedHistory(detector: Detector, history: History): Fed {
  const { metrics, lastAtSeconds } = detector.reading()
  const places = metrics.map((metric) => history.metrics.indexOf(metric))
  const row = new Float64Array(metrics.length)
  let rows = 0
  let missing: readonly string[] = metrics
  for (const [i, at] of history.atSeconds.entries()) {
    for (const [j, place] of places.entries()) row[j] = history.columns[place]?.[i] ?? Number.NaN
    missing = metrics.filter((_, j) => Number.isNaN(row[j]!))
    if (at <= lastAtSeconds || missing.length === metrics.length) continue
    detector.read(at, row)
    rows++
  }
  return { rows, missing }
}

function seriesOf(snapshot: Snapshot): Map<string, SeriesSignal> {
  const found = new Map<string, SeriesSignal>()
  for (const { source, signals } of snapshot.evidence) {
    if (source !== 'prometheus') continue
    for (const signal of signals) {
      if (signal.kind !== 'series') continue
      const metric = metricNameOf(signal.name, signal.labels)
      if (!found.has(metric)) found.set(metric, signal)
    }
  }
  return found
}

/** The newest point at a time, as long as it is no older than a step; times must be asked for in order. */
function readerOf(series: SeriesSignal | undefined, stepSeconds: number): (atSeconds: number) => number {
  if (!series) return () => Number.NaN
  const { points } = series
  const freshSeconds = Math.max(stepSeconds, series.stepSeconds)
  let next = 0
  return (atSeconds) => {
    while (next < points.length && points[next]![0] <= atSeconds) next++
    const [at, value] = points[next - 1] ?? [Number.NaN, null]
    return atSeconds - at < freshSeconds ? (value ?? Number.NaN) : Number.NaN
  }
}
