import { PrometheusDriver } from 'prometheus-query'
import { Fault, isFault } from '../../agent/lib/errors.ts'
import type { HttpResponse } from '../../agent/lib/http.ts'
import type { CollectContext } from '../collector.ts'
import { type EndpointOptions, endpointHeaders, parseJson, refuseBadStatus } from './endpoint.ts'

/** What a query returns once the driver has read it. */
export interface Vector {
  readonly metric: { readonly name?: string; readonly labels: Record<string, string> } | null
  readonly values?: readonly Sample[]
  readonly value?: Sample
}

interface Sample {
  readonly time: Date
  /** NaN for NaN and both infinities, as the driver reads them with parseFloat. */
  readonly value: number
}

/** Runs a query through the driver and returns its vectors; the driver's wrapping of errors is undone. */
export async function queryPrometheus(
  endpoint: EndpointOptions,
  what: string,
  ctx: Pick<CollectContext, 'http' | 'retry' | 'abort'>,
  run: (driver: PrometheusDriver) => Promise<{ readonly result: unknown }>,
): Promise<readonly Vector[]> {
  const driver = new PrometheusDriver({
    endpoint: endpoint.url,
    headers: endpointHeaders(endpoint),
    timeout: endpoint.timeoutMs,
    // The driver's own transport is replaced: requests go through ctx.http, where bodies are capped, masked and kept.
    requestInterceptor: {
      onFulfilled: (config) => {
        config.transformResponse = []
        config.adapter = async (sent) => {
          const base = (sent.baseURL ?? '').replace(/\/+$/, '')
          const url = `${base}/${(sent.url ?? '').replace(/^\/+/, '')}?${sent.params}`
          const response = await ctx.http({ method: 'GET', url, headers: endpointHeaders(endpoint) }, ctx.abort)
          const { status, headers } = response
          return { data: readAnswer(response, what), status, statusText: '', headers: { ...headers }, config: sent }
        }
        return config
      },
    },
  })
  return ctx.retry(async () => {
    try {
      return (await run(driver)).result as readonly Vector[]
    } catch (error) {
      const original = (error as { original?: unknown } | null)?.original
      throw isFault(original) ? original : error
    }
  }, ctx.abort)
}

/** Checks the answer by hand: a schema over every point of every series costs more than the query. */
function readAnswer(response: HttpResponse, what: string): unknown {
  if (response.status === 400 || response.status === 422) throw refusedQuery(response, what)
  refuseBadStatus(response, what)
  const answer = parseJson(response.body, what) as {
    status?: unknown
    data?: { resultType?: unknown; result?: unknown }
  } | null
  if (answer?.status === 'error') throw refusedQuery(response, what)
  if (answer?.status !== 'success') throw malformed(what, 'status is neither "success" nor "error"')
  const { resultType, result } = answer.data ?? {}
  if ((resultType !== 'matrix' && resultType !== 'vector') || !Array.isArray(result))
    throw malformed(what, 'data.resultType is neither "matrix" nor "vector"')
  for (const series of result as { metric?: unknown; values?: unknown; value?: unknown }[]) {
    if (typeof series !== 'object' || series === null) throw malformed(what, 'a series is not an object')
    if (!isLabels(series.metric)) throw malformed(what, 'a series has labels that are not text')
    const points = resultType === 'matrix' ? series.values : [series.value]
    if (!Array.isArray(points)) throw malformed(what, 'a series has no values')
    refuseBadPoints(points, what)
  }
  return answer
}

function refuseBadPoints(points: readonly unknown[], what: string): void {
  let before = Number.NEGATIVE_INFINITY
  for (const point of points) {
    if (!Array.isArray(point) || typeof point[0] !== 'number' || typeof point[1] !== 'string' || point.length !== 2)
      throw malformed(what, 'a point is not [seconds, "value"]')
    if (!(point[0] > before)) throw malformed(what, 'points are not in order of time')
    before = point[0]
  }
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

function refusedQuery({ body, status }: HttpResponse, what: string): Fault {
  let errorType = 'unknown'
  try {
    const answer = JSON.parse(body) as { errorType?: unknown } | null
    if (typeof answer?.errorType === 'string' && /^[a-z_]{1,40}$/.test(answer.errorType)) errorType = answer.errorType
  } catch {
    // A body that is no JSON tells nothing more than the status does.
  }
  return new Fault('upstream_refused', `${what} was refused: ${errorType}`, {
    details: { status, errorType },
    hint: 'run the query by hand to see what the server says',
  })
}
