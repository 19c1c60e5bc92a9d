import type { ResourceRecordSet } from '@aws-sdk/client-route-53'
import { z } from 'zod'
import { Fault } from '../../agent/lib/errors.ts'
import type { StageContext } from '../stage.ts'
import { Route53, route53Zone } from './dns-route53.ts'
import type { TrafficLever } from './traffic-lever.ts'

/** Two weighted sets of one name in Route 53. Resolvers move over as their copies expire. */
export const Route53Lever = Route53.omit({ provider: true }).extend({
  by: z.literal('route53'),
  name: z.string().min(1),
  type: z.enum(['A', 'AAAA', 'CNAME']).default('A'),
  /** Identifiers of the source's and the target's set. */
  from: z.string().min(1),
  to: z.string().min(1),
})
export type Route53Lever = z.infer<typeof Route53Lever>

/** Sets both weights in one batch: their sum is always 100, so one side is always on. */
export function route53Lever(options: Route53Lever): TrafficLever {
  const { name, type, from, to } = options
  const zone = route53Zone({ ...options, provider: 'route53' }, name)
  const read = async (ctx: StageContext) => {
    const [source, target] = [
      await weightedSet(zone.readSet(ctx, { name, type, setIdentifier: from }), name, from),
      await weightedSet(zone.readSet(ctx, { name, type, setIdentifier: to }), name, to),
    ]
    return { source, target }
  }
  return {
    fencing: 'fenced',
    describe: `weights of ${to} against ${from} for ${name} in Route 53 zone ${options.zone} (${options.hostedZoneId})`,
    identify: (ctx) => zone.identify(ctx),
    async read(ctx) {
      const { source, target } = await read(ctx)
      const sum = source.Weight + target.Weight
      return sum === 0 ? 50 : Math.round((100 * target.Weight) / sum)
    },
    async set(ctx, write, percent) {
      if (!Number.isInteger(percent)) throw new Fault('usage', `weights cannot hold a share of ${percent} %`)
      const { source, target } = await read(ctx)
      const pairs = [
        { before: source, after: { ...source, Weight: 100 - percent } },
        { before: target, after: { ...target, Weight: percent } },
      ]
      if ((await zone.replace(ctx, write, pairs)) === 'changed') return
      const { generation } = await zone.readGeneration(ctx)
      if (generation !== null && generation > ctx.run.generation)
        throw new Fault('conflict', `a newer run or takeover has already turned ${name} in Route 53`, {
          details: { reason: 'older_generation' },
        })
      const now = await read(ctx)
      if (now.target.Weight !== percent || now.source.Weight !== 100 - percent)
        throw new Fault('conflict', `somebody else changed the weights of ${name} in Route 53 meanwhile`, {
          details: { reason: 'changed_meanwhile' },
        })
    },
  }
}

async function weightedSet(
  reading: Promise<ResourceRecordSet | null>,
  name: string,
  identifier: string,
): Promise<ResourceRecordSet & { Weight: number }> {
  const set = await reading
  if (set?.Weight === undefined) throw new Fault('conflict', `${name} has no weighted set "${identifier}" in Route 53`)
  return { ...set, Weight: set.Weight }
}
