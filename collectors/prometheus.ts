import { PrometheusDriver, type RangeVector } from 'prometheus-query'
import { z } from 'zod'
import { type SeriesSignal, Sli } from '../agent/domain/signal.ts'
import { epochMs } from '../agent/domain/time.ts'
import { Fault, isFault } from '../agent/lib/errors.ts'
import type { CollectContext, Collector } from './collector.ts'
import { EndpointOptions, endpointHeaders, parseJson, refuseBadStatus } from './shared/endpoint.ts'

/** One named range query on one Prometheus server (or anything that speaks its API). */
export const Options = EndpointOptions.extend({
  source: z.literal('prometheus'),
  name: z.string().min(1),
  query: z.string().min(1),
  unit: z.string().default(''),
  sli: Sli.optional(),
  stepSeconds: z.number().int().min(1).default(30),
  /** A query that explodes into labels is cut: twenty lines are a picture, a thousand are a bill. */
  maxSeries: z.number().int().positive().default(20),
  maxPoints: z.number().int().positive().default(20_000),
})
export type Options = z.infer<typeof Options>

/** Runs one named query over the window; every series of the answer becomes one signal. */
export function prometheus(options: Options): Collector {
  const name = `prometheus:${options.name}`
  return {
    name,
    source: 'prometheus',
    observer: 'own_telemetry',
    timeoutMs: options.timeoutMs,
    async collect(_scope, ctx) {
      const vectors = await rangeQuery(options, ctx)
      const kept = keepWithinCaps(vectors, options, ctx)
      return kept.map(
        (vector, index): SeriesSignal => ({
          kind: 'series',
          id: `${name}:series-${index + 1}`,
          name: options.name,
          unit: options.unit,
          query: options.query,
          labels: labelsOf(vector),
          sli: options.sli ?? null,
          stepSeconds: options.stepSeconds,
          points: (vector.values as { time: Date; value: number }[]).map(({ time, value }) => [
            time.getTime() / 1000,
            // NaN and the infinities are answers ("no traffic", "empty histogram"), and none of them is a number.
            Number.isFinite(value) ? value : null,
          ]),
        }),
      )
    },
  }
}

async function rangeQuery(options: Options, ctx: CollectContext): Promise<RangeVector[]> {
  const driver = new PrometheusDriver({
    endpoint: options.url,
    headers: endpointHeaders(options),
    timeout: options.timeoutMs,
    // The driver's own transport is replaced: requests go through ctx.http, where bodies are capped, masked and kept.
    requestInterceptor: {
      onFulfilled: (config) => {
        config.transformResponse = []
        config.adapter = async (sent) => {
          const base = (sent.baseURL ?? '').replace(/\/+$/, '')
          const url = `${base}/${(sent.url ?? '').replace(/^\/+/, '')}?${sent.params}`
          const response = await ctx.http({ method: 'GET', url, headers: endpointHeaders(options) }, ctx.abort)
          const data = readMatrix(response.status, response.body, response, options)
          return { data, status: response.status, statusText: '', headers: response.headers, config: sent }
        }
        return config
      },
    },
  })
  try {
    const { from, to } = ctx.window
    const result = await driver.rangeQuery(options.query, epochMs(from), epochMs(to), options.stepSeconds)
    return result.result as RangeVector[]
  } catch (error) {
    // The driver wraps whatever its transport throws.
    const original = (error as { original?: unknown } | null)?.original
    if (isFault(original)) throw original
    throw error
  }
}

/** Checks the answer by hand: a schema over every point of every series costs more than the query. */
function readMatrix(
  status: number,
  body: string,
  response: { status: number; headers: Readonly<Record<string, string>>; body: string },
  options: Options,
): unknown {
  const what = `Prometheus query "${options.name}"`
  if (status === 400 || status === 422) throw refusedQuery(body, status, what)
  refuseBadStatus(response, what)
  const answer = parseJson(body, what) as { status?: unknown; data?: { resultType?: unknown; result?: unknown } } | null
  if (answer?.status !== 'success') throw refusedQuery(body, status, what)
  if (answer.data?.resultType !== 'matrix' || !Array.isArray(answer.data.result))
    throw malformed(what, 'data.resultType is not "matrix"')
  for (const series of answer.data.result as { metric?: unknown; values?: unknown }[]) {
    if (typeof series !== 'object' || series === null) throw malformed(what, 'a series is not an object')
    if (!isLabels(series.metric)) throw malformed(what, 'a series has labels that are not text')
    if (!Array.isArray(series.values)) throw malformed(what, 'a series has no values')
    let before = Number.NEGATIVE_INFINITY
    for (const point of series.values) {
      if (!Array.isArray(point) || typeof point[0] !== 'number' || typeof point[1] !== 'string' || point.length !== 2)
        throw malformed(what, 'a point is not [seconds, "value"]')
      if (!(point[0] > before)) throw malformed(what, 'points are not in order of time')
      before = point[0]
    }
  }
  return answer
}

function isLabels(metric: unknown): boolean {
  if (metric === undefined) return true
  return (
    typeof metric === 'object' && metric !== null && Object.values(metric).every((text) => typeof text === 'string')
  )
}

function malformed(what: string, why: string): Fault {
  return new Fault('upstream_malformed', `${what} answered an unexpected shape: ${why}`)
}

function refusedQuery(body: string, status: number, what: string): Fault {
  let errorType = 'unknown'
  try {
    const answer = JSON.parse(body) as { errorType?: unknown }
    if (typeof answer.errorType === 'string' && /^[a-z_]{1,40}$/.test(answer.errorType)) errorType = answer.errorType
  } catch {
    // A body that is no JSON tells nothing more than the status does.
  }
  return new Fault('upstream_refused', `${what} was refused: ${errorType}`, {
    details: { status, errorType },
    hint: 'run the query by hand to see what the server says',
  })
}

function labelsOf(vector: RangeVector): Record<string, string> {
  const labels = { ...(vector.metric?.labels as Record<string, string> | undefined) }
  if (vector.metric?.name) labels.__name__ = vector.metric.name
  return labels
}

/** Cuts whole series, never points: half a series would look like a gap. */
function keepWithinCaps(vectors: RangeVector[], options: Options, ctx: CollectContext): RangeVector[] {
  const kept: RangeVector[] = []
  let points = 0
  for (const vector of vectors) {
    points += vector.values.length
    if (kept.length >= options.maxSeries || points > options.maxPoints) break
    kept.push(vector)
  }
  if (vectors.length > 0 && kept.length === 0)
    throw new Fault(
      'upstream_too_large',
      `Prometheus query "${options.name}" answered one series of ${points} points`,
      {
        details: { maxPoints: options.maxPoints },
      },
    )
  if (kept.length < vectors.length) ctx.truncated(`${kept.length} of ${vectors.length} series kept`)
  return kept
}
