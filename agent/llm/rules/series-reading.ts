import type { SeriesSignal } from '../../domain/signal.ts'
import { epochMs, type Instant } from '../../domain/time.ts'
import { directionOf, type SeriesMeaning } from './series-meaning.ts'

/** What one series says at the moment of the decision. */
export interface SeriesReading {
  readonly signal: SeriesSignal
  readonly meaning: SeriesMeaning
  /** `absent` has no usable point, `stale` ended some time ago: neither of them says that things are well. */
  readonly state: 'good' | 'bad' | 'stale' | 'absent' | 'unclear'
  readonly now: number | null
  /** What it was when it was well: a low or high quantile of the window, depending on which way is bad. */
  readonly usual: number | null
  /** 0 (as usual) to 1 (as bad as it can be). */
  readonly severity: number
  /** Minutes from the start of the bad stretch to the decision; null when it is not bad or the start lies before the window. */
  readonly badForMinutes: number | null
  readonly startsBeforeWindow: boolean
  /** Minutes since the last usable point. */
  readonly silentMinutes: number | null
  readonly trend: 'improving' | 'worsening' | 'steady' | 'waves' | 'unknown'
  /** Share of the worst deviation that is already gone, 0..1. */
  readonly recovered: number
  /** The worst severity within the window. */
  readonly worst: number
}

const STALE_MINUTES = 5

/** Reads one series: is it bad now, since when, and is it getting better. */
export function readSeries(signal: SeriesSignal, takenAt: Instant): SeriesReading {
  const nowMs = epochMs(takenAt)
  const points = signal.points
    .filter((point): point is [number, number] => point[1] !== null && point[0] * 1000 <= nowMs + 60_000)
    .map(([seconds, value]) => ({ minutesAgo: (nowMs - seconds * 1000) / 60_000, value }))
    // The median of three neighbours: one outlier is noise, two are a change.
    .map((point, index, all) => ({
      ...point,
      value: median(all.slice(Math.max(0, index - 1), index + 2).map((one) => one.value)) ?? point.value,
    }))
  const raw = points.length === 0 ? [] : signal.points.map((point) => point[1]).filter((value) => value !== null)
  const meaning = directionOf(signal)
  const empty = {
    signal,
    meaning,
    now: null,
    usual: null,
    severity: 0,
    badForMinutes: null,
    startsBeforeWindow: false,
    silentMinutes: null,
    trend: 'unknown' as const,
    recovered: 0,
    worst: 0,
  }
  const last = points.at(-1)
  if (!last) return { ...empty, state: 'absent' }
  const values = points.map((point) => point.value)
  const usual = usualLevel(values, meaning, signal)
  if (last.minutesAgo > STALE_MINUTES) return { ...empty, state: 'stale', usual, silentMinutes: last.minutesAgo }
  const level = (from: number, to: number) =>
    median(points.filter((point) => point.minutesAgo >= from && point.minutesAgo < to).map((point) => point.value))
  const current = median(raw.slice(-3)) ?? last.value
  const badness = (value: number) => severityOf(value, usual, meaning, signal)
  const flags = points.map((point) => ({ minutesAgo: point.minutesAgo, severity: badness(point.value) }))
  const worst = Math.max(0, ...flags.map((flag) => flag.severity))
  const waves = countWaves(flags.map((flag) => flag.severity > 0.02))
  // What comes and goes is not over because it is gone at this minute.
  const lately = flags.filter((flag) => flag.minutesAgo <= 12).map((flag) => flag.severity)
  const severity = waves >= 3 && lately.length > 0 ? quantile(lately, 0.75) : badness(current)
  const state = meaning.badWhen === null ? 'unclear' : severity > 0 ? 'bad' : 'good'
  const stretch = startOfStretch(flags, Math.max(0.003, worst * 0.1))
  const earlier = level(7, 12)
  const before = earlier === null ? null : badness(earlier)
  const recovered = worst > 0 ? Math.max(0, (worst - severity) / worst) : 0
  const trend =
    waves >= 3
      ? 'waves'
      : before === null
        ? 'unknown'
        : severity < before * 0.75 - 0.001
          ? 'improving'
          : severity > before * 1.15 + 0.01
            ? 'worsening'
            : 'steady'
  return {
    signal,
    meaning,
    state,
    now: current,
    usual,
    severity,
    badForMinutes: stretch.beforeWindow ? null : stretch.minutesAgo,
    startsBeforeWindow: stretch.beforeWindow,
    silentMinutes: last.minutesAgo,
    trend,
    recovered,
    worst,
  }
}

/** The level when well: an outage may fill most of the window, so it is taken near the good end, and a share of errors is never "usual" beyond its objective. */
function usualLevel(values: readonly number[], meaning: SeriesMeaning, signal: SeriesSignal): number {
  if (meaning.badWhen === 'low') return quantile(values, 0.88)
  const level = quantile(values, 0.08)
  const ceiling =
    signal.sli?.objective ?? (meaning.isShare && meaning.kind === 'errors' ? 0.03 : Number.POSITIVE_INFINITY)
  return Math.min(level, ceiling)
}

/** How far a value is from well, 0..1, by what the series means. */
function severityOf(value: number, usual: number, meaning: SeriesMeaning, signal: SeriesSignal): number {
  const objective = signal.sli?.objective
  if (meaning.badWhen === null) return 0
  if (meaning.badWhen === 'low') {
    if (meaning.isShare) {
      // With an objective the window need not hold a good time at all.
      const bound = objective ?? usual - Math.max(0.03, usual * 0.05)
      return value < bound ? clamp(1 - value / Math.max(usual, objective ?? 0, 1e-9)) : 0
    }
    // Traffic breathes: a fifth less than usual is not yet a loss.
    return value < usual * 0.78 ? clamp(1 - value / Math.max(usual, 1e-9)) : 0
  }
  if (meaning.kind === 'saturation' && !meaning.isShare) return 0
  if (meaning.kind === 'saturation')
    return meaning.isShare && value > 0.9 && value > usual * 1.15 ? clamp((value - usual) / (1 - usual + 1e-9)) : 0
  if (meaning.isShare) {
    const bound = objective === undefined ? Math.max(0.01, usual * 3) : Math.max(objective, usual * 1.5)
    return value > bound ? clamp(value - usual) : 0
  }
  const bound = Math.max(objective ?? 0, usual * 2 + (meaning.kind === 'lag' ? 5 : 0))
  return value > bound && value > 0 ? clamp(1 - (usual + 1e-9) / value) : 0
}

/** Where the last bad stretch began; a calm gap of under three minutes does not end it. */
function startOfStretch(
  flags: readonly { minutesAgo: number; severity: number }[],
  threshold: number,
): {
  minutesAgo: number | null
  beforeWindow: boolean
} {
  let start: number | null = null
  let calm = 0
  for (let index = flags.length - 1; index >= 0; index--) {
    const flag = flags[index]
    if (!flag) continue
    if (flag.severity > threshold) {
      start = flag.minutesAgo
      calm = 0
    } else if (++calm > 14 && start !== null) break
    else if (start === null && calm > 20) break
  }
  const first = flags[0]
  if (start === null || !first) return { minutesAgo: null, beforeWindow: false }
  return {
    minutesAgo: start,
    beforeWindow: start > first.minutesAgo - 2 && flags.slice(0, 3).some((flag) => flag.severity > threshold),
  }
}

function countWaves(bad: readonly boolean[]): number {
  let waves = 0
  let run = 0
  let current: boolean | undefined
  for (const flag of bad) {
    if (flag === current) run++
    else {
      current = flag
      run = 1
    }
    if (run === 5 && flag) waves++
  }
  return waves
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.floor(share * sorted.length)))] ?? 0
}

function median(values: readonly number[]): number | null {
  return values.length === 0 ? null : quantile(values, 0.5)
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value))
}
