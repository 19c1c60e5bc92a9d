import { z } from 'zod'
import { stageCommon } from '../agent/domain/plan.ts'
import { Fault } from '../agent/lib/errors.ts'
import type { Pipeline, PipelineState } from './shared/pipeline.ts'
import { Github, github } from './shared/pipeline-github.ts'
import { Jenkins, jenkins } from './shared/pipeline-jenkins.ts'
import { N8n, n8n } from './shared/pipeline-n8n.ts'
import { Webhook, webhook } from './shared/pipeline-webhook.ts'
import { pollUntil, pollWithin } from './shared/poll.ts'
import type { Stage, StageContext } from './stage.ts'

const Parameters = z.record(z.string(), z.string())

export const Options = z.strictObject({
  stage: z.literal('trigger-pipeline'),
  ...stageCommon,
  through: z.discriminatedUnion('system', [Github, Jenkins, N8n, Webhook]),
  parameters: Parameters.default({}),
  pollSeconds: z.number().min(0.1).max(300).default(5),
  /** Parameters that take it back; there is no default, since nobody but you knows whether there are any. */
  rollback: z.union([Parameters, z.literal('irreversible'), z.literal('nothing_to_undo')]),
})
export type Options = z.infer<typeof Options>

const Began = z.object({ key: z.string() })
const Handle = z.string()

/** Starts a pipeline once and follows it to its end. That it says "success" ends this stage, and proves nothing: the plan needs a `verify`. */
export function triggerPipeline(options: Options): Stage {
  const { parameters, rollback } = options
  const pipeline = pipelineOf(options.through)
  return {
    name: 'trigger-pipeline',
    fencing: pipeline.fencing,
    describe: () => `run ${pipeline.place}${toldParameters(parameters)} and follow it to its end`,
    identify: (ctx) => pipeline.identify(ctx),
    apply: (ctx) => runToEnd(pipeline, options, { memory: '', key: ctx.idempotencyKey, parameters }, ctx),
    async verify(ctx) {
      if (!ctx.recall('began', Began)) return { outcome: 'not_done', detail: `${pipeline.place} was not started` }
      if (ctx.run.isDryRun) return { outcome: 'done', detail: 'rehearsal: it would have been started' }
      const { state, detail } = await stateOf(pipeline, '', ctx)
      if (state === 'succeeded') return { outcome: 'done', detail: `${detail}; what it says is not yet believed` }
      return { outcome: 'unclear', detail, isFinal: state === 'failed' }
    },
    rollback: typeof rollback === 'string' ? rollback : (ctx) => undo(pipeline, options, rollback, ctx),
  }
}

function pipelineOf(through: Options['through']): Pipeline {
  switch (through.system) {
    case 'github':
      return github(through)
    case 'jenkins':
      return jenkins(through)
    case 'n8n':
      return n8n(through)
    case 'webhook':
      return webhook(through)
  }
}

interface Wanted {
  /** What sets the memory of the way back apart from the way there. */
  readonly memory: '' | 'undo_'
  readonly key: string
  readonly parameters: Readonly<Record<string, string>>
}

/** The handle on record, or a run that was started without our learning of it. */
async function handleOf(pipeline: Pipeline, memory: Wanted['memory'], ctx: StageContext): Promise<string | null> {
  const began = ctx.recall(`${memory}began`, Began)
  if (!began) return null
  const kept = ctx.recall(`${memory}handle`, Handle)
  if (kept !== undefined) return kept
  const found = await pipeline.find(ctx, began.key)
  if (found !== null) await ctx.remember(`${memory}handle`, found)
  return found
}

/** How our run stands. Handles can go stale, as items of Jenkins' queue do: then the run is looked for again. */
async function stateOf(pipeline: Pipeline, memory: Wanted['memory'], ctx: StageContext): Promise<PipelineState> {
  const handle = await handleOf(pipeline, memory, ctx)
  if (handle === null) return { state: 'unknown', detail: `${pipeline.place} shows no run of ours yet` }
  const seen = await pipeline.look(ctx, handle)
  const began = ctx.recall(`${memory}began`, Began)
  if (seen.state !== 'unknown' || !began) return seen
  const found = await pipeline.find(ctx, began.key)
  if (found === null || found === handle) return seen
  await ctx.remember(`${memory}handle`, found)
  return pipeline.look(ctx, found)
}

/** A run that was started before the agent died. Starting twice is the worse mistake, so one that may not be visible yet is waited for. */
async function startedBefore(pipeline: Pipeline, memory: Wanted['memory'], ctx: StageContext): Promise<string | null> {
  if (!ctx.recall(`${memory}began`, Began) || ctx.run.isDryRun) return null
  const limits = { everyMs: 2000, withinMs: pipeline.appearsWithinMs ?? 0 }
  const found = await pollWithin(ctx, limits, () => handleOf(pipeline, memory, ctx))
  if (found === null && pipeline.appearsWithinMs === null)
    throw new Fault('conflict', `${pipeline.place} was perhaps started before, and cannot tell`, {
      hint: 'look at its executions; a second run might do everything twice',
    })
  return found
}

async function runToEnd(pipeline: Pipeline, options: Options, wanted: Wanted, ctx: StageContext): Promise<void> {
  const { memory, key, parameters } = wanted
  if ((await startedBefore(pipeline, memory, ctx)) === null) {
    await ctx.remember(`${memory}began`, { key })
    const what = `run ${pipeline.place}${toldParameters(parameters)}`
    const started = await ctx.effect(what, async (write) => ({
      handle: await pipeline.start(ctx, write, key, parameters),
    }))
    if (started === null) return
    if (started.handle !== null) await ctx.remember(`${memory}handle`, started.handle)
  }
  await followToEnd(pipeline, options, memory, ctx)
}

async function followToEnd(
  pipeline: Pipeline,
  options: Options,
  memory: Wanted['memory'],
  ctx: StageContext,
): Promise<void> {
  if (ctx.run.isDryRun) return
  let toldDetail = ''
  const { state, detail } = await pollUntil(ctx, options.pollSeconds * 1000, async () => {
    const seen = await stateOf(pipeline, memory, ctx)
    if (seen.detail !== toldDetail) await ctx.note(seen.detail)
    toldDetail = seen.detail
    return seen.state === 'succeeded' || seen.state === 'failed' ? seen : null
  })
  if (state === 'failed') throw new Fault('stage_failed', `${pipeline.place} failed: ${detail}`)
}

/** Ends a run that is still on its way, then runs the way back if anything was begun. */
async function undo(
  pipeline: Pipeline,
  options: Options,
  parameters: Readonly<Record<string, string>>,
  ctx: StageContext,
): Promise<void> {
  if (!ctx.recall('began', Began)) return
  const { cancel } = pipeline
  const handle = await handleOf(pipeline, '', ctx)
  if (handle !== null && cancel && (await stateOf(pipeline, '', ctx)).state === 'running') {
    await ctx.effect(`end the run of ${pipeline.place}`, (write) => cancel(ctx, write, handle))
    await pollUntil(ctx, options.pollSeconds * 1000, async () =>
      (await stateOf(pipeline, '', ctx)).state === 'running' ? null : true,
    )
  }
  await runToEnd(pipeline, options, { memory: 'undo_', key: `${ctx.idempotencyKey}:undo`, parameters }, ctx)
}

function toldParameters(parameters: Readonly<Record<string, string>>): string {
  const names = Object.keys(parameters)
  return names.length === 0 ? '' : ` with ${names.join(', ')}`
}
