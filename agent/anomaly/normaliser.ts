import { gainOfHalfLife, quantileOfSorted, sortedFinite } from './quantile.ts'

/** What a metric is, as seen in its history. A counter is read as its increase per row. */
export const METRIC_KINDS = Object.freeze({ gauge: 0, counter: 1, absent: 2 } as const)

/** Frozen by training, one entry per metric. */
export interface MetricTable {
  readonly kind: Uint8Array
  readonly centre: Float64Array
  readonly scale: Float64Array
}

/** What moves with the stream, one entry per metric. */
export interface NormaliserState {
  readonly place: Float64Array
  readonly variance: Float64Array
  /** Last raw reading of a counter and how many rows ago it was. */
  readonly lastRaw: Float64Array
  readonly lastAge: Float64Array
}

/** Most drops of a counter are resets to nearly nothing; a gauge falls by small amounts all the time. */
const COUNTER_RISES = 0.5
const COUNTER_FALLS = 0.005

function looksLikeCounter(values: Float64Array): boolean {
  let rises = 0
  let falls = 0
  let steps = 0
  let previous = Number.NaN
  for (const v of values) {
    if (!Number.isFinite(v)) continue
    if (v < 0) return false
    if (Number.isFinite(previous)) {
      steps++
      if (v > previous) rises++
      else if (v < previous) {
        if (v > previous / 2) return false
        falls++
      }
    }
    previous = v
  }
  return steps >= 50 && rises / steps >= COUNTER_RISES && falls / steps <= COUNTER_FALLS
}

/** A counter's increase since the last reading, per row; after a reset the new reading is the increase. */
export function counterIncrease(value: number, last: number, age: number): number {
  if (!Number.isFinite(value) || !Number.isFinite(last)) return Number.NaN
  return (value >= last ? value - last : value) / Math.max(1, age)
}

function increases(values: Float64Array): Float64Array {
  const out = new Float64Array(values.length).fill(Number.NaN)
  let last = Number.NaN
  let age = 0
  for (let i = 0; i < values.length; i++) {
    age++
    const v = values[i]!
    out[i] = counterIncrease(v, last, age)
    if (Number.isFinite(v)) {
      last = v
      age = 0
    }
  }
  return out
}

/** Reads kind, centre and spread of every metric from its history; no labels, no units, no names. */
export function describeMetrics(columns: readonly Float64Array[], leastReadings: number): MetricTable {
  const count = columns.length
  const table = { kind: new Uint8Array(count), centre: new Float64Array(count), scale: new Float64Array(count) }
  columns.forEach((column, j) => {
    const counter = looksLikeCounter(column)
    const values = sortedFinite(counter ? increases(column) : column)
    if (values.length < leastReadings) {
      table.kind[j] = METRIC_KINDS.absent
      return
    }
    table.kind[j] = counter ? METRIC_KINDS.counter : METRIC_KINDS.gauge
    table.centre[j] = quantileOfSorted(values, 0.5)
    table.scale[j] = boundedDeviation(values)
  })
  return table
}

/** Standard deviation after cutting wild extremes, so that one absurd reading cannot blind a metric for good. */
export function boundedDeviation(sorted: Float64Array): number {
  const low = quantileOfSorted(sorted, 0.001)
  const high = quantileOfSorted(sorted, 0.999)
  const reach = 3 * (high - low)
  let mean = 0
  let square = 0
  let n = 0
  for (const raw of sorted) {
    const v = reach > 0 ? Math.min(high + reach, Math.max(low - reach, raw)) : raw
    n++
    const step = v - mean
    mean += step / n
    square += step * (v - mean)
  }
  const deviation = Math.sqrt(square / Math.max(1, n))
  // Rounding of a constant at a large offset is not a spread.
  return deviation <= 1e-9 * Math.max(Math.abs(low), Math.abs(high)) ? 0 : deviation
}

export function startNormaliser(table: MetricTable): NormaliserState {
  const count = table.kind.length
  return {
    place: Float64Array.from(table.centre),
    variance: table.scale.map((s) => s * s),
    lastRaw: new Float64Array(count).fill(Number.NaN),
    lastAge: new Float64Array(count),
  }
}

/** A function that turns one raw row into normalised values (NaN where there is no reading) and adapts. */
export function normaliser(
  table: MetricTable,
  state: NormaliserState,
  options: { readonly adaptRows: number; readonly winsor: number; readonly clip: number },
): (row: ArrayLike<number>, steps: number, out: Float64Array) => void {
  const { kind, scale } = table
  const { place, variance, lastRaw, lastAge } = state
  const count = kind.length
  const gain = gainOfHalfLife(options.adaptRows)
  const { winsor, clip } = options
  return (row, steps, out) => {
    for (let j = 0; j < count; j++) {
      let x = row[j] as number
      if (kind[j] !== METRIC_KINDS.gauge) {
        if (kind[j] === METRIC_KINDS.absent) {
          out[j] = Number.NaN
          continue
        }
        const age = lastAge[j]! + steps
        const raw = x
        x = counterIncrease(raw, lastRaw[j]!, age)
        if (Number.isFinite(raw)) {
          lastRaw[j] = raw
          lastAge[j] = 0
        } else lastAge[j] = age
      }
      if (!Number.isFinite(x)) {
        out[j] = Number.NaN
        continue
      }
      const centre = place[j]!
      const r = x - centre
      let spread = Math.sqrt(variance[j]!)
      if (spread < scale[j]!) spread = scale[j]!
      if (spread > 1e-9 * Math.abs(centre)) {
        const z = r / spread
        const bounded = Math.max(-winsor, Math.min(winsor, z)) * spread
        place[j] = centre + gain * bounded
        variance[j] = variance[j]! + gain * (bounded * bounded - variance[j]!)
        out[j] = Math.max(-clip, Math.min(clip, z))
      } else {
        // A series that never moved: the first move is notable, its size has no yardstick yet.
        out[j] = r > 0 ? winsor : r < 0 ? -winsor : 0
        place[j] = centre + gain * r
        variance[j] = variance[j]! + gain * (r * r - variance[j]!)
      }
    }
  }
}
