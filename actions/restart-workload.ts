import { z } from 'zod'
import { stageCommon } from '../agent/domain/plan.ts'
import {
  type Deployment,
  GENERATION_ANNOTATION,
  patchDeployment,
  readDeployment,
  refuseOlder,
  rolloutOf,
  workloadPlace,
  workloadShape,
} from './shared/kubernetes.ts'
import type { Stage, StageContext } from './stage.ts'

export const Options = z.strictObject({ stage: z.literal('restart-workload'), ...stageCommon, ...workloadShape })
export type Options = z.infer<typeof Options>

const RESTART_ANNOTATION = 'failwise.io/restarted-by'

/** Restarts the pods of a Deployment a few at a time, as its strategy says: users keep being served. */
export function restartWorkload(options: Options): Stage {
  const isOurs = ({ spec }: Deployment, ctx: StageContext) =>
    spec.template.metadata?.annotations?.[RESTART_ANNOTATION] === ctx.idempotencyKey
  return {
    name: 'restart-workload',
    fencing: 'fenced',
    describe: () => `restart ${workloadPlace(options)} by its rolling strategy and wait until every pod is available`,
    identify: async (ctx) => {
      refuseOlder(options, await readDeployment(options, ctx), ctx)
    },
    async apply(ctx) {
      const deployment = await readDeployment(options, ctx)
      refuseOlder(options, deployment, ctx)
      if (isOurs(deployment, ctx)) return
      const { resourceVersion } = deployment.metadata
      const annotations = { [RESTART_ANNOTATION]: ctx.idempotencyKey }
      const body = {
        metadata: { resourceVersion, annotations: { [GENERATION_ANNOTATION]: String(ctx.run.generation) } },
        spec: { template: { metadata: { annotations } } },
      }
      await ctx.effect(`restart ${workloadPlace(options)}`, (write) =>
        patchDeployment(options, write, { kind: 'merge', body }, ctx),
      )
    },
    async verify(ctx) {
      const deployment = await readDeployment(options, ctx)
      if (!isOurs(deployment, ctx)) return { outcome: 'not_done', detail: 'it was not restarted by this run' }
      return rolloutOf(deployment)
    },
    // What was restarted stays restarted, and is what it was.
    rollback: 'nothing_to_undo',
  }
}
