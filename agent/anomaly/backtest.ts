import { Fault } from '../lib/errors.ts'
import { SCALAR } from './model.ts'
import { riskNow } from './risk.ts'
import { type Contribution, createScorer } from './scorer.ts'
import { type History, type TrainOptions, trainModel } from './train.ts'

/** A stretch in which the model would have called the scope anomalous. */
export interface BacktestEpisode {
  readonly sinceSeconds: number
  /** Null while it lasts. */
  readonly untilSeconds: number | null
  readonly peakAtSeconds: number
  readonly peakScore: number
  readonly peakRisk: number
  /** Metrics at the peak, largest part first. */
  readonly contributions: readonly Contribution[]
}

export interface Backtest {
  readonly rows: number
  readonly days: number
  readonly threshold: number
  readonly episodes: readonly BacktestEpisode[]
  readonly episodesPerDay: number
  readonly scores: Float64Array
}

/** What a model trained before `fromSeconds` would have said from then on: every row sees only rows before it. */
export function backtest(history: History, fromSeconds: number, options: TrainOptions = {}): Backtest {
  const split = history.atSeconds.findIndex((t) => t >= fromSeconds)
  if (split < 0) throw new Fault('usage', 'the backtest starts after the last row of the history')
  const before: History = {
    ...history,
    columns: history.columns.map((c) => c.subarray(0, split)),
    atSeconds: history.atSeconds.subarray(0, split),
  }
  const training = trainModel(before, options)
  if (training.status === 'abstained')
    throw new Fault('usage', `the history before the backtest cannot train a model: ${training.reason}`, {
      hint: 'start the backtest later, or keep more history',
    })
  const scorer = createScorer(training.model)
  const { scalars } = training.model.state
  const rows = history.atSeconds.length - split
  const scores = new Float64Array(rows)
  const row = new Float64Array(history.metrics.length)
  const episodes: BacktestEpisode[] = []
  let open: BacktestEpisode | undefined
  for (let i = 0; i < rows; i++) {
    const at = history.atSeconds[split + i]!
    for (let j = 0; j < row.length; j++) row[j] = history.columns[j]![split + i]!
    const score = scorer.score(at, row)
    scores[i] = score
    const since = scalars[SCALAR.alarmSince]!
    if (!Number.isFinite(since)) {
      if (open) episodes.push({ ...open, untilSeconds: at })
      open = undefined
    } else if (!open || score > open.peakScore)
      open = {
        sinceSeconds: open?.sinceSeconds ?? since,
        untilSeconds: null,
        peakAtSeconds: at,
        peakScore: score,
        peakRisk: riskNow(training.model).probability,
        contributions: scorer.contributions(),
      }
  }
  if (open) episodes.push(open)
  const days = (rows * history.stepSeconds) / 86_400
  return {
    rows,
    days,
    threshold: training.model.thresholds.alarm,
    episodes,
    episodesPerDay: days > 0 ? episodes.length / days : 0,
    scores,
  }
}
