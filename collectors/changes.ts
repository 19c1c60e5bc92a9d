import { z } from 'zod'
import type { ChangeSignal } from '../agent/domain/signal.ts'
import { epochMs, instantOf } from '../agent/domain/time.ts'
import type { Collector } from './collector.ts'
import type { CollectorPorts } from './shared/ports.ts'

/** What was told to the agent itself through `POST /v1/changes`. */
export const Options = z.strictObject({
  source: z.literal('changes'),
  name: z.string().min(1).default('changes'),
  /** Further services whose changes concern this one, such as a shared gateway. */
  services: z.array(z.string().min(1)).default([]),
  lookbackHours: z.number().positive().default(48),
  maxChanges: z.number().int().positive().default(200),
  timeoutMs: z.number().int().min(100).max(60_000).default(5000),
})
export type Options = z.infer<typeof Options>

/** Reads recent changes of the service, of what it depends on, and of the services named, newest first. */
export function changes(options: Options, ports: Pick<CollectorPorts, 'recentChanges'>): Collector {
  return {
    name: options.name,
    source: 'changes',
    observer: 'change',
    timeoutMs: options.timeoutMs,
    async collect({ service }, ctx) {
      const own = service.dependsOn.filter((name) => name.startsWith('own:')).map((name) => name.slice('own:'.length))
      const to = ctx.window.to
      const from = instantOf(epochMs(to) - options.lookbackHours * 3_600_000)
      const known = await ports.recentChanges([...new Set([service.name, ...own, ...options.services])], { from, to })
      const newestFirst = [...known].sort((a, b) => epochMs(b.at) - epochMs(a.at) || (a.ref < b.ref ? -1 : 1))
      if (newestFirst.length > options.maxChanges)
        ctx.truncated(`the newest ${options.maxChanges} of ${newestFirst.length} changes`)
      return Promise.all(
        newestFirst.slice(0, options.maxChanges).map(
          async (change, index): Promise<ChangeSignal> => ({
            kind: 'change',
            id: `${options.name}:change-${index + 1}`,
            at: change.at,
            changeKind: change.kind,
            service: change.service,
            ref: await ctx.mask(change.ref),
            summary: await ctx.mask(change.summary),
            rolloutPercent: change.rolloutPercent,
          }),
        ),
      )
    },
  }
}
