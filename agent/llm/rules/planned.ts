import type { ChangeSignal } from '../../domain/signal.ts'
import { minutesBetween } from '../../domain/time.ts'
import type { Readings } from './readings.ts'
import type { SeriesReading } from './series-reading.ts'

/** How long an announced piece of work may reasonably last when nobody says. */
const LONGEST_MINUTES = 360

/** An entry that announces something which looks like trouble and is none. */
export function announced(readings: Readings): ChangeSignal | undefined {
  return readings.changes.find(
    (change) =>
      (/^(?:maintenance|calendar|exercise|drill|event|campaign|test|load[-_ ]?test|chaos|game[-_ ]?day)$/i.test(
        change.changeKind,
      ) ||
        /\bexercise|\bdrill|game ?day|\bmaintenance|\bload[- ]?test|\bstress[- ]?test|\bchaos\b|\brehearsal/i.test(
          change.summary,
        )) &&
      isNear(change, readings),
  )
}

function isNear(change: ChangeSignal, { snapshot: { takenAt } }: Readings): boolean {
  const ago = minutesBetween(change.at, takenAt)
  return ago > -60 && ago < LONGEST_MINUTES * 4
}

/**
 * What was announced explains what is measured: it began before the onset, every check is in order, and nothing but requests went down,
 * or requests went up and what is refused is the excess. Anything red or slow beside it is more than what was announced.
 */
export function isAsAnnounced(
  bad: readonly SeriesReading[],
  good: readonly SeriesReading[],
  readings: Readings,
): boolean {
  const entry = announced(readings)
  const checks = [...readings.checks.values()]
  if (!entry || checks.length < 4 || checks.some((check) => check.status !== 'ok')) return false
  const ago = minutesBetween(entry.at, readings.snapshot.takenAt)
  if (ago < readings.onsetMinutes - 3 || ago > LONGEST_MINUTES) return false
  const fewer = bad.every((reading) => reading.meaning.kind === 'traffic')
  const quality = good.some((reading) => reading.meaning.kind === 'errors' || reading.meaning.kind === 'success')
  return (fewer && quality) || (hasSurge(readings) && bad.every((reading) => reading.meaning.kind === 'errors'))
}

/** Requests are more than twice what they were in the first half of the window. */
export function hasSurge(readings: Readings): boolean {
  return surgeOf(readings) !== null
}

/** The series that shows more than twice the usual requests, if any. */
export function surgeOf(readings: Readings): string | null {
  const surge = readings.ownSeries.find((reading) => {
    if (reading.meaning.kind !== 'traffic' || reading.now === null) return false
    const before = medianOfFirst(reading.signal.points.map((point) => point[1]))
    return before !== null && before > 0 && reading.now > before * 2.2
  })
  return surge?.signal.id ?? null
}

function medianOfFirst(values: readonly (number | null)[]): number | null {
  const known = values.slice(0, Math.ceil(values.length / 2)).filter((value) => value !== null)
  return known.length === 0 ? null : ([...known].sort((a, b) => a - b)[Math.floor(known.length / 2)] ?? null)
}
