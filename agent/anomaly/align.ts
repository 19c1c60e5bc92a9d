/** One metric's readings as a time series database returns them. */
export interface Series {
  readonly metric: string
  readonly atSeconds: ArrayLike<number>
  readonly values: ArrayLike<number>
}

/** Puts series on one grid, NaN where a grid point has no reading within half a step; the newest reading wins. */
export function alignSeries(
  series: readonly Series[],
  grid: { readonly fromSeconds: number; readonly toSeconds: number; readonly stepSeconds: number },
): { metrics: string[]; columns: Float64Array[]; atSeconds: Float64Array; stepSeconds: number } {
  const { fromSeconds, toSeconds, stepSeconds } = grid
  const rows = toSeconds < fromSeconds ? 0 : Math.floor((toSeconds - fromSeconds) / stepSeconds) + 1
  const columns = series.map((s) => {
    const column = new Float64Array(rows).fill(Number.NaN)
    for (let k = 0; k < s.atSeconds.length; k++) {
      const row = Math.round((s.atSeconds[k]! - fromSeconds) / stepSeconds)
      const value = s.values[k]!
      if (row >= 0 && row < rows && Number.isFinite(value)) column[row] = value
    }
    return column
  })
  const atSeconds = Float64Array.from({ length: rows }, (_, i) => fromSeconds + i * stepSeconds)
  return { metrics: series.map((s) => s.metric), columns, atSeconds, stepSeconds }
}

/** Reorders a row of named readings to the model's metrics; what the model does not know is left out and named. */
export function rowOf(
  metrics: readonly string[],
  readings: ReadonlyMap<string, number>,
): { row: Float64Array; missing: string[]; unknown: string[] } {
  const known = new Set(metrics)
  const row = Float64Array.from(metrics, (m) => readings.get(m) ?? Number.NaN)
  return {
    row,
    missing: metrics.filter((_, j) => !Number.isFinite(row[j]!)),
    unknown: [...readings.keys()].filter((m) => !known.has(m)),
  }
}
