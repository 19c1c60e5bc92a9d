import type { AnomalyOpinion } from '../domain/anomaly.ts'
import { instantOf } from '../domain/time.ts'
import { type AnomalyModel, SCALAR } from './model.ts'
import { riskNow } from './risk.ts'
import type { AnomalyScorer } from './scorer.ts'

const FEWEST_READINGS = 0.5
const STALE_ROWS = 5

/** Share of the history's scores below this one; beyond the last quantile the highest scores tell ranks apart. */
export function percentileOf(model: AnomalyModel, score: number): number {
  const { scoreQuantiles, scoreTop } = model
  if (scoreQuantiles.length < 2) return 0
  const last = scoreQuantiles.length - 1
  if (score >= scoreQuantiles[last - 1]!) {
    const above = scoreTop.reduce((n, v) => n + (v >= score ? 1 : 0), 0)
    const rows = model.trainedOn.rows
    // With n earlier scores none can be said to be rarer than once in n + 1.
    return Math.max((last - 1) / last, 1 - (above + 1) / (rows + 1))
  }
  let low = 0
  let high = last
  while (low < high) {
    const middle = (low + high) >> 1
    if (scoreQuantiles[middle]! < score) low = middle + 1
    else high = middle
  }
  return low / last
}

/** An identity of what the model learned: format, mode, and the history it was trained on. */
export function modelVersion(model: AnomalyModel): string {
  const { fromSeconds, toSeconds, rows } = model.trainedOn
  return `${model.format}:${model.mode}:${fromSeconds}-${toSeconds}:${rows}`
}

/** The opinion on the last row that the scorer has read; `missing` names metrics without a reading in it. */
export function currentOpinion(
  scorer: AnomalyScorer,
  options: { readonly scope: string; readonly atSeconds: number; readonly missing?: readonly string[] },
): AnomalyOpinion {
  const { model } = scorer
  const { scalars } = model.state
  const { fromSeconds, toSeconds, rows } = model.trainedOn
  const trainedOn = { from: instantOf(fromSeconds * 1000), to: instantOf(toSeconds * 1000), rows }
  const { scope, atSeconds } = options
  const missing = [...(options.missing ?? [])]
  const base = { scope, at: instantOf(atSeconds * 1000), modelVersion: modelVersion(model), trainedOn }
  const age = atSeconds - scalars[SCALAR.lastAt]!
  if (!(age <= STALE_ROWS * model.stepSeconds))
    return { status: 'abstained', reason: 'no recent reading of the metrics', ...base }
  if (missing.length > FEWEST_READINGS * model.metrics.length)
    return {
      status: 'abstained',
      reason: `${missing.length} of ${model.metrics.length} metrics have no reading`,
      ...base,
    }
  const since = scalars[SCALAR.alarmSince]!
  const score = scalars[SCALAR.score]!
  return {
    status: 'ok',
    ...base,
    score,
    percentile: percentileOf(model, score),
    threshold: model.thresholds.alarm,
    isAnomalous: Number.isFinite(since),
    since: Number.isFinite(since) ? instantOf(since * 1000) : null,
    contributions: scorer.contributions().map((c) => ({
      metric: c.metric,
      share: Math.min(1, c.share),
      since: c.sinceSeconds === null ? null : instantOf(c.sinceSeconds * 1000),
    })),
    missing,
    risk30: riskNow(model),
  }
}
