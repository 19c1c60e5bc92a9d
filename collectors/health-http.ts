import { z } from 'zod'
import type { Collector } from './collector.ts'
import { observerOf } from './shared/checks.ts'
import { HttpProbeOptions, probeHttp } from './shared/http-probe.ts'
import type { CollectorPorts } from './shared/ports.ts'

/** An HTTP check of the service itself. */
export const Options = HttpProbeOptions.extend({
  source: z.literal('health-http'),
  check: z.string().min(1).default('internal_services'),
})
export type Options = z.infer<typeof Options>

/** Calls a URL and judges status, text and time. */
export function healthHttp(options: Options, { clock }: Pick<CollectorPorts, 'clock'>): Collector {
  return {
    name: `health:${options.check}`,
    source: 'health-http',
    observer: observerOf(options),
    timeoutMs: options.timeoutMs,
    collect: async (_scope, ctx) => [await probeHttp(options, clock, ctx)],
  }
}
