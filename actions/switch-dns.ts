import { z } from 'zod'
import { stageCommon } from '../agent/domain/plan.ts'
import { Fault } from '../agent/lib/errors.ts'
import { areSame, type DnsEffector, RecordState, ResolverAddress, SwitchedRecord } from './shared/dns-records.ts'
import { Rfc2136, rfc2136 } from './shared/dns-rfc2136.ts'
import { Route53, route53 } from './shared/dns-route53.ts'
import type { Check, Stage, StageContext } from './stage.ts'

export const Options = z.strictObject({
  stage: z.literal('switch-dns'),
  ...stageCommon,
  via: z.discriminatedUnion('provider', [Rfc2136, Route53]),
  /** All of one zone: they change together or not at all. */
  records: z.array(SwitchedRecord).min(1),
  /** Resolvers that users ask. The switch has happened when every one of them answers with the new values. */
  resolvers: z.array(ResolverAddress).min(1, 'name the resolvers that users ask: what they answer is what counts'),
})
export type Options = z.infer<typeof Options>

const Before = z.array(RecordState)

/** Points names elsewhere, and waits until those who ask resolvers get the new answer. */
export function switchDns(options: Options): Stage {
  const { records, resolvers, via } = options
  const firstName = records[0]?.name ?? ''
  const effector = via.provider === 'rfc2136' ? rfc2136(via, firstName) : route53(via, firstName)
  const wanted = records.map(({ to, ttlSeconds }) => ({ values: to, ttlSeconds }))
  return {
    name: 'switch-dns',
    fencing: effector.fencing,
    describe: () =>
      `${records.map(({ name, type, from, to }) => `point ${name} (${type}) from ${from.join(', ')} to ${to.join(', ')}`).join('; ')}` +
      ` in ${effector.place}, and wait until ${resolvers.join(', ')} answer so`,
    async identify(ctx) {
      await effector.identify(ctx)
      const { states } = await effector.read(ctx, records)
      for (const [index, record] of records.entries()) {
        const values = states[index]?.values ?? []
        if (areSame(values, record.from) || areSame(values, record.to)) continue
        throw new Fault(
          'conflict',
          `${record.name} says ${values.join(', ') || 'nothing'}, and the plan expects ${record.from.join(', ')}`,
          { hint: 'somebody changed it; make the plan say what is true, or put the record back' },
        )
      }
    },
    async apply(ctx) {
      const { states } = await effector.read(ctx, records)
      if (!ctx.recall('before', Before)) await ctx.remember('before', states)
      const ttlSeconds = Math.max(...states.map((state) => state.ttlSeconds ?? 0))
      await changeTo(effector, options, wanted, ctx)
      await ctx.note(`resolvers may keep the old answer for ${ttlSeconds} s`, { ttlSeconds })
    },
    verify: (ctx) => look(effector, options, wanted, ctx),
    async rollback(ctx) {
      const before = ctx.recall('before', Before)
      if (before) await changeTo(effector, options, before, ctx)
    },
    async verifyRollback(ctx) {
      const before = ctx.recall('before', Before)
      return before ? look(effector, options, before, ctx) : { outcome: 'done', detail: 'nothing had been changed' }
    },
  }
}

async function changeTo(
  effector: DnsEffector,
  { records }: Options,
  wanted: readonly RecordState[],
  ctx: StageContext,
): Promise<void> {
  const { states, generation } = await effector.read(ctx, records)
  if (generation !== null && generation > ctx.run.generation) throw tooOld(effector)
  const changes = records.flatMap((record, index) => {
    const [before, after] = [states[index], wanted[index]]
    if (!before || !after || areSame(before.values, after.values)) return []
    return [{ record, before, values: after.values, ttlSeconds: after.ttlSeconds ?? record.ttlSeconds }]
  })
  if (changes.length === 0) return
  const told = changes.map(({ record, values }) => `${record.name} to ${values.join(', ')}`).join('; ')
  const outcome = await ctx.effect(`point ${told} in ${effector.place}`, (write) =>
    effector.change(ctx, write, changes, generation),
  )
  if (outcome !== 'moved_on') return
  const seen = await effector.read(ctx, records)
  if (seen.generation !== null && seen.generation > ctx.run.generation) throw tooOld(effector)
  // The same change of ours may have arrived although its answer was lost.
  const isDone = wanted.every((state, index) => areSame(state.values, seen.states[index]?.values ?? []))
  if (!isDone)
    throw new Fault(
      'conflict',
      `somebody else changed ${records.map(({ name }) => name).join(', ')} in ${effector.place}`,
      {
        hint: 'nothing was overwritten; look who did, and start again',
      },
    )
}

function tooOld(effector: DnsEffector): Fault {
  return new Fault('conflict', `a newer run or takeover has already changed ${effector.place}; this one is too old`, {
    details: { reason: 'older_generation' },
  })
}

/** Success is what resolvers answer; what the server accepted is only the way there. */
async function look(
  effector: DnsEffector,
  { records, resolvers }: Options,
  wanted: readonly RecordState[],
  ctx: StageContext,
): Promise<Check> {
  const { states } = await effector.read(ctx, records)
  const unchanged = records.filter(
    (_record, index) => !areSame(states[index]?.values ?? [], wanted[index]?.values ?? []),
  )
  if (unchanged.length > 0) {
    const told = unchanged.map(({ name }) => name).join(', ')
    return { outcome: unchanged.length === records.length ? 'not_done' : 'unclear', detail: `${told}: not changed` }
  }
  if (!(await effector.isSpread(ctx))) return { outcome: 'unclear', detail: `${effector.place} is still spreading it` }
  const stale: string[] = []
  for (const server of resolvers) {
    for (const [index, { name, type }] of records.entries()) {
      const { values, ttlSeconds } = await ctx.read.resolveDns({ name, type, server }, ctx.abort)
      if (areSame(values, wanted[index]?.values ?? [])) continue
      stale.push(
        `${server} says ${name} is ${values.join(', ') || 'nothing'}${ttlSeconds === null ? '' : ` for another ${ttlSeconds} s`}`,
      )
    }
  }
  if (stale.length > 0) return { outcome: 'unclear', detail: stale.join('; ') }
  return {
    outcome: 'done',
    detail: `${resolvers.length} resolvers answer ${wanted.map(({ values }) => values.join(', ')).join('; ')}`,
  }
}
