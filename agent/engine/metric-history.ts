import { alignSeries, type Series } from '../anomaly/align.ts'
import type { History } from '../anomaly/train.ts'

/** A stretch of time on a grid; both ends belong to it. */
export interface GridRange {
  readonly fromSeconds: number
  readonly toSeconds: number
  readonly stepSeconds: number
}

/** The past of one service's metrics, wherever it is kept; throws a Fault when it cannot be read. */
export interface MetricHistory {
  read(range: GridRange, abort: AbortSignal, onPart?: (share: number) => void): Promise<Series[]>
}

/** A service's history on one grid, and what did not fit. */
export interface GridHistory {
  readonly history: History
  readonly leftOut: number
}

/** The default detector takes so many metrics in full; beyond them those with the fewest readings are left out. */
const MOST_METRICS = 128

/** The newest instant of the grid that is not after a time. */
export function onGrid(seconds: number, stepSeconds: number): number {
  return Math.floor(seconds / stepSeconds) * stepSeconds
}

/** Reads the metrics of a service on one grid; rows without any reading are left out. */
export async function readGrid(
  source: MetricHistory,
  range: GridRange,
  abort: AbortSignal,
  onPart?: (share: number) => void,
): Promise<GridHistory> {
  const found = await source.read(range, abort, onPart)
  const kept = mostRead(found)
  const grid = alignSeries(kept, range)
  const rows = Array.from(grid.atSeconds.keys()).filter((i) => grid.columns.some((c) => !Number.isNaN(c[i]!)))
  const pick = (column: Float64Array) => Float64Array.from(rows, (i) => column[i]!)
  return {
    history: {
      metrics: grid.metrics,
      columns: grid.columns.map(pick),
      atSeconds: pick(grid.atSeconds),
      stepSeconds: range.stepSeconds,
    },
    leftOut: found.length - kept.length,
  }
}

function mostRead(series: readonly Series[]): Series[] {
  const readings = ({ values }: Series) => Array.from(values).filter(Number.isFinite).length
  return series
    .map((one) => ({ one, count: readings(one) }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count || (a.one.metric < b.one.metric ? -1 : 1))
    .slice(0, MOST_METRICS)
    .map(({ one }) => one)
    .sort((a, b) => (a.metric < b.metric ? -1 : 1))
}
