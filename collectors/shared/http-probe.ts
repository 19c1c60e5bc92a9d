import { z } from 'zod'
import type { CheckStatus, HealthCheckSignal } from '../../agent/domain/signal.ts'
import type { Clock } from '../../agent/lib/clock.ts'
import { asFault } from '../../agent/lib/errors.ts'
import type { HttpRequest } from '../../agent/lib/http.ts'
import type { CollectContext } from '../collector.ts'
import { CheckOptions, checkSignal, probeWithin } from './checks.ts'
import { EndpointOptions, endpointHeaders } from './endpoint.ts'

/** An HTTP call and what its answer has to be. */
export const HttpProbeOptions = EndpointOptions.extend(CheckOptions.shape).extend({
  method: z.enum(['GET', 'POST']).default('GET'),
  body: z.string().optional(),
  /** Statuses that mean "it works"; an API that refuses an unsigned call with 403 works. */
  okStatuses: z.array(z.number().int().min(100).max(599)).min(1).default([200, 201, 202, 204]),
  /** A text that the body has to contain. */
  bodyContains: z.string().min(1).optional(),
  degradedAboveMs: z.number().positive().optional(),
  /** One lost packet is no outage: only when every try fails it is an error, when some do it is degraded. */
  tries: z.number().int().min(1).max(5).default(2),
})
export type HttpProbeOptions = z.infer<typeof HttpProbeOptions>

interface Try {
  readonly outcome: string | null
  readonly latencyMs: number
}

/** Probes an endpoint; an endpoint that refuses, breaks off or keeps silent is an answer, of status error. */
export async function probeHttp(
  options: HttpProbeOptions,
  clock: Clock,
  ctx: CollectContext,
): Promise<HealthCheckSignal> {
  const tries: Try[] = []
  // All tries and the collector's own deadline share the time.
  const tryMs = Math.floor((options.timeoutMs * 0.9) / options.tries)
  for (let number = 1; number <= options.tries; number++) {
    tries.push(await tryOnce(options, clock, ctx, tryMs, number))
    ctx.abort.throwIfAborted()
    if (tries.at(-1)?.outcome === null) break
  }
  const failed = tries.filter((one) => one.outcome !== null)
  const last = tries.at(-1)
  const latencyMs = last?.outcome === null ? last.latencyMs : null
  const isSlow = latencyMs !== null && options.degradedAboveMs !== undefined && latencyMs > options.degradedAboveMs
  const status: CheckStatus = failed.length === tries.length ? 'error' : failed.length > 0 || isSlow ? 'degraded' : 'ok'
  const outcomes = [...new Set(failed.map((one) => one.outcome))].join(', ')
  const detail =
    failed.length > 0 ? `${failed.length} of ${tries.length} tries failed: ${outcomes}` : isSlow ? 'slow' : 'answered'
  return checkSignal(options.check, status, detail, ctx.window.to, latencyMs)
}

async function tryOnce(
  options: HttpProbeOptions,
  clock: Clock,
  ctx: CollectContext,
  tryMs: number,
  number: number,
): Promise<Try> {
  const startedMs = clock.elapsed()
  const request: HttpRequest = {
    method: options.method,
    url: options.url,
    // Makes each try a question of its own, which nothing in between answers from memory.
    headers: {
      ...endpointHeaders(options),
      accept: '*/*',
      'cache-control': 'no-cache',
      'x-failwise-try': String(number),
    },
    ...(options.body !== undefined && { body: options.body }),
  }
  let outcome: string | null = null
  try {
    const response = await probeWithin(clock, tryMs, ctx.abort, (abort) => ctx.http(request, abort))
    if (!options.okStatuses.includes(response.status)) outcome = `status ${response.status}`
    else if (options.bodyContains && !response.body.includes(options.bodyContains))
      outcome = 'the expected text is missing'
  } catch (error) {
    const fault = asFault(error)
    outcome = fault.code === 'internal' ? `no answer within ${tryMs} ms` : fault.message
  }
  return { outcome, latencyMs: clock.elapsed() - startedMs }
}
