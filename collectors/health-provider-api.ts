import { z } from 'zod'
import type { Collector } from './collector.ts'
import { observerOf } from './shared/checks.ts'
import { HttpProbeOptions, probeHttp } from './shared/http-probe.ts'
import type { CollectorPorts } from './shared/ports.ts'

/**
 * A call to the provider's own API in the primary region. An unsigned call is enough to see that the front answers: list the refusal in
 * `okStatuses` (EC2 answers 400, most others 403).
 */
export const Options = HttpProbeOptions.extend({
  source: z.literal('health-provider-api'),
  check: z.string().min(1).default('provider_api'),
  okStatuses: z.array(z.number().int().min(100).max(599)).min(1).default([200, 204, 400, 401, 403]),
})
export type Options = z.infer<typeof Options>

/** Calls a provider's API and judges status and time. */
export function healthProviderApi(options: Options, { clock }: Pick<CollectorPorts, 'clock'>): Collector {
  return {
    name: `health:${options.check}`,
    source: 'health-provider-api',
    observer: observerOf(options),
    timeoutMs: options.timeoutMs,
    collect: async (_scope, ctx) => [await probeHttp(options, clock, ctx)],
  }
}
