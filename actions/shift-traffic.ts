import { z } from 'zod'
import { stageCommon } from '../agent/domain/plan.ts'
import { Fault } from '../agent/lib/errors.ts'
import { judgeBounds, SeriesBound } from './shared/fresh-series.ts'
import { LeverOptions, type TrafficLever, trafficLever } from './shared/traffic-lever.ts'
import type { Stage, StageContext } from './stage.ts'

const Percent = z.number().min(0).max(100)

export const Options = z.strictObject({
  stage: z.literal('shift-traffic'),
  ...stageCommon,
  through: LeverOptions,
  /** Shares that the target gets, one after the other. */
  steps: z
    .array(Percent)
    .min(1)
    .default([10, 20, 30, 40, 50, 60, 70, 80, 90, 100])
    .refine((steps) => steps.every((step, index) => index === 0 || step > (steps[index - 1] ?? 0)), {
      error: 'each step must be larger than the one before',
    }),
  /** The least that a step lasts. */
  stepSeconds: z.number().min(0).max(3600).default(30),
  /** What must stay in bounds at every step; a step is passed by positive evidence only. */
  within: z.array(SeriesBound).min(1),
  /** Values of each series that are newer than the step. */
  minimumSamples: z.number().int().min(1).default(3),
  /** How often it looks, while it steps and while it waits. */
  lookEverySeconds: z.number().min(0.01).max(300).default(5),
})
export type Options = z.infer<typeof Options>

const Before = z.object({ percent: Percent })
type Before = z.infer<typeof Before>

/** Moves users in steps. Each step needs fresh values within bounds; a breach, also while it waits, takes all of them back at once. */
export function shiftTraffic(options: Options): Stage {
  const lever = trafficLever(options.through)
  const last = options.steps.at(-1) ?? 100
  return {
    name: 'shift-traffic',
    fencing: lever.fencing,
    describe: () =>
      `move users in steps of ${options.steps.join(', ')} % by ${lever.describe}, each step judged by ${options.within.map(({ series }) => series).join(', ')}`,
    identify: async (ctx) => {
      await lever.identify?.(ctx)
      await lever.read(ctx)
    },
    apply: async (ctx) => {
      const now = await lever.read(ctx)
      // What stood before the first attempt; a second one finds our own steps.
      if (!ctx.recall('before', Before)) await ctx.remember('before', { percent: now } satisfies Before)
      for (const percent of options.steps.filter((step) => step >= now || step === last)) {
        await turn(lever, ctx, percent)
        await holdStep(options, ctx, percent)
      }
    },
    verify: async (ctx) => {
      const percent = await lever.read(ctx)
      if (isAbout(percent, last)) return { outcome: 'done', detail: `${percent} % of the users are at the target` }
      const before = ctx.recall('before', Before)
      const isUntouched = before !== undefined && isAbout(percent, before.percent)
      return { outcome: isUntouched ? 'not_done' : 'unclear', detail: `${percent} % of the users are at the target` }
    },
    rollback: async (ctx) => {
      const before = ctx.recall('before', Before)
      if (before) await turn(lever, ctx, before.percent)
    },
    verifyRollback: async (ctx) => {
      const before = ctx.recall('before', Before)
      const percent = await lever.read(ctx)
      const isBack = before === undefined || isAbout(percent, before.percent)
      return { outcome: isBack ? 'done' : 'unclear', detail: `${percent} % of the users are at the target` }
    },
  }
}

/** Weights are whole numbers over several servers, so a share can be a percent off; everything and nothing cannot. */
function isAbout(percent: number, wanted: number): boolean {
  return wanted === 0 || wanted === 100 ? percent === wanted : Math.abs(percent - wanted) <= 1
}

async function turn(lever: TrafficLever, ctx: StageContext, percent: number): Promise<void> {
  const what = `send ${percent} % of the users to the target by ${lever.describe}`
  const isTurned = await ctx.effect(what, async (write) => {
    await lever.set(ctx, write, percent)
    return true
  })
  if (isTurned === null) return
  const now = await lever.read(ctx)
  if (!isAbout(now, percent))
    throw new Fault('stage_failed', `${lever.describe} says ${now} % after ${percent} % was set`)
}

/** Passes when the step has lasted and every series is known to be within its bound; throws on a breach, and when the stage's time is over. */
async function holdStep(options: Options, ctx: StageContext, percent: number): Promise<void> {
  if (ctx.run.isDryRun) return
  const beganMs = ctx.clock.elapsed()
  const sinceMs = ctx.clock.now()
  const look = async () => {
    const result = judgeBounds(await ctx.look(), options.within, {
      ...{ sinceMs, minimumSamples: options.minimumSamples },
      judged: 'every',
    })
    if (result.state === 'breached')
      throw new Fault('stage_failed', `breach at ${percent} %: ${result.detail}`, { details: { urgent: true } })
    return result
  }
  for (;;) {
    await ctx.checkpoint(async () => {
      await look()
    })
    const { state, detail } = await look()
    const hasLasted = ctx.clock.elapsed() - beganMs >= options.stepSeconds * 1000
    if (state === 'within' && hasLasted) return ctx.note(`${percent} % holds: ${detail}`)
    await ctx.clock.sleep(options.lookEverySeconds * 1000, ctx.abort)
  }
}
