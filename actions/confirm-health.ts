import { z } from 'zod'
import type { Facts } from '../agent/domain/facts.ts'
import { stageCommon } from '../agent/domain/plan.ts'
import type { Stage, StageContext } from './stage.ts'

export const Options = z.strictObject({
  stage: z.literal('confirm-health'),
  ...stageCommon,
  /** `hurt`: users are hurt where the service runs now, so that moving makes sense. `fine`: they are not, as before a drill or a way back. */
  expect: z.enum(['hurt', 'fine']).default('hurt'),
  /** The place to move to must be healthy, with room and fresh measurements. */
  target: z.enum(['secondary', 'dr']).optional(),
  /** Whether it is checked that no more data would be lost than the objective allows, or than was consented to where that is more. */
  checkLag: z.boolean().default(true),
})
export type Options = z.infer<typeof Options>

/** Looks once more before anything is touched: whether the trouble is still there, and whether the place to go to still stands. */
export function confirmHealth(options: Options): Stage {
  const judge = async (ctx: StageContext) => {
    const { facts } = await ctx.look()
    const problems = problemsOf(options, facts, ctx)
    return { facts, problems }
  }
  return {
    name: 'confirm-health',
    fencing: 'no-effect',
    describe: () =>
      [
        options.expect === 'hurt' ? 'make sure that users are still hurt' : 'make sure that users are fine',
        ...(options.target ? [`that the ${options.target} is healthy, fresh and has room`] : []),
      ].join(' and '),
    // Looking is all that it does, and verifying looks.
    apply: async () => {},
    verify: async (ctx) => {
      const { facts, problems } = await judge(ctx)
      if (problems.length > 0) return { outcome: 'not_done', detail: problems.join('; '), isFinal: true }
      return { outcome: 'done', detail: `users hurt: ${facts.hurt.overall}` }
    },
    rollback: 'nothing_to_undo',
  }
}

function problemsOf({ expect, target, checkLag }: Options, facts: Facts, ctx: StageContext): string[] {
  const problems: string[] = []
  const { overall, isRecovering } = facts.hurt
  if (expect === 'hurt' && overall !== 'yes') problems.push(`users hurt: ${overall}`)
  if (expect === 'hurt' && overall === 'yes' && isRecovering) problems.push('the source is recovering by itself')
  if (expect === 'fine' && overall !== 'no') problems.push(`users hurt: ${overall}`)
  if (!target) return problems
  const place = facts.targets[target]
  const blocks = place.blocks.filter((block) => block !== 'lag_over_rpo' && block !== 'lag_unknown')
  if (blocks.length > 0) problems.push(`${target}: ${blocks.join(', ')}`)
  if (checkLag) {
    const allowed = Math.max(ctx.plan.objectives.rpoSeconds, ctx.run.consentedDataLossSeconds ?? 0)
    const lag = place.lagSeconds
    if (lag === null) problems.push(`${target}: nobody knows how much data would be lost`)
    else if (lag > allowed) problems.push(`${target}: ${lag} s of data would be lost, ${allowed} s are allowed`)
  }
  return problems
}
