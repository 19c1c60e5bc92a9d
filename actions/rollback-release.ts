import { z } from 'zod'
import { stageCommon } from '../agent/domain/plan.ts'
import { Fault } from '../agent/lib/errors.ts'
import {
  type Deployment,
  GENERATION_ANNOTATION,
  patchDeployment,
  type Revision,
  readDeployment,
  readRevisions,
  refuseOlder,
  revisionIn,
  rolloutOf,
  workloadPlace,
  workloadShape,
} from './shared/kubernetes.ts'
import type { Stage, StageContext } from './stage.ts'

export const Options = z.strictObject({
  stage: z.literal('rollback-release'),
  ...stageCommon,
  ...workloadShape,
  /** The one before the current without it. */
  toRevision: z.number().int().positive().optional(),
})
export type Options = z.infer<typeof Options>

/** By names of replica sets: going back gives an old revision a new number, and its name stays. */
const Move = z.object({ from: z.string(), to: z.string() })

/** Takes a release back: the Deployment runs the pods of its earlier revision again. */
export function rollbackRelease(options: Options): Stage {
  return {
    name: 'rollback-release',
    fencing: 'fenced',
    describe: () =>
      `take ${workloadPlace(options)} back to ${options.toRevision === undefined ? 'the revision before the current one' : `revision ${options.toRevision}`} and wait until every pod is available`,
    identify: async (ctx) => {
      const deployment = await readDeployment(options, ctx)
      refuseOlder(options, deployment, ctx)
      if (!ctx.recall('move', Move)) earlierOf(options, deployment, await readRevisions(options, deployment, ctx))
    },
    async apply(ctx) {
      const deployment = await readDeployment(options, ctx)
      const revisions = await readRevisions(options, deployment, ctx)
      const move = ctx.recall('move', Move) ?? earlierOf(options, deployment, revisions)
      await ctx.remember('move', move)
      await goTo(options, move.to, ctx)
    },
    async verify(ctx) {
      const move = ctx.recall('move', Move)
      return move ? look(options, move.to, ctx) : { outcome: 'not_done', detail: 'nothing was taken back' }
    },
    async rollback(ctx) {
      const move = ctx.recall('move', Move)
      if (move) await goTo(options, move.from, ctx)
    },
    async verifyRollback(ctx) {
      const move = ctx.recall('move', Move)
      return move ? look(options, move.from, ctx) : { outcome: 'done', detail: 'nothing had been taken back' }
    },
  }
}

function currentOf(deployment: Deployment, revisions: readonly Revision[]): Revision | undefined {
  return revisions.find(({ revision }) => revision === revisionIn(deployment.metadata.annotations))
}

function earlierOf(
  options: Options,
  deployment: Deployment,
  revisions: readonly Revision[],
): { from: string; to: string } {
  const current = currentOf(deployment, revisions)
  const earlier = revisions.filter(({ revision }) => current !== undefined && revision < current.revision)
  const to =
    options.toRevision === undefined ? earlier[0] : earlier.find(({ revision }) => revision === options.toRevision)
  if (current && to) return { from: current.name, to: to.name }
  throw new Fault('conflict', `${workloadPlace(options)} has no such earlier revision to go back to`, {
    hint: `it has ${revisions.map(({ revision }) => revision).join(', ') || 'none'}; revisionHistoryLimit says how many are kept`,
  })
}

async function goTo(options: Options, name: string, ctx: StageContext): Promise<void> {
  const deployment = await readDeployment(options, ctx)
  refuseOlder(options, deployment, ctx)
  if (deployment.spec.paused)
    throw new Fault('conflict', `${workloadPlace(options)} is paused and would not roll`, { hint: 'resume it first' })
  const revisions = await readRevisions(options, deployment, ctx)
  if (currentOf(deployment, revisions)?.name === name) return
  const wanted = revisions.find((one) => one.name === name)
  if (!wanted) throw new Fault('conflict', `${workloadPlace(options)} does not keep ${name} any more`)
  // The version makes it compare-and-set; the template is replaced whole, since merging would keep what the release added.
  const body = [
    { op: 'test', path: '/metadata/resourceVersion', value: deployment.metadata.resourceVersion },
    {
      op: 'add',
      path: `/metadata/annotations/${GENERATION_ANNOTATION.replace('/', '~1')}`,
      value: String(ctx.run.generation),
    },
    { op: 'replace', path: '/spec/template', value: wanted.template },
  ]
  await ctx.effect(`take ${workloadPlace(options)} to revision ${wanted.revision} (${name})`, (write) =>
    patchDeployment(options, write, { kind: 'json', body }, ctx),
  )
}

async function look(options: Options, name: string, ctx: StageContext) {
  const deployment = await readDeployment(options, ctx)
  const current = currentOf(deployment, await readRevisions(options, deployment, ctx))
  // The controller needs a moment to number the revision that it goes to.
  if (current?.name !== name) {
    const isSeen = deployment.status.observedGeneration >= deployment.metadata.generation
    return {
      outcome: isSeen ? ('not_done' as const) : ('unclear' as const),
      detail: `it runs ${current?.name ?? 'no known revision'}`,
    }
  }
  return rolloutOf(deployment)
}
