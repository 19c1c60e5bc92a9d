/** What a metric usually is at this time of the day or week, as offsets to its normalised value. */
export interface Season {
  readonly periodSeconds: number
  readonly binSeconds: number
  readonly bins: number
  /** metric-major: offsets[metric * bins + bin]; all zero where the season did not prove itself. */
  readonly offsets: Float32Array
}

export interface SeasonOptions {
  readonly periodSeconds: number
  readonly binSeconds: number
  /** Fewer whole periods of history than this teach nothing. */
  readonly leastPeriods: number
  /** Share of variance that the season must explain on periods it was not learned from. */
  readonly leastShare: number
}

/** Normalised history, row-major, with the time of each row. */
export interface NormalisedHistory {
  readonly z: Float64Array
  readonly metrics: number
  readonly atSeconds: Float64Array
}

const FOLDS = 4

/** The bin of the period in which an instant lies. */
export function seasonBin(season: Pick<Season, 'periodSeconds' | 'binSeconds' | 'bins'>, atSeconds: number): number {
  const phase = ((atSeconds % season.periodSeconds) + season.periodSeconds) % season.periodSeconds
  return Math.min(season.bins - 1, Math.floor(phase / season.binSeconds))
}

/** Learns a season per metric, and keeps it only where it predicts periods that it has not seen. */
export function learnSeason(history: NormalisedHistory, options: SeasonOptions): Season {
  const { metrics, atSeconds, z } = history
  const bins = Math.ceil(options.periodSeconds / options.binSeconds)
  const season: Season = {
    periodSeconds: options.periodSeconds,
    binSeconds: options.binSeconds,
    bins,
    offsets: new Float32Array(metrics * bins),
  }
  const rows = atSeconds.length
  const first = Math.floor((atSeconds[0] ?? 0) / options.periodSeconds)
  const periods = rows === 0 ? 0 : Math.floor(atSeconds[rows - 1]! / options.periodSeconds) - first + 1
  if (rows === 0 || atSeconds[rows - 1]! - atSeconds[0]! < options.leastPeriods * options.periodSeconds * 0.98)
    return season
  const cells = new Int32Array(rows)
  for (let i = 0; i < rows; i++) {
    const period = Math.floor(atSeconds[i]! / options.periodSeconds) - first
    cells[i] = period * bins + seasonBin(season, atSeconds[i]!)
  }
  const sum = new Float64Array(periods * bins)
  const count = new Float64Array(periods * bins)
  for (let j = 0; j < metrics; j++) {
    sum.fill(0)
    count.fill(0)
    for (let i = 0; i < rows; i++) {
      const v = z[i * metrics + j]!
      if (Number.isNaN(v)) continue
      const cell = cells[i]!
      sum[cell] = sum[cell]! + v
      count[cell] = count[cell]! + 1
    }
    const offsets = weighSeason(sum, count, { bins, periods }, options.leastShare)
    if (offsets) season.offsets.set(offsets, j * bins)
  }
  return season
}

/** Cross-validated regression of held-out periods on the profile of the others. */
function weighSeason(
  sum: Float64Array,
  count: Float64Array,
  shape: { readonly bins: number; readonly periods: number },
  leastShare: number,
): Float64Array | undefined {
  const { bins, periods } = shape
  let mean = 0
  let n = 0
  for (let c = 0; c < sum.length; c++) {
    mean += sum[c]!
    n += count[c]!
  }
  if (n === 0) return undefined
  mean /= n
  let cross = 0
  let power = 0
  let total = 0
  for (let fold = 0; fold < FOLDS; fold++) {
    const profile = periodProfile(sum, count, shape, (p) => p % FOLDS !== fold)
    for (let p = fold; p < periods; p += FOLDS)
      for (let b = 0; b < bins; b++) {
        const weight = count[p * bins + b]!
        if (weight === 0) continue
        const centred = sum[p * bins + b]! / weight - mean
        cross += weight * centred * profile[b]!
        power += weight * profile[b]! * profile[b]!
        total += weight * centred * centred
      }
  }
  if (!(power > 0) || !(total > 0) || cross <= 0) return undefined
  const weight = Math.min(1, cross / power)
  const explained = (2 * weight * cross - weight * weight * power) / total
  if (explained < leastShare) return undefined
  return periodProfile(sum, count, shape, () => true).map((v) => v * weight)
}

/** Middle half of the periods' means per bin, smoothed around the clock and centred. */
function periodProfile(
  sum: Float64Array,
  count: Float64Array,
  { bins, periods }: { readonly bins: number; readonly periods: number },
  keep: (period: number) => boolean,
): Float64Array {
  const raw = new Float64Array(bins)
  const seen: number[] = []
  for (let b = 0; b < bins; b++) {
    seen.length = 0
    for (let p = 0; p < periods; p++) {
      const n = count[p * bins + b]!
      if (n > 0 && keep(p)) seen.push(sum[p * bins + b]! / n)
    }
    seen.sort((x, y) => x - y)
    const cut = Math.floor(seen.length / 4)
    let s = 0
    for (let k = cut; k < seen.length - cut; k++) s += seen[k]!
    raw[b] = seen.length > 0 ? s / (seen.length - 2 * cut) : Number.NaN
  }
  let mean = 0
  let n = 0
  for (const v of raw)
    if (!Number.isNaN(v)) {
      mean += v
      n++
    }
  mean = n > 0 ? mean / n : 0
  const centred = raw.map((v) => (!Number.isNaN(v) ? v - mean : 0))
  return centred.map((v, b) => (centred[(b + bins - 1) % bins]! + 2 * v + centred[(b + 1) % bins]!) / 4)
}

/** Takes the season out of one normalised row, in place. */
export function subtractSeason(season: Season, atSeconds: number, z: Float64Array): void {
  const bin = seasonBin(season, atSeconds)
  const { bins, offsets } = season
  for (let j = 0; j < z.length; j++) z[j] = z[j]! - offsets[j * bins + bin]!
}
