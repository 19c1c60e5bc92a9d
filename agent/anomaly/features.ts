import type { Feature } from './parameters.ts'
import { gainOfHalfLife } from './quantile.ts'

/** Memory of the last rows; NaN marks a row without a reading. */
export interface FeatureState {
  /** Ring of normalised rows, row-major. */
  readonly ring: Float64Array
  /** One exponential average per departure feature and metric; NaN until the first reading. */
  readonly averages: Float64Array
  /** Rows since each metric was last read. */
  readonly silence: Float64Array
  /** [rows written into the ring] */
  readonly counters: Float64Array
}

/** A silence longer than this forgets the short averages, so that the return is not a jump. */
const FORGET_ROWS = 30

export function ringRows(features: readonly Feature[]): number {
  return 1 + Math.max(0, ...features.map((f) => (f.kind === 'change' ? f.rows : 0)))
}

export function startFeatures(features: readonly Feature[], metrics: number): FeatureState {
  const departures = features.filter((f) => f.kind === 'departure').length
  return {
    ring: new Float64Array(ringRows(features) * metrics).fill(Number.NaN),
    averages: new Float64Array(departures * metrics).fill(Number.NaN),
    silence: new Float64Array(metrics),
    counters: new Float64Array(1),
  }
}

/**
 * A function that writes one row's features, feature after feature, metric after metric; NaN where a reading is
 * missing now or at the row it is compared with.
 */
export function featureWriter(
  features: readonly Feature[],
  metrics: number,
  state: FeatureState,
): { write(z: Float64Array, out: Float64Array): void; skip(rows: number): void } {
  const rows = ringRows(features)
  const { ring, averages, silence, counters } = state
  const gains = features.filter((f) => f.kind === 'departure').map((f) => gainOfHalfLife(f.rows))
  const write = (z: Float64Array, out: Float64Array): void => {
    const at = counters[0]! % rows
    const base = at * metrics
    for (let j = 0; j < metrics; j++) {
      const v = z[j]!
      ring[base + j] = v
      if (Number.isNaN(v)) silence[j] = silence[j]! + 1
      else if (silence[j] !== 0) {
        if (silence[j]! > FORGET_ROWS) for (let a = j; a < averages.length; a += metrics) averages[a] = Number.NaN
        silence[j] = 0
      }
    }
    counters[0] = counters[0]! + 1
    let departure = 0
    for (let f = 0; f < features.length; f++) {
      const feature = features[f]!
      const o = f * metrics
      if (feature.kind === 'level') for (let j = 0; j < metrics; j++) out[o + j] = z[j]!
      else if (feature.kind === 'change') {
        const past = ((at - feature.rows + rows) % rows) * metrics
        for (let j = 0; j < metrics; j++) out[o + j] = z[j]! - ring[past + j]!
      } else {
        const gain = gains[departure]!
        const a = departure * metrics
        for (let j = 0; j < metrics; j++) {
          const v = z[j]!
          const average = averages[a + j]!
          if (Number.isNaN(v)) out[o + j] = v
          else if (Number.isNaN(average)) {
            out[o + j] = 0
            averages[a + j] = v
          } else {
            out[o + j] = v - average
            averages[a + j] = average + gain * (v - average)
          }
        }
        departure++
      }
    }
  }
  const skip = (missing: number): void => {
    for (let k = 0; k < Math.min(missing, rows); k++) {
      const base = (counters[0]! % rows) * metrics
      ring.fill(Number.NaN, base, base + metrics)
      counters[0] = counters[0]! + 1
    }
    for (let j = 0; j < metrics; j++) silence[j] = silence[j]! + missing
  }
  return { write, skip }
}
