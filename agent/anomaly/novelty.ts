import { gainOfHalfLife } from './quantile.ts'
import { rankStream } from './rank.ts'
import { reservoir } from './reservoir.ts'

/** Score in [0,1) per reading of one series that nothing is known about; each row is ranked against its own past. */
export interface NoveltyScorer {
  score(value: number): number
}

const WINDOWS = [1, 4, 12] as const
const RESERVOIR_ROWS = 1500
const LEAST_PAST = 60
const LEVEL_HALF_LIFE = 400
const NOISE_HALF_LIFE = 20
const NOISE_LEVEL_HALF_LIFE = 800
const NOISE_SMOOTHING = 10
const WINSOR = 4
/** A second report within this many rows must exceed the first by this factor. */
const REPEAT_ROWS = 400
const REPEAT_FACTOR = 1.2
/** Maps the mean of -log10(rank) into [0,1); 3 means once in a thousand rows is one half. */
const HALF_AT = 3

/** How far a value is from a slow winsorised mean, in its slow deviations. */
export function slowDeviation(halfLifeRows: number): (value: number) => number {
  const gain = gainOfHalfLife(halfLifeRows)
  let mean = Number.NaN
  let variance = 0
  let rows = 0
  return (value) => {
    if (Number.isNaN(mean)) mean = value
    rows++
    const g = Math.max(gain, 1 / rows)
    const r = value - mean
    const deviation = Math.sqrt(variance)
    const far = deviation > 0 ? Math.abs(r) / deviation : r === 0 ? 0 : 8
    const limit = WINSOR * deviation
    const bounded = deviation > 0 && rows > 20 ? Math.max(-limit, Math.min(limit, r)) : r
    mean += g * bounded
    variance += g * (bounded * bounded - variance)
    return far
  }
}

function average(halfLifeRows: number): (value: number) => number {
  const gain = gainOfHalfLife(halfLifeRows)
  let mean = Number.NaN
  let rows = 0
  return (value) => {
    if (Number.isNaN(mean)) mean = value
    rows++
    mean += Math.max(gain, 1 / rows) * (value - mean)
    return mean
  }
}

/**
 * Five views of one series, each ranked against its own past: is this value, this stretch of 4 or 12 readings unlike all
 * remembered ones (nearest neighbour), is the level off, is the noise off. Their mean log rank is the score; repeats are
 * suppressed. Scale and offset of the series cancel out.
 */
export function createNoveltyScorer(seed = 12_345): NoveltyScorer {
  const stretches = WINDOWS.map((window) => ({
    memory: reservoir({ window, capacity: RESERVOIR_ROWS, least: LEAST_PAST, seed }),
    rank: rankStream(),
  }))
  const level = slowDeviation(LEVEL_HALF_LIFE)
  const levelRank = rankStream()
  const smooth = average(NOISE_HALF_LIFE)
  const noise = average(NOISE_SMOOTHING)
  const noiseLevel = slowDeviation(NOISE_LEVEL_HALF_LIFE)
  const noiseRank = rankStream()
  let row = 0
  let reported = 0
  let reportedAt = Number.NEGATIVE_INFINITY
  let last = Number.NaN
  return {
    score(reading) {
      // A gap repeats the last reading: nothing new was seen.
      const value = Number.isFinite(reading) ? reading : last
      row++
      if (!Number.isFinite(value)) return 0
      last = value
      let sum = 0
      for (const { memory, rank } of stretches) sum += rank(memory(value))
      sum += levelRank(level(value))
      sum += noiseRank(noiseLevel(noise(Math.abs(value - smooth(value)))))
      const mean = sum / (WINDOWS.length + 2)
      const bar = row - reportedAt < REPEAT_ROWS ? reported * REPEAT_FACTOR : 0
      if (mean <= bar) return 0
      reported = mean
      reportedAt = row
      return mean / (mean + HALF_AT)
    },
  }
}
