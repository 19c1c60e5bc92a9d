// NAB's scoring (Ahmad et al. 2017): early hits in a window earn up to 1, rows outside cost up to 0.11 each.
import type { Segment } from './measures.ts'

export interface NabFile {
  readonly score: Float64Array
  readonly windows: readonly Segment[]
}

const FALSE_POSITIVE_WEIGHT = 0.11

/** 1 well before the point, 0 at it, -1 from three widths after. */
function reward(position: number): number {
  return position > 3 ? -1 : 2 / (1 + Math.exp(5 * position)) - 1
}

interface Point {
  readonly score: number
  readonly gain: number
  /** Index of the window over all files, or -1 outside. */
  readonly window: number
}

function pointsOf(files: readonly NabFile[]): { points: Point[]; windows: number; reachable: Set<number> } {
  const points: Point[] = []
  const reachable = new Set<number>()
  let offset = 0
  for (const { score, windows } of files) {
    const probation = Math.min(Math.floor(0.15 * score.length), 750)
    let previous: Segment | undefined
    let w = 0
    for (let i = 0; i < score.length; i++) {
      while (w < windows.length && i > windows[w]![1]) previous = windows[w++]
      const window = windows[w]
      const inside = window !== undefined && i >= window[0]
      if (i < probation) continue
      if (inside) {
        const width = window[1] - window[0] + 1
        reachable.add(offset + w)
        points.push({
          score: score[i]!,
          gain: reward(-(window[1] - i + 1) / width) / reward(-1),
          window: offset + w,
        })
      } else {
        const after = previous ? (i - previous[1]) / (previous[1] - previous[0]) : Number.NaN
        points.push({ score: score[i]!, gain: (previous ? reward(after) : -1) * FALSE_POSITIVE_WEIGHT, window: -1 })
      }
    }
    offset += windows.length
  }
  return { points, windows: offset, reachable }
}

/**
 * The standard-profile score, 0 for silence and 100 for perfection, at a given threshold, or at the one threshold for
 * all files that is best in hindsight (NAB's own rule, tuned on labels).
 */
export function nabStandard(
  files: readonly NabFile[],
  threshold: number | null = null,
): { standard: number; threshold: number } {
  const { points, windows, reachable } = pointsOf(files)
  points.sort((a, b) => b.score - a.score)
  const silent = -reachable.size
  const best = new Map<number, number>()
  let total = silent
  let top = { value: total, threshold: 1.1 }
  let fixed = silent
  for (let k = 0; k < points.length; k++) {
    const { score, gain, window } = points[k]!
    if (window < 0) total += gain
    else {
      const had = best.get(window) ?? -1
      if (gain > had) {
        total += gain - had
        best.set(window, gain)
      }
    }
    if (k + 1 < points.length && points[k + 1]!.score === score) continue
    if (total > top.value) top = { value: total, threshold: score }
    if (threshold !== null && score >= threshold) fixed = total
  }
  const normalise = (value: number): number =>
    windows === 0 ? Number.NaN : (100 * (value - silent)) / (windows - silent)
  return threshold === null
    ? { standard: normalise(top.value), threshold: top.threshold }
    : { standard: normalise(fixed), threshold }
}
