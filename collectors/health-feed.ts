import { z } from 'zod'
import { CheckStatus } from '../agent/domain/signal.ts'
import type { Collector } from './collector.ts'
import { CHECK_OBSERVERS, observerOf } from './shared/checks.ts'
import { EndpointOptions, jsonOf, readAs } from './shared/endpoint.ts'
import { VendorTime } from './shared/lenient.ts'

/** A JSON feed of health checks, `[{signal, status, latencyMs?, detail?, checkedAt?}]`, one piece of evidence per check. */
export const Options = EndpointOptions.extend({
  source: z.literal('health-feed'),
  checks: z.array(z.string().min(1)).min(1).default(Object.keys(CHECK_OBSERVERS)),
  observers: z.record(z.string(), z.enum(['provider', 'own_telemetry', 'outside_probe'])).default({}),
})
export type Options = z.infer<typeof Options>

const Feed = z.array(
  z.object({
    signal: z.string(),
    // A status that nobody has defined yet is not health: it reads as unknown.
    status: CheckStatus.catch('unknown'),
    latencyMs: z.number().min(0).nullish().catch(null),
    detail: z.string().nullish().catch(null),
    checkedAt: VendorTime,
  }),
)

/** One collector per check; they ask for the same URL, which a collecting round fetches once. */
export function healthFeed(options: Options): Collector[] {
  return options.checks.map((check) => ({
    name: `health:${check}`,
    source: 'health-feed',
    observer: observerOf({ check, observer: options.observers[check] }),
    timeoutMs: options.timeoutMs,
    async collect(_scope, ctx) {
      const feed = readAs(Feed, await jsonOf(ctx, 'the health feed', options), 'the health feed')
      const answers = feed.filter((entry) => entry.signal === check)
      return answers.map((entry, index) => ({
        kind: 'health_check',
        id: `health:${check}:${index + 1}`,
        check,
        status: entry.status,
        latencyMs: entry.latencyMs ?? null,
        detail: entry.detail ?? null,
        checkedAt: entry.checkedAt,
      }))
    },
  }))
}
