import { z } from 'zod'
import { Fault } from '../agent/lib/errors.ts'
import type { Collector } from './collector.ts'
import { CheckOptions, checkSignal, observerOf } from './shared/checks.ts'
import { bodyOf, EndpointOptions, endpointHeaders, urlBelow } from './shared/endpoint.ts'

/** A probe of the primary from the recovery site, made by a blackbox exporter that runs over there. */
export const Options = EndpointOptions.extend(CheckOptions.shape).extend({
  source: z.literal('health-remote-probe'),
  check: z.string().min(1).default('cross_cloud_probe'),
  /** What the exporter probes, such as the primary's public address. */
  target: z.string().min(1),
  module: z.string().min(1).default('http_2xx'),
  degradedAboveMs: z.number().positive().optional(),
})
export type Options = z.infer<typeof Options>

/** Asks a blackbox exporter elsewhere to probe; when the exporter itself cannot be reached, nobody has looked. */
export function healthRemoteProbe(options: Options): Collector {
  return {
    name: `health:${options.check}`,
    source: 'health-remote-probe',
    observer: observerOf(options),
    timeoutMs: options.timeoutMs,
    async collect(_scope, ctx) {
      const url = urlBelow(options.url, '/probe', { target: options.target, module: options.module })
      const headers = { ...endpointHeaders(options), accept: 'text/plain' }
      const metrics = readMetrics(await bodyOf(ctx, 'the remote prober', { method: 'GET', url, headers }))
      const success = metrics.get('probe_success')
      if (success !== 0 && success !== 1)
        throw new Fault('upstream_malformed', 'the remote prober answered without probe_success', {
          hint: 'the URL has to be that of a blackbox exporter',
        })
      const seconds = metrics.get('probe_duration_seconds')
      const latencyMs = seconds === undefined ? null : seconds * 1000
      const isSlow = latencyMs !== null && options.degradedAboveMs !== undefined && latencyMs > options.degradedAboveMs
      const httpStatus = metrics.get('probe_http_status_code')
      const detail = `${success === 1 ? 'reached' : 'not reached'}${httpStatus ? `, status ${httpStatus}` : ''}`
      const status = success === 0 ? 'error' : isSlow ? 'degraded' : 'ok'
      return [checkSignal(options.check, status, detail, ctx.window.to, latencyMs)]
    },
  }
}

/** Plain samples of the text exposition format; those with labels are not needed here. */
function readMetrics(text: string): Map<string, number> {
  const metrics = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [, name, value] = /^([a-zA-Z_:][\w:]*)\s+(\S+)/.exec(line) ?? []
    if (name !== undefined && Number.isFinite(Number(value))) metrics.set(name, Number(value))
  }
  return metrics
}
