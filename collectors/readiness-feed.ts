import { z } from 'zod'
import { Target } from '../agent/domain/action.ts'
import { FailureKind } from '../agent/domain/evidence.ts'
import type { ReadinessSignal } from '../agent/domain/signal.ts'
import { Fault } from '../agent/lib/errors.ts'
import type { Collector } from './collector.ts'
import { EndpointOptions, jsonOf, readAs } from './shared/endpoint.ts'
import { VendorTime } from './shared/lenient.ts'

/** A JSON feed of what was measured of the places to move to, `{checkedAt, targets: {secondary, dr}}`, one piece of evidence per target. */
export const Options = EndpointOptions.extend({
  source: z.literal('readiness-feed'),
  targets: z.array(Target).min(1).default(['secondary', 'dr']),
})
export type Options = z.infer<typeof Options>

const Measured = z.object({
  healthy: z.boolean().nullish(),
  capacity: z.enum(['ok', 'low', 'none', 'unknown']).catch('unknown'),
  // A negative or missing lag is not a small lag: it is unknown.
  replicationLagSeconds: z.number().min(0).nullish().catch(null),
  sharedDependencies: z.array(z.string()).default([]),
  lastBackupAt: VendorTime,
  lastRestoreTestAt: VendorTime,
  detail: z.string().nullish().catch(null),
})

const Failed = z.object({
  error: z.object({ kind: FailureKind.catch('unknown'), status: z.number().int().optional() }),
})

const Feed = z.object({
  checkedAt: VendorTime,
  targets: z.record(z.string(), z.union([z.null(), Failed, Measured])),
})

/** One collector per target; they ask for the same URL, which a collecting round fetches once. */
export function readinessFeed(options: Options): Collector[] {
  return options.targets.map((target) => ({
    name: `readiness:${target}`,
    source: 'readiness-feed',
    observer: 'target',
    timeoutMs: options.timeoutMs,
    async collect(_scope, ctx) {
      const feed = readAs(Feed, await jsonOf(ctx, 'the readiness feed', options), 'the readiness feed')
      const measured = feed.targets[target]
      if (measured === undefined) return []
      if (measured !== null && 'error' in measured) {
        throw new Fault('upstream_refused', `the readiness feed could not measure ${target}`, {
          details: { failureKind: measured.error.kind, status: measured.error.status },
        })
      }
      const signal: ReadinessSignal = {
        kind: 'readiness',
        id: `readiness:${target}:1`,
        target,
        exists: measured !== null,
        healthy: measured?.healthy ?? null,
        capacity: measured?.capacity ?? 'unknown',
        replicationLagSeconds: measured?.replicationLagSeconds ?? null,
        sharedDependencies: measured?.sharedDependencies ?? [],
        lastBackupAt: measured?.lastBackupAt ?? null,
        lastRestoreTestAt: measured?.lastRestoreTestAt ?? null,
        checkedAt: feed.checkedAt,
        detail: measured?.detail ?? null,
      }
      return [signal]
    },
  }))
}
