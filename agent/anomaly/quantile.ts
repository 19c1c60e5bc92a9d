/** Quantile with linear interpolation of an ascending array (NaN for an empty one). */
export function quantileOfSorted(sorted: Float64Array, q: number): number {
  if (sorted.length === 0) return Number.NaN
  const at = q * (sorted.length - 1)
  const low = Math.floor(at)
  const high = Math.min(low + 1, sorted.length - 1)
  return sorted[low]! + (sorted[high]! - sorted[low]!) * (at - low)
}

/** The finite values of a series, ascending. */
export function sortedFinite(values: Float64Array): Float64Array {
  return values.filter((v) => Number.isFinite(v)).sort()
}

/** Gain per row of an exponential average whose weight halves every `rows` rows. */
export function gainOfHalfLife(rows: number): number {
  return 1 - 0.5 ** (1 / rows)
}
