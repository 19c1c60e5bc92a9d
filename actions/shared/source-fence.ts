import { z } from 'zod'
import { Fault } from '../../agent/lib/errors.ts'
import type { PostgresTarget } from '../ports.ts'
import type { Check, StageContext } from '../stage.ts'
import { pollWithin } from './poll.ts'
import { admitWriters, endSessions, leftoverOf, refuseWriters, tryWrite } from './postgres-fence.ts'
import { PostgresServer, placeOf, type ServerState, stateIfReachable, stateOf } from './postgres-server.ts'
import { Stamp, writeStamp } from './write-stamps.ts'

/** What every stage that keeps writers off a database needs to know. */
export const sourceShape = {
  /** The primary to fence, with a role that may ALTER SYSTEM and end sessions. */
  source: PostgresServer,
  /** A login of the application: what it may write decides. The source's own role without it. */
  writer: z
    .strictObject({ user: z.string().min(1), password: z.string().optional(), database: z.string().optional() })
    .optional(),
  /** The standby that will take over: proves that the source is what it stands by, and forbids lifting the fence once it is promoted. */
  standby: PostgresServer.optional(),
  /** `SELECT system_identifier FROM pg_control_system()`; pins the cluster where there is no standby to compare with. */
  systemIdentifier: z.string().regex(/^\d+$/, 'expected the number that pg_control_system() shows').optional(),
} as const

const SourceOptions = z.object(sourceShape)
export type SourceOptions = z.infer<typeof SourceOptions>

/** What a fence leaves for later stages, under the key `fence`. */
export const FenceMemory = z.object({
  systemIdentifier: z.string(),
  timeline: z.number(),
  /** Whether the source was read-only before us: then it is not ours to open. */
  wasReadOnly: z.boolean(),
  /** The source's last position once nobody could write; null while it is not known. */
  finalPosition: z.string().nullable(),
  /** A write that the source acknowledged just before. */
  stamp: Stamp.nullable(),
})
export type FenceMemory = z.infer<typeof FenceMemory>

/** The source as an application sees it. */
export function writerOf({ source, writer }: SourceOptions): PostgresTarget {
  if (!writer) return source
  return { ...source, user: writer.user, password: writer.password, database: writer.database ?? source.database }
}

/** Throws unless a server is the primary that the plan means; null when it does not answer. */
export async function identifySource(options: SourceOptions, ctx: StageContext): Promise<ServerState | null> {
  const { source, standby, systemIdentifier } = options
  const state = await stateIfReachable(ctx.read, source, ctx.abort)
  if (!state) return null
  if (state.isStandby)
    throw new Fault('conflict', `${placeOf(source)} is a standby, not the primary that this stage would fence`)
  const behind = standby ? await stateIfReachable(ctx.read, standby, ctx.abort) : null
  const expected = systemIdentifier ?? behind?.systemIdentifier
  if (expected !== undefined && expected !== state.systemIdentifier)
    throw new Fault(
      'conflict',
      `${placeOf(source)} belongs to cluster ${state.systemIdentifier}, and the plan means ${expected}`,
      { hint: 'was the server rebuilt, or does the address point to another one?' },
    )
  return state
}

/** Stamps, fences, and waits until nothing that began before can write. */
export async function raiseFence(options: SourceOptions, before: ServerState, ctx: StageContext): Promise<void> {
  const { source } = options
  const { generation } = ctx.run
  const kept = ctx.recall('fence', FenceMemory)
  const memory: FenceMemory = kept ?? {
    systemIdentifier: before.systemIdentifier,
    timeline: before.timeline,
    wasReadOnly: before.isReadOnly,
    finalPosition: null,
    stamp: null,
  }
  if (!kept) await ctx.remember('fence', memory)
  const stamp =
    before.isReadOnly || memory.stamp
      ? memory.stamp
      : await ctx.effect(`write a stamp to ${placeOf(source)}, to measure what is lost`, (write) =>
          writeStamp(write, source, ctx.idempotencyKey, ctx.abort),
        )
  await ctx.remember('fence', { ...memory, stamp })
  const ended = await ctx.effect(
    `make ${placeOf(source)} (cluster ${before.systemIdentifier}) refuse writes and end its sessions`,
    (write) => refuseWriters(write, source, generation, ctx.abort),
  )
  if (ended === null) return
  await ctx.note(`${placeOf(source)} refuses writes; ${ended} sessions were ended`)
  const isQuiet = await pollWithin(ctx, { everyMs: 200, withinMs: 10_000 }, async () => {
    const { writing } = await leftoverOf(ctx.read, source, ctx.abort)
    if (writing === 0) return true
    await ctx.effect(`end ${writing} sessions of ${placeOf(source)} that still hold a write`, (write) =>
      endSessions(write, source, ctx.abort),
    )
    return null
  })
  if (!isQuiet)
    throw new Fault('stage_failed', `sessions of ${placeOf(source)} keep writing although they were ended`, {
      hint: 'look at pg_stat_activity; a backend in uninterruptible I/O cannot be ended from inside',
    })
  const { position } = await stateOf(ctx.read, source, ctx.abort)
  await ctx.remember('fence', { ...memory, stamp, finalPosition: position })
}

/** Looks from outside whether writers are kept off: by a write as the application would make it, and by what could still commit. */
export async function checkFence(options: SourceOptions, ctx: StageContext): Promise<Check> {
  const { source } = options
  const answer = await ctx.effect(`try a write on ${placeOf(source)}, which must be refused`, (write) =>
    tryWrite(write, writerOf(options), ctx.abort),
  )
  if (answer === null) return { outcome: 'done', detail: 'rehearsal: no write was tried' }
  if (answer === 'unreachable') return { outcome: 'unclear', detail: `${placeOf(source)} does not answer` }
  if (answer === 'accepted') {
    const state = await stateIfReachable(ctx.read, source, ctx.abort)
    const outcome = state?.isReadOnly === false ? 'not_done' : 'unclear'
    return { outcome, detail: `${placeOf(source)} still accepts writes of ${writerOf(options).user}` }
  }
  const { writing, prepared, overrides } = await leftoverOf(ctx.read, source, ctx.abort)
  const problems = [
    ...(writing > 0 ? [`${writing} sessions still hold a write`] : []),
    ...(prepared > 0 ? [`${prepared} prepared transactions could still be committed`] : []),
    ...(overrides.length > 0 ? [`settings that outrank the fence: ${overrides.join(', ')}`] : []),
  ]
  if (problems.length > 0) return { outcome: 'unclear', detail: problems.join('; ') }
  return { outcome: 'done', detail: `a write to ${placeOf(source)} as ${writerOf(options).user} was refused` }
}

/** Lets writers in again, unless that would make two primaries. */
export async function liftFence(options: SourceOptions, ctx: StageContext): Promise<void> {
  const { source, standby } = options
  const memory = ctx.recall('fence', FenceMemory)
  if (!memory || memory.wasReadOnly) return
  const behind = standby ? await stateIfReachable(ctx.read, standby, ctx.abort) : null
  const isPromoted = behind !== null && !behind.isStandby && behind.systemIdentifier === memory.systemIdentifier
  if (isPromoted || ctx.proof('target_writable') !== null)
    throw new Fault('conflict', `the fence around ${placeOf(source)} stays: its standby has been promoted`, {
      hint: 'opening both would split the data; rebuild the old primary as a standby instead (rebuild-standby)',
    })
  await ctx.effect(`let ${placeOf(source)} accept writes again`, (write) =>
    admitWriters(write, source, ctx.run.generation, ctx.abort),
  )
}

/** Whether writers get in again. */
export async function checkLifted(options: SourceOptions, ctx: StageContext): Promise<Check> {
  const memory = ctx.recall('fence', FenceMemory)
  if (!memory || memory.wasReadOnly) return { outcome: 'done', detail: 'nothing had been fenced' }
  const answer = await ctx.effect(`try a write on ${placeOf(options.source)}, which must be accepted`, (write) =>
    tryWrite(write, writerOf(options), ctx.abort),
  )
  if (answer === 'refused') return { outcome: 'not_done', detail: `${placeOf(options.source)} still refuses writes` }
  if (answer === 'unreachable') return { outcome: 'unclear', detail: `${placeOf(options.source)} does not answer` }
  return { outcome: 'done', detail: `${placeOf(options.source)} accepts writes` }
}
