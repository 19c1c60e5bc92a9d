import { z } from 'zod'
import type { Collector } from './collector.ts'
import { CheckOptions, checkSignal, observerOf, probeWithin } from './shared/checks.ts'
import type { CollectorPorts } from './shared/ports.ts'

/** A TCP port that has to accept connections. */
export const Options = CheckOptions.extend({
  source: z.literal('health-tcp'),
  host: z.string().min(1),
  port: z.number().int().min(1).max(65_535),
  degradedAboveMs: z.number().positive().optional(),
})
export type Options = z.infer<typeof Options>

/** Opens a connection and closes it again. */
export function healthTcp(options: Options, ports: Pick<CollectorPorts, 'clock' | 'connectTcp'>): Collector {
  return {
    name: `health:${options.check}`,
    source: 'health-tcp',
    observer: observerOf(options),
    timeoutMs: options.timeoutMs,
    async collect(_scope, ctx) {
      const { host, port, check, degradedAboveMs } = options
      const startedMs = ports.clock.elapsed()
      try {
        await probeWithin(ports.clock, options.timeoutMs * 0.9, ctx.abort, (abort) => {
          return ports.connectTcp({ host, port }, abort)
        })
      } catch (error) {
        ctx.abort.throwIfAborted()
        const { code } = error as { code?: unknown }
        const why = typeof code === 'string' ? code : 'no answer in time'
        return [checkSignal(check, 'error', `${host}:${port} does not accept connections (${why})`, ctx.window.to)]
      }
      const latencyMs = ports.clock.elapsed() - startedMs
      const isSlow = degradedAboveMs !== undefined && latencyMs > degradedAboveMs
      return [checkSignal(check, isSlow ? 'degraded' : 'ok', isSlow ? 'slow' : 'connected', ctx.window.to, latencyMs)]
    },
  }
}
