import { metricNameOf } from '../../agent/domain/anomaly.ts'
import { isFault } from '../../agent/lib/errors.ts'
import type { CollectContext } from '../collector.ts'
import type { Options } from '../prometheus.ts'
import { queryPrometheus, type Vector } from './prometheus-driver.ts'

/** What reading a long history needs. */
export type HistoryPorts = Pick<CollectContext, 'http' | 'retry' | 'mask'>

interface Range {
  readonly fromSeconds: number
  readonly toSeconds: number
  readonly stepSeconds: number
}

/** One series of the past, under the name that its signals have in a snapshot. */
export interface PastSeries {
  readonly metric: string
  readonly atSeconds: number[]
  readonly values: number[]
}

/** Points of one answer: a server allows 11,000 per series, and a small answer keeps neither it nor us busy for long. */
const POINTS_PER_ANSWER = 20_000
const MOST_POINTS_PER_SERIES = 10_000
const FEWEST_POINTS_PER_SERIES = 60
/** Label values come and go over weeks; a query that explodes is cut here, and what has the fewest readings is left out later. */
const SERIES_FACTOR = 5

/** Reads the past of some configured queries in pieces that the servers answer, one after the other. */
export function prometheusHistory(queries: readonly Options[], ports: HistoryPorts) {
  return {
    read: async (range: Range, abort: AbortSignal, onPart?: (share: number) => void): Promise<PastSeries[]> => {
      const found: PastSeries[] = []
      for (const [index, query] of queries.entries()) {
        const part = (share: number) => onPart?.((index + share) / queries.length)
        found.push(...(await readQuery(query, range, ports, abort, part)))
      }
      return found
    },
  }
}

async function readQuery(
  query: Options,
  { fromSeconds, toSeconds, stepSeconds }: Range,
  ports: HistoryPorts,
  abort: AbortSignal,
  onPart: (share: number) => void,
): Promise<PastSeries[]> {
  const series = new Map<string, PastSeries>()
  const names = new Map<string, string>()
  const fitting = Math.floor(POINTS_PER_ANSWER / Math.min(query.maxSeries, POINTS_PER_ANSWER))
  let points = Math.min(MOST_POINTS_PER_SERIES, Math.max(FEWEST_POINTS_PER_SERIES, fitting))
  let from = fromSeconds
  while (from <= toSeconds) {
    abort.throwIfAborted()
    const to = Math.min(toSeconds, from + (points - 1) * stepSeconds)
    let vectors: readonly Vector[]
    try {
      vectors = await queryPrometheus(
        query,
        `history of Prometheus query "${query.name}"`,
        { http: ports.http, retry: ports.retry, abort },
        (driver) => driver.rangeQuery(query.query, from * 1000, to * 1000, stepSeconds),
      )
    } catch (error) {
      if (points <= FEWEST_POINTS_PER_SERIES || !isTooMuch(error)) throw error
      points = Math.max(FEWEST_POINTS_PER_SERIES, Math.floor(points / 2))
      continue
    }
    for (const vector of vectors) {
      const metric = await nameOf(vector, query, ports, names)
      let known = series.get(metric)
      if (!known) {
        if (series.size >= query.maxSeries * SERIES_FACTOR) continue
        known = { metric, atSeconds: [], values: [] }
        series.set(metric, known)
      }
      for (const { time, value } of vector.values ?? []) {
        known.atSeconds.push(time.getTime() / 1000)
        known.values.push(value)
      }
    }
    from = to + stepSeconds
    onPart(Math.min(1, (from - fromSeconds) / Math.max(1, toSeconds - fromSeconds)))
  }
  return [...series.values()]
}

/** The server, or our own cap, wants a smaller question. */
function isTooMuch(error: unknown): boolean {
  if (isFault(error, 'upstream_too_large')) return true
  return isFault(error, 'upstream_refused') && (error.details.status === 422 || error.details.status === 400)
}

/** Labels are masked in the same words in which a collecting round masks them, so that both give one name. */
async function nameOf(
  { metric }: Vector,
  query: Options,
  { mask }: HistoryPorts,
  names: Map<string, string>,
): Promise<string> {
  const text = JSON.stringify({ ...metric?.labels, ...(metric?.name && { __name__: metric.name }) })
  const before = names.get(text)
  if (before !== undefined) return before
  const name = metricNameOf(query.name, JSON.parse(await mask(text)))
  names.set(text, name)
  return name
}
