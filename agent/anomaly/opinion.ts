import type { AnomalyOpinion } from '../domain/anomaly.ts'
import { instantOf } from '../domain/time.ts'
import { type AnomalyModel, SCALAR } from './model.ts'
import { riskNow } from './risk.ts'
import type { AnomalyScorer, Contribution } from './scorer.ts'

const FEWEST_READINGS = 0.5
const STALE_ROWS = 5

/** Share of the history's scores below this one; beyond the last quantile the highest scores tell ranks apart. */
export function percentileOf(
  model: Pick<AnomalyModel, 'scoreQuantiles' | 'scoreTop' | 'trainedOn'>,
  score: number,
): number {
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

/** What any detector says of the last row that it has read. */
export interface Reading {
  readonly metrics: readonly string[]
  readonly stepSeconds: number
  readonly trainedOn: AnomalyModel['trainedOn']
  readonly version: string
  /** NaN before the first row. */
  readonly lastAtSeconds: number
  readonly score: number
  readonly percentile: number
  readonly threshold: number
  /** NaN while it is not anomalous. */
  readonly alarmSinceSeconds: number
  readonly risk30: { readonly probability: number; readonly baseRate: number } | null
  contributions(): Contribution[]
}

export interface OpinionContext {
  readonly scope: string
  readonly atSeconds: number
  readonly missing?: readonly string[]
}

/** The opinion on the last row that the scorer has read; `missing` names metrics without a reading in it. */
export function currentOpinion(scorer: AnomalyScorer, context: OpinionContext): AnomalyOpinion {
  return opinionFrom(readingOf(scorer), context)
}

/** What the default detector says of the last row. */
export function readingOf({ model, contributions }: AnomalyScorer): Reading {
  const { scalars } = model.state
  const score = scalars[SCALAR.score]!
  return {
    metrics: model.metrics,
    stepSeconds: model.stepSeconds,
    trainedOn: model.trainedOn,
    version: modelVersion(model),
    lastAtSeconds: scalars[SCALAR.lastAt]!,
    score,
    percentile: percentileOf(model, score),
    threshold: model.thresholds.alarm,
    alarmSinceSeconds: scalars[SCALAR.alarmSince]!,
    risk30: riskNow(model),
    contributions,
  }
}

/** A reading as an opinion; withdrawn when the reading is old, or when most metrics are missing from it. */
export function opinionFrom(reading: Reading, { scope, atSeconds, missing = [] }: OpinionContext): AnomalyOpinion {
  const { fromSeconds, toSeconds, rows } = reading.trainedOn
  const trainedOn = { from: instantOf(fromSeconds * 1000), to: instantOf(toSeconds * 1000), rows }
  const base = { scope, at: instantOf(atSeconds * 1000), modelVersion: reading.version, trainedOn }
  const metrics = reading.metrics.length
  if (!(atSeconds - reading.lastAtSeconds <= STALE_ROWS * reading.stepSeconds))
    return { status: 'abstained', reason: 'no recent reading of the metrics', ...base }
  if (missing.length > FEWEST_READINGS * metrics)
    return { status: 'abstained', reason: `${missing.length} of ${metrics} metrics have no reading`, ...base }
  const since = instantOrNull(reading.alarmSinceSeconds)
  return {
    status: 'ok',
    ...base,
    score: reading.score,
    percentile: reading.percentile,
    threshold: reading.threshold,
    isAnomalous: since !== null,
    since,
    contributions: reading.contributions().map(({ metric, share, sinceSeconds }) => ({
      metric,
      share: Math.min(1, share),
      since: instantOrNull(sinceSeconds ?? Number.NaN),
    })),
    missing: [...missing],
    risk30: reading.risk30,
  }
}

function instantOrNull(seconds: number): string | null {
  return Number.isFinite(seconds) ? instantOf(seconds * 1000) : null
}
