import { z } from 'zod'
import type { Signal } from '../agent/domain/signal.ts'
import { epochMs, type Instant } from '../agent/domain/time.ts'
import type { Collector } from './collector.ts'
import { EndpointOptions, jsonOf, readAs } from './shared/endpoint.ts'
import { VendorText, VendorTime } from './shared/lenient.ts'

/** A JSON feed of what we changed, `[{at, kind, service, ref, summary, rolloutPercent?}]`. */
export const Options = EndpointOptions.extend({
  source: z.literal('changes-feed'),
  name: z.string().min(1).default('changes'),
  /** Older changes are left out; two days reach back over a weekend's evening deploy. */
  lookbackHours: z.number().positive().default(48),
  maxChanges: z.number().int().positive().default(200),
})
export type Options = z.infer<typeof Options>

const Feed = z.array(
  z.object({
    at: VendorTime,
    kind: z.string().min(1),
    service: VendorText,
    ref: VendorText,
    summary: VendorText,
    rolloutPercent: z.number().min(0).max(100).nullish(),
  }),
)

/** Reads recent changes from a feed. */
export function changesFeed(options: Options): Collector {
  return {
    name: options.name,
    source: 'changes-feed',
    observer: 'change',
    timeoutMs: options.timeoutMs,
    async collect(_scope, ctx) {
      const feed = readAs(Feed, await jsonOf(ctx, 'the changes feed', options), 'the changes feed')
      const undated = feed.filter((change) => change.at === null).length
      if (undated > 0) ctx.truncated(`${undated} changes without a readable time`)
      const from = epochMs(ctx.window.to) - options.lookbackHours * 3_600_000
      const recent = feed.filter((change): change is typeof change & { at: Instant } => {
        return change.at !== null && epochMs(change.at) >= from
      })
      recent.sort((a, b) => epochMs(b.at) - epochMs(a.at))
      if (recent.length > options.maxChanges)
        ctx.truncated(`the newest ${options.maxChanges} of ${recent.length} changes`)
      return recent.slice(0, options.maxChanges).map(
        (change, index): Signal => ({
          kind: 'change',
          id: `${options.name}:change-${index + 1}`,
          at: change.at,
          changeKind: change.kind,
          service: change.service,
          ref: change.ref,
          summary: change.summary,
          rolloutPercent: change.rolloutPercent ?? null,
        }),
      )
    },
  }
}
