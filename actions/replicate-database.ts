import { z } from 'zod'
import { stageCommon } from '../agent/domain/plan.ts'
import { Fault } from '../agent/lib/errors.ts'
import { pollUntil } from './shared/poll.ts'
import { lagOf } from './shared/postgres-lag.ts'
import { PostgresServer, placeOf, stateIfReachable, stateOf } from './shared/postgres-server.ts'
import type { Stage, StageContext } from './stage.ts'

export const Options = z.strictObject({
  stage: z.literal('replicate-database'),
  ...stageCommon,
  source: PostgresServer,
  standby: PostgresServer,
  /** The objective of the plan without it. */
  maxLagSeconds: z.number().min(0).optional(),
})
export type Options = z.infer<typeof Options>

/** Waits until the standby is close enough behind its source; replication itself is PostgreSQL's. */
export function replicateDatabase(options: Options): Stage {
  const { source, standby } = options
  const isClose = async (ctx: StageContext) => {
    const limit = options.maxLagSeconds ?? ctx.plan.objectives.rpoSeconds
    const lag = await lagOf(ctx.read, standby, ctx.abort)
    return { isClose: lag.seconds !== null && lag.seconds <= limit, lag, limit }
  }
  return {
    name: 'replicate-database',
    fencing: 'no-effect',
    describe: () =>
      `wait until ${placeOf(standby)} is ${options.maxLagSeconds === undefined ? 'within the RPO' : `at most ${options.maxLagSeconds} s`} behind ${placeOf(source)}`,
    async identify(ctx) {
      const [behind, ahead] = await Promise.all([
        stateOf(ctx.read, standby, ctx.abort),
        stateIfReachable(ctx.read, source, ctx.abort),
      ])
      if (ahead && ahead.systemIdentifier !== behind.systemIdentifier)
        throw new Fault('conflict', `${placeOf(standby)} is no standby of ${placeOf(source)}: the clusters differ`)
    },
    async apply(ctx) {
      if (ctx.run.isDryRun) return
      await pollUntil(ctx, 1000, async () => ((await isClose(ctx)).isClose ? true : null))
    },
    async verify(ctx) {
      const seen = await isClose(ctx)
      const measured = seen.lag.seconds === null ? 'an unknown time' : `${seen.lag.seconds.toFixed(1)} s`
      const detail = `${placeOf(standby)} would lose ${measured} of data, ${seen.limit} s are allowed: ${seen.lag.detail}`
      return { outcome: seen.isClose ? 'done' : 'not_done', detail }
    },
    rollback: 'nothing_to_undo',
  }
}
