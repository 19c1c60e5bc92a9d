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
  /** Indicators that ended or hold no point. */
  readonly silent: readonly SeriesReading[]
  readonly outsideChecksFail: boolean
}

/** Judges the impact from indicators of real use first, from outside checks where there are none. */
export function judgeImpact(readings: Readings): Impact {
  const sli = readings.series.filter((reading) => reading.meaning.isSli)
  const real = sli.filter((reading) => !reading.meaning.isProbe)
  const bad = real.filter((reading) => reading.state === 'bad')
  const good = real.filter((reading) => reading.state === 'good')
  const silent = readings.series.filter((reading) => reading.state === 'stale' || reading.state === 'absent')
  const outside = ['external_uptime', 'cross_cloud_probe'].map((name) => readings.checks.get(name)?.status)
  const outsideChecksFail = outside.some((status) => status === 'error' || status === 'degraded')
  const badProbes = sli.filter((reading) => reading.meaning.isProbe && reading.state === 'bad')
  const severity = Math.max(0, ...[...bad, ...badProbes].map(weightOf))
  const usage = readings.series.filter(
    (reading) => reading.meaning.kind === 'traffic' && reading.state === 'good' && !reading.meaning.isProbe,
  )
  const base = { bad: bad.length > 0 ? bad : badProbes, good, silent, outsideChecksFail, severity }
  if (bad.length > 0) return { ...base, state: 'hurt', trend: trendOf(bad, readings) }
  // A flat error ratio alone may be the calm of a site that nobody reaches: use must be seen as well.
  const usageSeen =
    good.some((reading) => reading.meaning.kind === 'traffic' || reading.meaning.kind === 'success') || usage.length > 0
  if (good.length > 0 && usageSeen)
    return { ...base, severity: 0, state: 'served', trend: recoveredGood(good) ? 'recovering' : 'steady' }
  if (badProbes.length > 0) return { ...base, state: 'hurt', trend: trendOf(badProbes, readings) }
  if (good.length > 0 && !outsideChecksFail) return { ...base, severity: 0, state: 'served', trend: 'steady' }
  return { ...base, state: 'unknown', trend: 'steady' }
}

function weightOf(reading: SeriesReading): number {
  return reading.meaning.kind === 'latency' || reading.meaning.kind === 'lag'
    ? reading.severity * 0.5
    : reading.severity
}

/** Recovering: every indicator that is still bad has given back a good part of its worst, and none is getting worse or comes and goes. */
function trendOf(bad: readonly SeriesReading[], readings: Readings): Impact['trend'] {
  const counted = bad.filter((reading) => reading.meaning.kind !== 'latency' && reading.meaning.kind !== 'lag')
  const leading = counted.length > 0 ? counted : bad
  if (leading.some((reading) => reading.trend === 'waves')) return 'steady'
  const heals = readings.logs.some((log) => log.topics.has('healing') && log.minutesSinceLast < 12)
  const backed = leading.every(
    (reading) =>
      reading.recovered >= (reading.trend === 'improving' ? 0.35 : heals ? 0.45 : 0.55) &&
      reading.trend !== 'worsening',
  )
  const isErrorsFalling = leading.some(
    (reading) => reading.meaning.kind !== 'traffic' && reading.recovered >= 0.5 && reading.trend === 'improving',
  )
  if (backed || isErrorsFalling) return 'recovering'
  return leading.some((reading) => reading.trend === 'worsening') ? 'worsening' : 'steady'
}

function recoveredGood(good: readonly SeriesReading[]): boolean {
  return good.some((reading) => reading.recovered >= 0.9 && reading.badForMinutes !== null)
}
