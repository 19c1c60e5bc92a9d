import { z } from 'zod'
import { stageCommon } from '../agent/domain/plan.ts'
import { Fault } from '../agent/lib/errors.ts'
import { tryWrite } from './shared/postgres-fence.ts'
import { placeOf } from './shared/postgres-server.ts'
import { Command, runEnvironment, runProgram } from './shared/program.ts'
import {
  checkFence,
  checkLifted,
  identifySource,
  liftFence,
  raiseFence,
  sourceShape,
  writerOf,
} from './shared/source-fence.ts'
import type { Check, Stage, StageContext } from './stage.ts'

export const Options = z.strictObject({
  stage: z.literal('fence-source'),
  ...stageCommon,
  ...sourceShape,
  /** Takes the machine of an unreachable source out of service, such as by its power or its network; idempotent, and told the generation. */
  powerOff: Command.optional(),
  /** What to do about a source that does not answer and that no program takes out. Silence is no proof: it may come back and write. */
  whenUnreachable: z.enum(['fail', 'leave_to_consent']).default('fail'),
})
export type Options = z.infer<typeof Options>

/** Keeps every writer off the old primary, and proves it: without that proof nothing may be promoted. */
export function fenceSource(options: Options): Stage {
  const { source, powerOff } = options
  return {
    name: 'fence-source',
    // A program of yours is told the generation; whether it compares is beyond our sight.
    fencing: powerOff ? 'unfenced' : 'fenced',
    describe: () =>
      [
        `keep writers off ${placeOf(source)}: read-only by default, every session ended, a write tried to prove it`,
        ...(powerOff ? [`where it does not answer, run ${powerOff.join(' ')}`] : []),
        ...(!powerOff && options.whenUnreachable === 'leave_to_consent'
          ? ['where it does not answer, go on without proof (promoting then needs consent to the loss)']
          : []),
      ].join('; '),
    identify: async (ctx) => {
      await identifySource(options, ctx)
    },
    async apply(ctx) {
      const state = await identifySource(options, ctx)
      if (state) return raiseFence(options, state, ctx)
      if (powerOff) return cutOff(options, powerOff, ctx)
      const told = `${placeOf(source)} does not answer, and nothing can take it out of service`
      if (options.whenUnreachable === 'fail')
        throw new Fault('upstream_unreachable', told, {
          hint: 'give powerOff a program that does, or set whenUnreachable: leave_to_consent',
          retryable: false,
        })
      await ctx.note(`${told}: it may come back and accept writes`)
    },
    async verify(ctx) {
      const check = await checkOf(options, ctx)
      if (check.outcome === 'done' && check.proof !== undefined) await ctx.prove('source_fenced', check.proof)
      return { outcome: check.outcome, detail: check.detail }
    },
    rollback: (ctx) => liftFence(options, ctx),
    verifyRollback: (ctx) => checkLifted(options, ctx),
  }
}

async function cutOff(options: Options, powerOff: Command, ctx: StageContext): Promise<void> {
  await ctx.effect(
    `run ${powerOff.join(' ')}, which takes ${placeOf(options.source)} out of service`,
    async (write) => {
      await runProgram(write, { command: powerOff, environment: runEnvironment(ctx), timeoutMs: 120_000 }, ctx.abort)
    },
  )
  await ctx.remember('powered_off', true)
}

async function checkOf(options: Options, ctx: StageContext): Promise<Check & { proof?: string }> {
  const check = await checkFence(options, ctx)
  if (check.outcome === 'done' && !ctx.run.isDryRun) return { ...check, proof: check.detail }
  if (check.outcome !== 'unclear') return check
  const answer = await ctx.effect(`try a write on ${placeOf(options.source)} once more`, (write) =>
    tryWrite(write, writerOf(options), ctx.abort),
  )
  if (answer !== 'unreachable') return check
  const detail = `${placeOf(options.source)} does not answer`
  if (ctx.recall('powered_off', z.literal(true))) {
    const told = `${options.powerOff?.join(' ')} succeeded and ${detail}`
    return { outcome: 'done', detail: told, proof: told }
  }
  if (options.whenUnreachable === 'leave_to_consent')
    return { outcome: 'done', detail: `${detail}; it is NOT proven to be fenced` }
  return { outcome: 'unclear', detail }
}
