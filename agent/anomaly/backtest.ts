import { Fault } from '../lib/errors.ts'
import { type DetectorName, openDetector, trainDetector } from './detector.ts'
import type { Contribution } from './scorer.ts'
import type { History } from './train.ts'

/** A stretch in which the model would have called the scope anomalous. */
export interface BacktestEpisode {
  readonly sinceSeconds: number
  /** Null while it lasts. */
  readonly untilSeconds: number | null
  readonly peakAtSeconds: number
  readonly peakScore: number
  /** Null for a detector without a calibrated risk. */
  readonly peakRisk: number | null
  /** Metrics at the peak, largest part first. */
  readonly contributions: readonly Contribution[]
}

export interface Backtest {
  readonly version: string
  readonly rows: number
  readonly days: number
  readonly threshold: number
  readonly episodes: readonly BacktestEpisode[]
  readonly episodesPerDay: number
  readonly scores: Float64Array
}

/** What a detector trained before `fromSeconds` would have said from then on: every row sees only rows before it. */
export function backtest(
  history: History,
  fromSeconds: number,
  options: { readonly detector?: DetectorName } = {},
): Backtest {
  const split = history.atSeconds.findIndex((t) => t >= fromSeconds)
  if (split < 0) throw new Fault('usage', 'the backtest starts after the last row of the history')
  const before: History = {
    ...history,
    columns: history.columns.map((c) => c.subarray(0, split)),
    atSeconds: history.atSeconds.subarray(0, split),
  }
  const training = trainDetector(before, options.detector ?? 'best')
  if (training.status === 'abstained')
    throw new Fault('usage', `the history before the backtest cannot train a model: ${training.reason}`, {
      hint: 'start the backtest later, or keep more history',
    })
  const detector = openDetector(training.bytes, null)
  const rows = history.atSeconds.length - split
  const scores = new Float64Array(rows)
  const row = new Float64Array(history.metrics.length)
  const episodes: BacktestEpisode[] = []
  let open: BacktestEpisode | undefined
  for (let i = 0; i < rows; i++) {
    const at = history.atSeconds[split + i]!
    for (let j = 0; j < row.length; j++) row[j] = history.columns[j]![split + i]!
    const score = detector.read(at, row)
    scores[i] = score
    const { alarmSinceSeconds: since, risk30, contributions } = detector.reading()
    if (!Number.isFinite(since)) {
      if (open) episodes.push({ ...open, untilSeconds: at })
      open = undefined
    } else if (!open || score > open.peakScore)
      open = {
        sinceSeconds: open?.sinceSeconds ?? since,
        untilSeconds: null,
        peakAtSeconds: at,
        peakScore: score,
        peakRisk: risk30?.probability ?? null,
        contributions: contributions(),
      }
  }
  if (open) episodes.push(open)
  const days = (rows * history.stepSeconds) / 86_400
  return {
    version: training.version,
    rows,
    days,
    threshold: training.threshold,
    episodes,
    episodesPerDay: days > 0 ? episodes.length / days : 0,
    scores,
  }
}
