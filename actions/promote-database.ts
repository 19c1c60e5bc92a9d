import { z } from 'zod'
import { stageCommon } from '../agent/domain/plan.ts'
import { Fault } from '../agent/lib/errors.ts'
import type { PostgresTarget } from './ports.ts'
import { pollWithin } from './shared/poll.ts'
import { tryWrite } from './shared/postgres-fence.ts'
import { lagOf, lagProblem } from './shared/postgres-lag.ts'
import {
  guarded,
  PostgresServer,
  placeOf,
  positionNumber,
  type ServerState,
  stateIfReachable,
  stateOf,
  tellNewer,
} from './shared/postgres-server.ts'
import { FenceMemory, writerOf } from './shared/source-fence.ts'
import { lossOf, presentStamps, writeStamp } from './shared/write-stamps.ts'
import type { Check, Stage, StageContext } from './stage.ts'

const Login = z.strictObject({
  user: z.string().min(1),
  password: z.string().optional(),
  database: z.string().optional(),
})

export const Options = z.strictObject({
  stage: z.literal('promote-database'),
  ...stageCommon,
  /** The old primary: it is asked once more, since two that accept writes would split the data. */
  source: PostgresServer,
  target: PostgresServer,
  /** A login of the application; it must be refused by the source and served by the target. */
  writer: Login.optional(),
  systemIdentifier: z.string().regex(/^\d+$/, 'expected the number that pg_control_system() shows').optional(),
  /** Which stage of the plan fenced the source. */
  fencedBy: z.string().default('fence-source'),
  /** How long the target may take to receive what the fenced source still had. */
  catchUpSeconds: z.number().min(0).max(3600).default(30),
  /** How long PostgreSQL may take to leave recovery. */
  promoteSeconds: z.number().int().positive().max(3600).default(60),
  /** Wait until this many standbys follow the new primary before it counts. */
  minStandbys: z.number().int().min(0).default(0),
})
export type Options = z.infer<typeof Options>

/** What stood before the promotion; its presence says that this run has decided to promote. */
const Before = z.object({ systemIdentifier: z.string(), timeline: z.number(), lagSeconds: z.number().nullable() })

/** Makes a standby the primary, once the old one is proven to be fenced and the loss is allowed, and proves it by a write. */
export function promoteDatabase(options: Options): Stage {
  const { source, target } = options
  return {
    name: 'promote-database',
    fencing: 'fenced',
    describe: () =>
      `promote ${placeOf(target)} to primary in place of ${placeOf(source)}, if that one is fenced and the loss is allowed; then write to it`,
    identify: async (ctx) => {
      await identifyTarget(options, ctx)
    },
    async apply(ctx) {
      const state = await identifyTarget(options, ctx)
      if (!state.isStandby) return
      await refuseSplitBrain(options, ctx)
      await catchUp(options, state, ctx)
      const lagSeconds = await refuseLoss(options, ctx)
      await ctx.remember('before', { systemIdentifier: state.systemIdentifier, timeline: state.timeline, lagSeconds })
      await ctx.effect(
        `promote ${placeOf(target)} (cluster ${state.systemIdentifier}, timeline ${state.timeline})`,
        async (write) => {
          try {
            const promote = { sql: 'SELECT pg_promote(true, $1)', parameters: [options.promoteSeconds] }
            await write.executePostgres(target, guarded(ctx.run.generation, [promote]), ctx.abort)
          } catch (error) {
            throw tellNewer(error, target)
          }
        },
      )
    },
    verify: (ctx) => verifyPromotion(options, ctx),
    rollback: 'irreversible',
  }
}

/** Throws unless the target is a standby of the cluster that is meant, or the primary that this run has already made of it. */
async function identifyTarget({ source, target, systemIdentifier, fencedBy }: Options, ctx: StageContext) {
  const state = await stateOf(ctx.read, target, ctx.abort)
  const old = await stateIfReachable(ctx.read, source, ctx.abort)
  const expected =
    systemIdentifier ?? ctx.recall('fence', FenceMemory, fencedBy)?.systemIdentifier ?? old?.systemIdentifier
  if (expected !== undefined && expected !== state.systemIdentifier)
    throw new Fault(
      'conflict',
      `${placeOf(target)} belongs to cluster ${state.systemIdentifier}, and the plan means ${expected}`,
      { hint: 'a standby of another database would be promoted' },
    )
  if (state.isStandby || ctx.recall('before', Before)) return state
  throw new Fault('conflict', `${placeOf(target)} is a primary already, and not by this run`, {
    hint: 'was it promoted by hand or by another system? find out which side users write to before going on',
  })
}

/** Throws while the source takes writes, and where it is silent without a proof or a person's consent. */
async function refuseSplitBrain(options: Options, ctx: StageContext): Promise<void> {
  const { source } = options
  const answer = await ctx.effect(`try a write on ${placeOf(source)}, which must be refused`, (write) =>
    tryWrite(write, writerOf(options), ctx.abort),
  )
  if (answer === 'accepted')
    throw new Fault('conflict', `${placeOf(source)} still accepts writes: promoting now would split the data`, {
      details: { reason: 'split_brain' },
      hint: 'fence it first (fence-source); no consent allows two primaries',
    })
  if (ctx.proof('source_fenced') !== null) return
  if (ctx.run.consentedDataLossSeconds === null && !ctx.run.isDryRun)
    throw new Fault('conflict', `nothing proves that ${placeOf(source)} is fenced, and nobody consented to the loss`, {
      details: { reason: 'not_fenced' },
      hint: 'run fence-source before, or ask for consent to the data loss',
    })
  await ctx.note(`${placeOf(source)} is not proven to be fenced; a person consented to the loss`)
}

/** Gives the target time to receive what the source had when its last writer was gone. */
async function catchUp(options: Options, state: ServerState, ctx: StageContext): Promise<void> {
  const final = ctx.recall('fence', FenceMemory, options.fencedBy)?.finalPosition
  if (!final || ctx.run.isDryRun) return
  const hasAll = async () => {
    const { position } = await stateOf(ctx.read, options.target, ctx.abort)
    return positionNumber(position) >= positionNumber(final) ? true : null
  }
  if (await pollWithin(ctx, { everyMs: 200, withinMs: options.catchUpSeconds * 1000 }, hasAll)) {
    await ctx.prove('data_current', `${placeOf(options.target)} has received everything up to ${final}`)
    return
  }
  await ctx.note(
    `${placeOf(options.target)} stands at ${state.position} and has not received everything up to ${final}`,
  )
}

/** Measures what would be lost and throws when that is more than allowed. */
async function refuseLoss({ target }: Options, ctx: StageContext): Promise<number | null> {
  if (ctx.proof('data_current') !== null) return 0
  const lag = await lagOf(ctx.read, target, ctx.abort)
  const problem = lagProblem(lag, ctx.plan.objectives.rpoSeconds, ctx.run.consentedDataLossSeconds)
  if (problem)
    throw new Fault('conflict', `${placeOf(target)} is not promoted: ${problem}`, {
      details: { reason: 'data_loss', lagSeconds: lag.seconds },
      hint: 'wait for replication, or ask a person for consent to this loss',
    })
  await ctx.note(`promoting loses at most ${lag.seconds?.toFixed(1)} s of data: ${lag.detail}`)
  return lag.seconds
}

async function verifyPromotion(options: Options, ctx: StageContext): Promise<Check> {
  const { source, target } = options
  const before = ctx.recall('before', Before)
  if (!before) return { outcome: 'not_done', detail: `${placeOf(target)} has not been promoted` }
  if (ctx.run.isDryRun) return { outcome: 'done', detail: 'rehearsal: it would have been promoted' }
  const state = await stateOf(ctx.read, target, ctx.abort)
  if (state.isStandby) return { outcome: 'not_done', detail: `${placeOf(target)} is still a standby` }
  if (state.timeline <= before.timeline)
    return { outcome: 'unclear', detail: `${placeOf(target)} is a primary on its old timeline ${state.timeline}` }
  const old = await ctx.effect(`try a write on ${placeOf(source)}, which must be refused`, (write) =>
    tryWrite(write, writerOf(options), ctx.abort),
  )
  if (old === 'accepted')
    return {
      outcome: 'unclear',
      detail: `split brain: ${placeOf(source)} accepts writes beside ${placeOf(target)}`,
      isFinal: true,
    }
  await ctx.effect(`write to ${placeOf(target)}, as users could`, async (write) => {
    await writeStamp(write, target, ctx.idempotencyKey, ctx.abort)
    const answer = await tryWrite(write, writerOn(options), ctx.abort)
    if (answer !== 'accepted')
      throw new Fault('stage_failed', `${placeOf(target)} was promoted and a write as the application is ${answer}`)
  })
  const standbys = options.minStandbys === 0 ? 0 : await standbysOf(options, ctx)
  if (standbys < options.minStandbys)
    return { outcome: 'unclear', detail: `${standbys} of ${options.minStandbys} standbys follow ${placeOf(target)}` }
  const loss = await measuredLoss(options, before.lagSeconds, ctx)
  const detail = `${placeOf(target)} is the primary on timeline ${state.timeline} and took a write; ${loss}`
  await ctx.prove('target_writable', detail)
  return { outcome: 'done', detail }
}

function writerOn({ target, writer }: Options): PostgresTarget {
  return writer
    ? { ...target, user: writer.user, password: writer.password, database: writer.database ?? target.database }
    : target
}

async function standbysOf({ target }: Options, ctx: StageContext): Promise<number> {
  const sql = "SELECT count(*)::int AS standbys FROM pg_stat_replication WHERE state = 'streaming'"
  const rows = await ctx.read.queryPostgres(target, { sql }, ctx.abort)
  return Number(rows[0]?.standbys ?? 0)
}

/** What was lost, in words, and durable for the run's report: by the stamp where one was written, else by the lag at the moment of promotion. */
async function measuredLoss(options: Options, lagSeconds: number | null, ctx: StageContext): Promise<string> {
  const stamp = ctx.recall('fence', FenceMemory, options.fencedBy)?.stamp
  if (!stamp) {
    await ctx.remember('data_loss', { lossMs: lagSeconds === null ? null : Math.round(lagSeconds * 1000), by: 'lag' })
    return `at most ${lagSeconds?.toFixed(1) ?? 'an unknown number of'} s of data are lost (no stamp could be written before)`
  }
  const present = await presentStamps(ctx.read, options.target, [stamp.id], ctx.abort)
  const { lost } = lossOf([stamp], present)
  const lossMs = lost === 0 ? 0 : lagSeconds === null ? null : Math.round(lagSeconds * 1000)
  await ctx.remember('data_loss', { lossMs, by: 'stamp', stamp: stamp.id, lost })
  return lost === 0
    ? 'the last stamp before the fence is there: nothing is lost'
    : 'the last stamp before the fence is LOST'
}
