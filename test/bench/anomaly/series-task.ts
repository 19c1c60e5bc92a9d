import { createNoveltyScorer } from '../../../agent/anomaly/novelty.ts'
import { FROZEN } from '../../../agent/anomaly/risk.ts'
import type { NabSeries } from './data.ts'
import { type NabFile, nabStandard } from './nab-score.ts'

export interface NabQuality {
  readonly standard: number
  readonly threshold: number
  readonly how: 'given threshold' | 'best threshold in hindsight' | 'frozen threshold'
  /** NAB's own rule on this folder, whatever threshold was used above. */
  readonly hindsight: { readonly standard: number; readonly threshold: number }
  /** Each file at the threshold that was best for all others, weighted by its windows. */
  readonly leaveOneFileOut: number
  readonly files: readonly { readonly key: string; readonly standard: number; readonly windows: number }[]
}

/** One pass over a series. */
export function noveltyScores(series: NabSeries): Float64Array {
  const scorer = createNoveltyScorer()
  return Float64Array.from(series.values, (v) => scorer.score(v))
}

export function nabQuality(
  series: readonly NabSeries[],
  scores: readonly Float64Array[],
  options: { readonly given: number | undefined; readonly fittedHere: boolean },
): NabQuality | undefined {
  const files: NabFile[] = series.map((s, i) => ({ score: scores[i]!, windows: s.windows }))
  const windows = files.reduce((n, f) => n + f.windows.length, 0)
  if (windows === 0) return undefined
  const hindsight = nabStandard(files)
  const { given, fittedHere } = options
  const threshold = given ?? (fittedHere ? hindsight.threshold : FROZEN.noveltyThreshold)
  let held = 0
  files.forEach((file, i) => {
    if (file.windows.length === 0) return
    const others = nabStandard(files.filter((_, k) => k !== i)).threshold
    held += nabStandard([file], others).standard * file.windows.length
  })
  return {
    standard: nabStandard(files, threshold).standard,
    threshold,
    how: given !== undefined ? 'given threshold' : fittedHere ? 'best threshold in hindsight' : 'frozen threshold',
    hindsight,
    leaveOneFileOut: held / windows,
    files: series.map((s, i) => ({
      key: s.key,
      standard: nabStandard([files[i]!], threshold).standard,
      windows: s.windows.length,
    })),
  }
}
