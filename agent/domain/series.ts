import { z } from 'zod'
import type { SeriesSignal } from './signal.ts'
import { epochMs, Instant, instantOf } from './time.ts'

/** Which way a series moved away from its own past, and which way it is moving now. */
const Direction = z.enum(['up', 'down', 'flat'])
type Direction = z.infer<typeof Direction>

/**
 * What a series says in numbers. "Bad" is judged against the objective where there is one, otherwise against the series' own past; it is
 * null where nobody said which way is bad.
 */
export const SeriesSummary = z.object({
  /** `fresh`, or why its last value says nothing about now. `vanished`: it had data and stopped; `empty`: it never had any. */
  state: z.enum(['fresh', 'stale', 'vanished', 'empty']),
  samples: z.number().int().min(0),
  /** Share of points without a value (NaN, stale markers), 0..1. */
  missingShare: z.number().min(0).max(1),
  /** Seconds since the last value; null when it never had any. */
  ageSeconds: z.number().nullable(),
  /** Median before the change point, or of everything when nothing changed. */
  baseline: z.number().nullable(),
  spread: z.number().nullable(),
  /** Median of the last three values. */
  current: z.number().nullable(),
  changedAt: Instant.nullable(),
  /** How it moved at the change point. */
  direction: Direction,
  /** How it moves over the last ten minutes. */
  trend: Direction,
  /** Current level as a multiple of the baseline; null when the baseline is zero. */
  ratio: z.number().nullable(),
  /** Whether it is now far from its own past, whichever way. */
  isAbnormal: z.boolean(),
  isBad: z.boolean().nullable(),
  /** How many times beyond the bound it is now: above 1 is bad. */
  badness: z.number().nullable(),
  worstBadness: z.number().nullable(),
  /** How long it has been bad without a single good value and without a gap, up to its last value. */
  badForSeconds: z.number().min(0),
  /** Start of the first bad stretch within the window. */
  firstBadAt: Instant.nullable(),
  /** Bad points of the last ten minutes, 0..1. */
  badShare: z.number().min(0).max(1),
  /** It went back and forth between good and bad: a good moment is then no recovery. */
  isIntermittent: z.boolean(),
  /** It was bad, and has come at least half of the way back, steadily. */
  isRecovering: z.boolean(),
})
export type SeriesSummary = z.infer<typeof SeriesSummary>

const RECENT_SECONDS = 600
/** Beyond this, a deviation from the own past counts: small shifts of a noisy series are not news. */
const ABNORMAL_SPREADS = 6
const ABNORMAL_SHARE = 0.25
/** Badness is capped so that objectives of zero stay representable in JSON. */
const BADNESS_CAP = 1000
/** Keeps sums of squares finite. */
const LARGEST = 1e15

interface Sample {
  readonly at: number
  readonly value: number
}

const EMPTY: SeriesSummary = {
  state: 'empty',
  samples: 0,
  missingShare: 1,
  ageSeconds: null,
  baseline: null,
  spread: null,
  current: null,
  changedAt: null,
  direction: 'flat',
  trend: 'flat',
  ratio: null,
  isAbnormal: false,
  isBad: null,
  badness: null,
  worstBadness: null,
  badForSeconds: 0,
  firstBadAt: null,
  badShare: 0,
  isIntermittent: false,
  isRecovering: false,
}

/** Reduces a series to what can be decided on; never throws, whatever the points hold. */
export function summariseSeries(signal: SeriesSignal, now: Instant): SeriesSummary {
  const nowSeconds = epochMs(now) / 1000
  const samples = samplesUntil(signal, nowSeconds)
  const last = samples.at(-1)
  if (!last) return EMPTY
  const values = samples.map((sample) => sample.value)
  const change = changePoint(values)
  const before = change === null ? values : values.slice(0, change)
  const baseline = median(before)
  const spread = spreadOf(before, baseline)
  const current = median(values.slice(-3))
  const band = Math.max(ABNORMAL_SPREADS * spread, ABNORMAL_SHARE * Math.abs(baseline))
  const ageSeconds = Math.max(0, nowSeconds - last.at)
  const recent = samples.filter((sample) => last.at - sample.at <= RECENT_SECONDS)
  const badnessAt = badnessOf(signal, baseline, band)
  const freshSeconds = freshFor(signal.stepSeconds)
  return {
    state: stateOf(ageSeconds, signal.stepSeconds),
    samples: samples.length,
    missingShare: signal.points.length === 0 ? 1 : 1 - samples.length / signal.points.length,
    ageSeconds,
    baseline,
    spread,
    current,
    changedAt: change === null ? null : instantAt(samples[change]!.at),
    direction: change === null ? 'flat' : median(values.slice(change)) > baseline ? 'up' : 'down',
    trend: trendOf(recent, Math.max(band / 2, Math.abs(current) * 0.15)),
    ratio: baseline === 0 ? null : Math.max(-LARGEST, Math.min(LARGEST, current / baseline)),
    isAbnormal: Math.abs(current - baseline) > band && band > 0,
    ...badStretches(samples, recent, badnessAt, freshSeconds),
  }
}

function samplesUntil(signal: SeriesSignal, nowSeconds: number): Sample[] {
  const samples: Sample[] = []
  // Points from the future are a skewed clock's; they say nothing about now.
  for (const [at, value] of signal.points)
    if (value !== null && Number.isFinite(value) && at >= 0 && at <= nowSeconds + signal.stepSeconds)
      samples.push({ at, value: Math.max(-LARGEST, Math.min(LARGEST, value)) })
  return samples.sort((a, b) => a.at - b.at)
}

/** How long a value speaks for what came after it. */
function freshFor(stepSeconds: number): number {
  return Math.max(4 * stepSeconds, 120)
}

function stateOf(ageSeconds: number, stepSeconds: number): SeriesSummary['state'] {
  if (ageSeconds <= freshFor(stepSeconds)) return 'fresh'
  return ageSeconds <= Math.max(10 * stepSeconds, 300) ? 'stale' : 'vanished'
}

type Badness = ((value: number) => number) | null

/** How far beyond its bound a value is: 1 is at the bound. Null when the series has no bad side. */
function badnessOf(signal: SeriesSignal, baseline: number, band: number): Badness {
  const sli = signal.sli
  if (!sli) return null
  const cap = (value: number) => Math.min(BADNESS_CAP, Math.max(0, Number.isFinite(value) ? value : BADNESS_CAP))
  const objective = sli.objective
  if (objective === undefined) {
    if (band === 0)
      return sli.badWhen === 'high' ? (v) => (v > baseline ? BADNESS_CAP : 0) : (v) => (v < baseline ? 2 : 0)
    return sli.badWhen === 'high' ? (v) => cap((v - baseline) / band) : (v) => cap((baseline - v) / band)
  }
  if (sli.badWhen === 'high')
    return (v) => (v <= objective ? cap(objective > 0 ? v / objective : 0) : cap(v / objective))
  // For shares of success, what counts is how much more fails than may: 0.6 against 0.99 is forty times the allowance.
  const allowance = 1 - objective
  if (objective > 0.5 && allowance > 0) return (v) => cap((1 - v) / allowance)
  return (v) => (v >= objective ? cap(v > 0 ? objective / v : 0) : cap(v > 0 ? objective / v : BADNESS_CAP))
}

function badStretches(samples: readonly Sample[], recent: readonly Sample[], badness: Badness, freshSeconds: number) {
  const none = { isBad: null, badness: null, worstBadness: null, badForSeconds: 0, firstBadAt: null, badShare: 0 }
  if (!badness) return { ...none, isIntermittent: false, isRecovering: false }
  const scores = samples.map((sample) => badness(sample.value))
  const smooth = scores.map((_, index) => median(scores.slice(Math.max(0, index - 2), index + 1)))
  const isBadAt = scores.map((score) => score > 1)
  const current = smooth.at(-1)!
  const worst = smooth.reduce((a, b) => Math.max(a, b), 0)
  const recentBad = recent.filter((sample) => badness(sample.value) > 1).length
  let start = isBadAt.length
  // What was not measured was not bad either: a stretch begins anew behind a gap.
  const isGapAt = (index: number) => (samples[index]?.at ?? 0) - (samples[index - 1]?.at ?? 0) > freshSeconds
  while (start > 0 && isBadAt[start - 1] && (start === samples.length || !isGapAt(start))) start--
  const first = isBadAt.findIndex((bad, index) => bad && (isBadAt[index + 1] ?? isBadAt[index - 1] ?? false))
  const isIntermittent = turns(isBadAt) >= 4
  return {
    isBad: isBadAt.at(-1)! && current > 1,
    badness: current,
    worstBadness: worst,
    badForSeconds: start < samples.length ? samples.at(-1)!.at - samples[start]!.at : 0,
    firstBadAt: first < 0 ? null : instantAt(samples[first]!.at),
    badShare: recent.length === 0 ? 0 : recentBad / recent.length,
    isIntermittent,
    isRecovering: !isIntermittent && worst > 1 && isComingBack(smooth, current, worst),
  }
}

/** Half of the way back from the worst, and no worse than shortly before. */
function isComingBack(smooth: readonly number[], current: number, worst: number): boolean {
  if (current > worst / 2) return false
  if (current <= 1) return true
  const window = smooth.slice(-20)
  const half = Math.floor(window.length / 2)
  return half > 0 && median(window.slice(half)) < 0.9 * median(window.slice(0, half))
}

/** Changes between good and bad that lasted at least two points each. */
function turns(flags: readonly boolean[]): number {
  let count = 0
  let settled = flags[0] ?? false
  for (let index = 1; index < flags.length; index++) {
    const flag = flags[index]!
    if (flag !== settled && flags[index - 1] === flag) {
      settled = flag
      count++
    }
  }
  return count
}

/** Where splitting the values into two levels explains most of their variation; null when it explains too little to matter. */
function changePoint(values: readonly number[]): number | null {
  const n = values.length
  if (n < 8) return null
  let total = 0
  let squares = 0
  for (const value of values) {
    total += value
    squares += value * value
  }
  const whole = squares - (total * total) / n
  if (!(whole > 0)) return null
  let left = 0
  let leftSquares = 0
  let best = Number.POSITIVE_INFINITY
  let at: number | null = null
  for (let index = 1; index < n; index++) {
    left += values[index - 1]!
    leftSquares += values[index - 1]! ** 2
    if (index < 3 || n - index < 2) continue
    const right = total - left
    const within = leftSquares - left ** 2 / index + (squares - leftSquares) - right ** 2 / (n - index)
    if (within < best) {
      best = within
      at = index
    }
  }
  if (at === null || best > 0.5 * whole) return null
  const before = median(values.slice(0, at))
  const after = median(values.slice(at))
  const spread = spreadOf(values.slice(0, at), before)
  // A level that rose within its own noise, or by a tenth, is no change.
  return Math.abs(after - before) > Math.max(3 * spread, 0.1 * Math.abs(before)) ? at : null
}

function trendOf(recent: readonly Sample[], threshold: number): Direction {
  if (recent.length < 4) return 'flat'
  const third = Math.max(2, Math.floor(recent.length / 3))
  const head = median(recent.slice(0, third).map((sample) => sample.value))
  const tail = median(recent.slice(-third).map((sample) => sample.value))
  if (Math.abs(tail - head) <= threshold) return 'flat'
  return tail > head ? 'up' : 'down'
}

/** Median of a list; 0 of an empty one. */
function median(values: readonly number[]): number {
  if (values.length === 0) return 0
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Median absolute deviation, scaled to a standard deviation. */
function spreadOf(values: readonly number[], center: number): number {
  return 1.4826 * median(values.map((value) => Math.abs(value - center)))
}

function instantAt(seconds: number): Instant {
  return instantOf(Math.round(seconds * 1000))
}
