import { seeded } from './random.ts'
import { bootstrap, type Interval, quantile, wilson } from './statistics.ts'

/** One statement of confidence and whether it came true; `group` says which statements hang together. */
export interface Forecast {
  readonly confidence: number
  readonly correct: boolean
  readonly group: string
}

export interface ReliabilityBin {
  readonly from: number
  readonly to: number
  readonly count: number
  readonly meanConfidence: number
  readonly accuracy: number
  readonly accuracyInterval: Interval
}

export interface Reliability {
  readonly forecasts: number
  /** Mean squared distance of confidence and outcome; lower is better, .25 is a coin. */
  readonly brier: number
  readonly brierInterval: Interval
  /** Mean gap between stated confidence and what came true, over bins weighted by size. */
  readonly ece: number
  readonly eceInterval: Interval
  /** The ECE that perfectly calibrated statements of this confidence would show by chance alone (its 95th percentile). */
  readonly eceNoise: number
  readonly bins: readonly ReliabilityBin[]
}

const BINS = 10

/** Brier score of the forecasts; NaN for none. */
export function brier(forecasts: readonly Forecast[]): number {
  let sum = 0
  for (const { confidence, correct } of forecasts) sum += (confidence - (correct ? 1 : 0)) ** 2
  return sum / forecasts.length
}

function binOf(confidence: number): number {
  return Math.min(BINS - 1, Math.floor(confidence * BINS))
}

/** Expected calibration error over ten equal bins; NaN for none. */
export function ece(forecasts: readonly Forecast[]): number {
  const stated = new Float64Array(BINS)
  const came = new Float64Array(BINS)
  for (const { confidence, correct } of forecasts) {
    stated[binOf(confidence)]! += confidence
    if (correct) came[binOf(confidence)]! += 1
  }
  let gap = 0
  for (let bin = 0; bin < BINS; bin++) gap += Math.abs((stated[bin] as number) - (came[bin] as number))
  return gap / forecasts.length
}

/** How far stated confidence can be believed, with intervals, because a small set shows a gap even when there is none. */
export function reliability(forecasts: readonly Forecast[], seed: string): Reliability {
  const groups = forecasts.map((forecast) => forecast.group)
  const over = (measure: (of: readonly Forecast[]) => number) => (drawn: Int32Array) =>
    measure(Array.from(drawn, (index) => forecasts[index] as Forecast))
  return {
    forecasts: forecasts.length,
    brier: brier(forecasts),
    brierInterval: bootstrap(groups, over(brier), `${seed}:brier`),
    ece: ece(forecasts),
    eceInterval: bootstrap(groups, over(ece), `${seed}:ece`),
    eceNoise: eceNoise(forecasts, seed),
    bins: binsOf(forecasts),
  }
}

/** Outcomes are redrawn from the stated confidence itself: what gap remains is chance. */
function eceNoise(forecasts: readonly Forecast[], seed: string): number {
  const random = seeded(`${seed}:noise`)
  const gaps: number[] = []
  const rounds = Math.max(100, Math.min(1000, Math.floor(1_000_000 / Math.max(1, forecasts.length))))
  for (let round = 0; round < rounds; round++) {
    gaps.push(ece(forecasts.map((forecast) => ({ ...forecast, correct: random() < forecast.confidence }))))
  }
  return quantile(
    gaps.sort((a, b) => a - b),
    0.95,
  )
}

function binsOf(forecasts: readonly Forecast[]): ReliabilityBin[] {
  const bins: ReliabilityBin[] = []
  for (let bin = 0; bin < BINS; bin++) {
    const inside = forecasts.filter(({ confidence }) => binOf(confidence) === bin)
    if (inside.length === 0) continue
    const hits = inside.filter(({ correct }) => correct).length
    bins.push({
      from: bin / BINS,
      to: (bin + 1) / BINS,
      count: inside.length,
      meanConfidence: inside.reduce((sum, { confidence }) => sum + confidence, 0) / inside.length,
      accuracy: hits / inside.length,
      accuracyInterval: wilson(hits, inside.length),
    })
  }
  return bins
}
