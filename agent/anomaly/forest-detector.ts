import type { Detector } from './detector.ts'
import { FOREST_FORMAT, type ForestFile, restoreForest } from './forest-file.ts'
import { forestScorer, scale, trainForest } from './isolation-forest.ts'
import { percentileOf } from './opinion.ts'
import { quantileOfSorted, sortedFinite } from './quantile.ts'
import type { Contribution } from './scorer.ts'
import { bytesToDoubles, doublesToBytes } from './state-file.ts'
import { type History, tooLittle } from './train.ts'

/** Slots of the forest's stream. */
const LAST_AT = 0
const SCORE = 1
const ALARM_SINCE = 2
const CALM_ROWS = 3
const ALARM_END_MINUTES = 15

/** Trains the named baseline on a history, or says why it cannot. The same history gives the same forest. */
export function trainForestFile(history: History): ForestFile | { readonly reason: string } {
  const reason = tooLittle(history)
  if (reason) return { reason }
  const model = trainForest(history.columns)
  const score = forestScorer(model)
  const rows = history.atSeconds.length
  const scores = new Float64Array(rows)
  const row = new Float64Array(history.metrics.length)
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < row.length; j++) row[j] = history.columns[j]![i]!
    scores[i] = score(row)
  }
  const sorted = sortedFinite(scores)
  return {
    ...model,
    metrics: history.metrics,
    stepSeconds: history.stepSeconds,
    trainedOn: { fromSeconds: history.atSeconds[0]!, toSeconds: history.atSeconds[rows - 1]!, rows },
    scoreQuantiles: Float64Array.from({ length: 257 }, (_, k) => quantileOfSorted(sorted, k / 256)),
    scoreTop: sorted.slice(Math.max(0, sorted.length - 128)),
  }
}

/** Opens a stored forest. Its score is no probability, so it has no risk; a metric's part is its squared distance from the mean. */
export function openForest(bytes: Uint8Array, stream: Uint8Array | null): Detector {
  const forest = restoreForest(bytes)
  const { metrics, stepSeconds, trainedOn, threshold, scaling } = forest
  const scoreOf = forestScorer(forest)
  const state = Float64Array.of(trainedOn.toSeconds, 0, Number.NaN, 0)
  const squares = new Float64Array(metrics.length)
  if (stream) bytesToDoubles(stream, [state, squares])
  const calmRows = Math.ceil((ALARM_END_MINUTES * 60) / stepSeconds)

  const contributions = (): Contribution[] => {
    const total = squares.reduce((sum, square) => sum + square, 0)
    if (!(total > 0)) return []
    const since = state[ALARM_SINCE]!
    return metrics
      .map((metric, j) => ({
        metric,
        share: squares[j]! / total,
        sinceSeconds: Number.isFinite(since) ? since : null,
      }))
      .filter(({ share }) => share > 0)
      .sort((a, b) => b.share - a.share || (a.metric < b.metric ? -1 : 1))
      .slice(0, 5)
  }

  return {
    read: (atSeconds, row) => {
      if (Math.round((atSeconds - state[LAST_AT]!) / stepSeconds) < 1) return state[SCORE]!
      const score = scoreOf(row)
      for (let j = 0; j < squares.length; j++) squares[j] = scale(scaling[j]!, row[j]!) ** 2
      const isHigh = score > threshold
      state[LAST_AT] = atSeconds
      state[SCORE] = score
      state[CALM_ROWS] = isHigh ? 0 : state[CALM_ROWS]! + 1
      if (isHigh && Number.isNaN(state[ALARM_SINCE]!)) state[ALARM_SINCE] = atSeconds
      if (state[CALM_ROWS]! >= calmRows) state[ALARM_SINCE] = Number.NaN
      return score
    },
    reading: () => ({
      metrics,
      stepSeconds,
      trainedOn,
      version: `${FOREST_FORMAT}:${trainedOn.fromSeconds}-${trainedOn.toSeconds}:${trainedOn.rows}`,
      lastAtSeconds: state[LAST_AT]!,
      score: state[SCORE]!,
      percentile: percentileOf(forest, state[SCORE]!),
      threshold,
      alarmSinceSeconds: state[ALARM_SINCE]!,
      risk30: null,
      contributions,
    }),
    stream: () => doublesToBytes([state, squares]),
  }
}
