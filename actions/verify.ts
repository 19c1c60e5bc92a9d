import { z } from 'zod'
import { stageCommon } from '../agent/domain/plan.ts'
import { asFault } from '../agent/lib/errors.ts'
import { ProbeOptions, writeProbe } from './probe.ts'
import { judgeBounds, SeriesBound } from './shared/fresh-series.ts'
import type { Check, Stage, StageContext } from './stage.ts'

export const Options = z.strictObject({
  stage: z.literal('verify'),
  ...stageCommon,
  /** A write that users could have made must go through and be found again; needs the plan's `probe`. */
  write: z.boolean().default(true),
  /** What users feel, and where it has to be. */
  within: z.array(SeriesBound).default([]),
  /** How many of each series' newest values, all from after the start of this stage, must be in bounds. */
  minimumSamples: z.number().int().min(1).default(3),
  /** URLs that must answer 200, such as readiness of what users are served by now. */
  healthy: z.array(z.url({ protocol: /^https?$/ })).default([]),
})
export type Options = z.infer<typeof Options>

/** Proves success: a write goes through, and what users feel is in bounds under load. That commands have exited with 0 proves nothing. */
export function verify(options: Options): Stage {
  return {
    name: 'verify',
    fencing: 'no-effect',
    describe: () => `make sure that ${[...claims(options)].join(', ')}`,
    apply: async (ctx) => {
      await ctx.remember('sinceMs', ctx.clock.now())
    },
    verify: async (ctx) => {
      for (const part of [writeGoesThrough, answersAreHealthy, usersAreFine]) {
        const check = await part(options, ctx)
        if (check) return check
      }
      return { outcome: 'done', detail: [...claims(options)].join(', ') }
    },
    rollback: 'nothing_to_undo',
  }
}

function* claims({ write, within, healthy, minimumSamples }: Options): Generator<string> {
  if (write) yield 'a write goes through and is found again'
  for (const url of healthy) yield `${new URL(url).host} answers`
  for (const { series, max, min } of within)
    yield `${series} is ${min === undefined ? '' : `at least ${min} `}${max === undefined ? '' : `at most ${max} `}over ${minimumSamples} fresh values`
}

/** Null when there is nothing to object to. */
async function writeGoesThrough({ write }: Options, ctx: StageContext): Promise<Check | null> {
  if (!write) return null
  const probe = ProbeOptions.safeParse(ctx.plan.probe)
  if (!probe.success) return { outcome: 'unclear', detail: 'the plan names no probe to write with', isFinal: true }
  const { writeAfter, found } = writeProbe(probe.data)
  const id = `${ctx.idempotencyKey}:${ctx.clock.now()}`
  try {
    const written = await ctx.effect(`write the stamp ${id}`, async (ports) => {
      await writeAfter(ports, id, ctx.abort)
      return true
    })
    if (written === null) return null
    const counts = await found(ctx.read, [id], ctx.abort)
    return counts.get(id) ? null : { outcome: 'not_done', detail: 'a write was acknowledged and is not found' }
  } catch (error) {
    ctx.abort.throwIfAborted()
    return { outcome: 'not_done', detail: `a write does not go through: ${asFault(error).message}` }
  }
}

async function answersAreHealthy({ healthy }: Options, ctx: StageContext): Promise<Check | null> {
  for (const url of healthy) {
    const answer = await ctx.read.httpGet({ url }, ctx.abort).catch(() => null)
    ctx.abort.throwIfAborted()
    if (answer?.status !== 200)
      return { outcome: 'not_done', detail: `${new URL(url).host} answers ${answer?.status ?? 'nothing'}` }
  }
  return null
}

async function usersAreFine({ within, minimumSamples }: Options, ctx: StageContext): Promise<Check | null> {
  if (within.length === 0) return null
  const sinceMs = ctx.recall('sinceMs', z.number()) ?? ctx.clock.now()
  const { state, detail } = judgeBounds(await ctx.look(), within, { sinceMs, minimumSamples, judged: 'newest' })
  if (state === 'within') return null
  return { outcome: 'not_done', detail: state === 'unknown' ? `not known yet: ${detail}` : detail }
}
