import { z } from 'zod'
import { stageCommon } from '../agent/domain/plan.ts'
import { Fault } from '../agent/lib/errors.ts'
import {
  GENERATION_ANNOTATION,
  patchDeployment,
  readDeployment,
  refuseOlder,
  rolloutOf,
  workloadPlace,
  workloadShape,
} from './shared/kubernetes.ts'
import type { Stage, StageContext } from './stage.ts'

export const Options = z.strictObject({
  stage: z.literal('scale-workload'),
  ...stageCommon,
  ...workloadShape,
  replicas: z.number().int().min(0).max(10_000),
  /** Without it, a place is only ever made larger: scaling down in an incident takes away from users. */
  mayShrink: z.boolean().default(false),
})
export type Options = z.infer<typeof Options>

const Before = z.object({ replicas: z.number() })

/** Gives a Deployment as many pods as the place that takes over needs. */
export function scaleWorkload(options: Options): Stage {
  const { replicas, mayShrink } = options
  return {
    name: 'scale-workload',
    fencing: 'fenced',
    describe: () =>
      `scale ${workloadPlace(options)} to ${replicas} pods${mayShrink ? '' : ' or leave it larger'} and wait for them`,
    identify: async (ctx) => {
      refuseOlder(options, await readDeployment(options, ctx), ctx)
    },
    async apply(ctx) {
      const { spec } = await readDeployment(options, ctx)
      if (!ctx.recall('before', Before)) await ctx.remember('before', { replicas: spec.replicas })
      if (isEnough(options, spec.replicas)) return
      await scaleTo(options, replicas, ctx)
    },
    async verify(ctx) {
      const deployment = await readDeployment(options, ctx)
      if (!isEnough(options, deployment.spec.replicas))
        return { outcome: 'not_done', detail: `it is to have ${deployment.spec.replicas} pods, not ${replicas}` }
      return rolloutOf(deployment)
    },
    async rollback(ctx) {
      const before = ctx.recall('before', Before)
      const { spec } = await readDeployment(options, ctx)
      // Somebody else's number is not ours to take back.
      if (before && spec.replicas === replicas && before.replicas !== replicas)
        await scaleTo(options, before.replicas, ctx)
    },
  }
}

function isEnough({ replicas, mayShrink }: Options, now: number): boolean {
  return mayShrink ? now === replicas : now >= replicas
}

async function scaleTo(options: Options, replicas: number, ctx: StageContext): Promise<void> {
  const deployment = await readDeployment(options, ctx)
  refuseOlder(options, deployment, ctx)
  if (deployment.spec.paused)
    throw new Fault('conflict', `${workloadPlace(options)} is paused; somebody holds it`, { hint: 'resume it first' })
  const { resourceVersion } = deployment.metadata
  const annotations = { [GENERATION_ANNOTATION]: String(ctx.run.generation) }
  await ctx.effect(`scale ${workloadPlace(options)} from ${deployment.spec.replicas} to ${replicas} pods`, (write) =>
    patchDeployment(
      options,
      write,
      { kind: 'merge', body: { metadata: { resourceVersion, annotations }, spec: { replicas } } },
      ctx,
    ),
  )
}
