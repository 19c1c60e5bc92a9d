import { minutesBetween } from '../../domain/time.ts'
import { isAsAnnounced } from './planned.ts'
import type { Readings } from './readings.ts'
import type { SeriesReading } from './series-reading.ts'

/** What users feel. */
export interface Impact {
  /** `served`: fresh indicators of real use are within bounds. `unknown`: nothing fresh says either way. */
  readonly state: 'served' | 'hurt' | 'unknown'
  readonly severity: number
  readonly trend: 'recovering' | 'worsening' | 'steady'
  readonly bad: readonly SeriesReading[]
  readonly good: readonly SeriesReading[]
  /** Series that ended or hold no point. */
  readonly silent: readonly SeriesReading[]
  /** A latency is bad by one meter and well by all others. */
  readonly isContradicted: boolean
  /** Health checks that are not in order. */
  readonly redChecks: readonly string[]
}

/** Judges the impact from indicators of real use first, from outside checks where there are none. */
export function judgeImpact(readings: Readings): Impact {
  const sli = readings.series.filter((reading) => reading.meaning.isSli)
  const real = sli.filter((reading) => !reading.meaning.isProbe)
  const bad = real.filter((reading) => reading.state === 'bad')
  const good = real.filter((reading) => reading.state === 'good')
  const silent = readings.ownSeries.filter((reading) => reading.state === 'stale' || reading.state === 'absent')
  const redChecks = [...readings.checks.values()].filter((check) => check.status !== 'ok').map((check) => check.check)
  const outsideFails = redChecks.includes('external_uptime') || redChecks.includes('cross_cloud_probe')
  const badProbes = sli.filter((reading) => reading.meaning.isProbe && reading.state === 'bad')
  const severity = Math.max(0, ...[...bad, ...badProbes].map(weightOf))
  const disagrees = bad.length > 0 && isContradicted(bad, good, readings)
  const base = { bad: bad.length > 0 ? bad : badProbes, good, silent, redChecks, severity, isContradicted: disagrees }
  // Retries swell requests during an outage, so that the usual rate afterwards looks like a loss.
  if (bad.length > 0 && areFewerAfterwards(bad, good, readings))
    return { ...base, severity: 0, state: 'served', trend: 'recovering' }
  if (bad.length > 0 && isAsAnnounced(bad, good, readings))
    return { ...base, severity: 0, state: 'served', trend: 'steady' }
  if (bad.length > 0 && !disagrees) return { ...base, state: 'hurt', trend: trendOf(bad, readings) }
  // A flat error ratio alone may be the calm of a site that nobody reaches, and steady requests may all be answered with errors.
  const usageSeen =
    good.some((reading) => reading.meaning.kind === 'traffic' || reading.meaning.kind === 'success') ||
    readings.ownSeries.some(
      (reading) => reading.meaning.kind === 'traffic' && reading.state === 'good' && !reading.meaning.isProbe,
    )
  const qualitySeen = good.some((reading) => reading.meaning.kind === 'errors' || reading.meaning.kind === 'success')
  if (good.length > 0 && usageSeen && (qualitySeen || !outsideFails))
    return { ...base, severity: 0, state: 'served', trend: cameBack(good) ? 'recovering' : 'steady' }
  if (badProbes.length > 0) return { ...base, state: 'hurt', trend: trendOf(badProbes, readings) }
  if (good.length > 0 && !outsideFails) return { ...base, severity: 0, state: 'served', trend: 'steady' }
  return { ...base, state: 'unknown', trend: 'steady' }
}

/** Only a latency is bad, and a second meter of the same, use, quality and both outside checks all say that it is not. */
function isContradicted(bad: readonly SeriesReading[], good: readonly SeriesReading[], readings: Readings): boolean {
  const isOk = (name: string) => readings.checks.get(name)?.status === 'ok'
  return (
    bad.every((reading) => reading.meaning.kind === 'latency') &&
    good.some((reading) => reading.meaning.kind === 'traffic' || reading.meaning.kind === 'success') &&
    isOk('external_uptime') &&
    isOk('cross_cloud_probe') &&
    readings.ownSeries.some(
      (reading) => reading.meaning.kind === 'latency' && !reading.meaning.isProbe && reading.state === 'good',
    )
  )
}

/** Only requests are somewhat fewer, while quality came back from plainly bad and outside checks do not fail. */
function areFewerAfterwards(
  bad: readonly SeriesReading[],
  good: readonly SeriesReading[],
  readings: Readings,
): boolean {
  const quality = good.filter((reading) => reading.meaning.kind === 'errors' || reading.meaning.kind === 'success')
  return (
    bad.every((reading) => reading.meaning.kind === 'traffic' && reading.severity < 0.4) &&
    quality.some((reading) => reading.recovered >= 0.8 && reading.worst > 0.1) &&
    readings.checks.get('external_uptime')?.status === 'ok'
  )
}

function weightOf(reading: SeriesReading): number {
  return reading.meaning.kind === 'latency' || reading.meaning.kind === 'lag'
    ? reading.severity * 0.5
    : reading.severity
}

/** Recovering: what is still bad has given back a good part of its worst, and none is getting worse or comes and goes. */
function trendOf(bad: readonly SeriesReading[], readings: Readings): Impact['trend'] {
  const counted = bad.filter((reading) => reading.meaning.kind !== 'latency' && reading.meaning.kind !== 'lag')
  const leading = counted.length > 0 ? counted : bad
  if (leading.some((reading) => reading.trend === 'waves')) return 'steady'
  const heals = isMending(readings)
  const backed = leading.every(
    (reading) =>
      reading.recovered >= (reading.trend === 'improving' ? (heals ? 0.35 : 0.5) : heals ? 0.45 : 0.6) &&
      reading.trend !== 'worsening',
  )
  const errorsFall = leading.some(
    (reading) => reading.meaning.kind !== 'traffic' && reading.recovered >= 0.5 && reading.trend === 'improving',
  )
  if (backed || (heals && errorsFall && !leading.some((reading) => reading.trend === 'worsening'))) return 'recovering'
  return leading.some((reading) => reading.trend === 'worsening') ? 'worsening' : 'steady'
}

/** Something says why it gets better: healing lines, a vendor that reports a fix, or a step that we took since the onset. */
function isMending(readings: Readings): boolean {
  const lines = readings.logs.some((log) => log.topics.has('healing') && log.minutesSinceLast < 12)
  const vendor = readings.events.some(
    (event) =>
      (event.state === 'monitoring' || event.state === 'open') &&
      /restor|recover(?:ing|ed)|mitigat|fix (?:is|has|was)|falling|undoing|being moved|moved to other/i.test(
        event.text,
      ),
  )
  const step = readings.changes.some((change) => {
    const ago = minutesBetween(change.at, readings.snapshot.takenAt)
    return ago < readings.onsetMinutes - 2 && ago > 3
  })
  return lines || vendor || step
}

/** Within bounds now, after a stretch that was plainly not; a loss of quality that anyone felt counts however long it is over. */
function cameBack(good: readonly SeriesReading[]): boolean {
  return good.some(
    (reading) =>
      reading.recovered >= 0.8 &&
      reading.worst > (reading.meaning.kind === 'traffic' ? 0.25 : 0.015) &&
      (reading.badForMinutes !== null ||
        reading.startsBeforeWindow ||
        (reading.worst > 0.2 && (reading.meaning.kind === 'errors' || reading.meaning.kind === 'success'))),
  )
}
