import { z } from 'zod'
import { stageCommon } from '../agent/domain/plan.ts'
import { Fault } from '../agent/lib/errors.ts'
import { pollUntil } from './shared/poll.ts'
import { PostgresServer, placeOf, positionNumber, stateOf } from './shared/postgres-server.ts'
import {
  checkFence,
  checkLifted,
  FenceMemory,
  identifySource,
  liftFence,
  raiseFence,
  sourceShape,
} from './shared/source-fence.ts'
import type { Stage, StageContext } from './stage.ts'

export const Options = z.strictObject({
  stage: z.literal('stop-writes'),
  ...stageCommon,
  ...sourceShape,
  standby: PostgresServer,
})
export type Options = z.infer<typeof Options>

/** For a planned move: stops writers, then waits until the standby has every byte, so that nothing is lost. */
export function stopWrites(options: Options): Stage {
  const { source, standby } = options
  return {
    name: 'stop-writes',
    fencing: 'fenced',
    describe: () => `stop writers of ${placeOf(source)} and wait until ${placeOf(standby)} has received everything`,
    identify: async (ctx) => {
      await identifyReachable(options, ctx)
    },
    async apply(ctx) {
      await raiseFence(options, await identifyReachable(options, ctx), ctx)
      if (ctx.run.isDryRun) return
      await pollUntil(ctx, 200, async () => ((await missingBytes(options, ctx)) === 0n ? true : null))
    },
    async verify(ctx) {
      const check = await checkFence(options, ctx)
      if (check.outcome !== 'done' || ctx.run.isDryRun) return check
      const missing = await missingBytes(options, ctx)
      if (missing !== 0n)
        return { outcome: 'unclear', detail: `${placeOf(standby)} lacks ${missing ?? 'an unknown number of'} bytes` }
      await ctx.prove('source_fenced', check.detail)
      const detail = `${placeOf(standby)} has everything that ${placeOf(source)} wrote`
      await ctx.prove('data_current', detail)
      return { outcome: 'done', detail: `${check.detail}; ${detail}` }
    },
    rollback: (ctx) => liftFence(options, ctx),
    verifyRollback: (ctx) => checkLifted(options, ctx),
  }
}

async function identifyReachable(options: Options, ctx: StageContext) {
  const state = await identifySource(options, ctx)
  if (state) return state
  throw new Fault('upstream_unreachable', `${placeOf(options.source)} does not answer; a planned move needs it`, {
    hint: 'use fence-source where the source is gone',
    retryable: false,
  })
}

/** Bytes of the source's log that the standby has not received; null when the fence left no final position. */
async function missingBytes({ standby }: Options, ctx: StageContext): Promise<bigint | null> {
  const final = ctx.recall('fence', FenceMemory)?.finalPosition
  if (!final) return null
  const { position } = await stateOf(ctx.read, standby, ctx.abort)
  const missing = positionNumber(final) - positionNumber(position)
  return missing > 0n ? missing : 0n
}
