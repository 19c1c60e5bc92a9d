import { seeded } from './random.ts'
import { bootstrap, bootstrapMean, type Interval, quantile, wilson } from './statistics.ts'

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
  const gaps = new Float64Array(BINS)
  for (const { confidence, correct } of forecasts) gaps[binOf(confidence)]! += confidence - (correct ? 1 : 0)
  return gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / forecasts.length
}

/** How far stated confidence can be believed, with intervals, because a small set shows a gap even when there is none. */
export function reliability(forecasts: readonly Forecast[], seed: string): Reliability {
  const groups = forecasts.map((forecast) => forecast.group)
  const miss = ({ confidence, correct }: Forecast) => confidence - (correct ? 1 : 0)
  const ones = forecasts.map(() => 1)
  const gapsByBin = Array.from({ length: BINS }, (_, bin) =>
    forecasts.map((forecast) => (binOf(forecast.confidence) === bin ? miss(forecast) : 0)),
  )
  const gapSum = (sums: Float64Array) => {
    let sum = 0
    for (let bin = 1; bin <= BINS; bin++) sum += Math.abs(sums[bin] as number)
    return sum / (sums[0] as number)
  }
  return {
    forecasts: forecasts.length,
    brier: brier(forecasts),
    brierInterval: bootstrapMean(
      forecasts.map((forecast) => miss(forecast) ** 2),
      groups,
      `${seed}:brier`,
    ),
    ece: ece(forecasts),
    eceInterval: bootstrap(groups, [ones, ...gapsByBin], gapSum, `${seed}:ece`),
    eceNoise: eceNoise(forecasts, seed),
    bins: binsOf(forecasts),
  }
}

/** Outcomes are redrawn from the stated confidence itself: what gap remains is chance. */
function eceNoise(forecasts: readonly Forecast[], seed: string): number {
  const random = seeded(`${seed}:noise`)
  const rounds = Math.max(100, Math.min(1000, Math.floor(1_000_000 / Math.max(1, forecasts.length))))
  const found = new Float64Array(rounds)
  const gaps = new Float64Array(BINS)
  for (let round = 0; round < rounds; round++) {
    gaps.fill(0)
    for (const { confidence } of forecasts) gaps[binOf(confidence)]! += confidence - (random() < confidence ? 1 : 0)
    found[round] = gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / forecasts.length
  }
  return quantile([...found.sort()], 0.95)
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
