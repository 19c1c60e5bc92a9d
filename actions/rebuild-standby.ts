import { z } from 'zod'
import { stageCommon } from '../agent/domain/plan.ts'
import { Fault } from '../agent/lib/errors.ts'
import { tryWrite } from './shared/postgres-fence.ts'
import { PostgresServer, placeOf, stateIfReachable, stateOf } from './shared/postgres-server.ts'
import { Command, CommandPrefix, lastLines, prefixed, runProgram } from './shared/program.ts'
import { allStamps, lossOf, presentStamps } from './shared/write-stamps.ts'
import type { Check, Stage, StageContext } from './stage.ts'

export const Options = z.strictObject({
  stage: z.literal('rebuild-standby'),
  ...stageCommon,
  /** Where users' writes go now. */
  primary: PostgresServer,
  /** The server that becomes its standby, such as the old primary. What it has and the primary lacks is given up. */
  standby: PostgresServer,
  dataFolder: z.string().min(1),
  /** Where `pg_rewind`, `pg_basebackup`, `pg_controldata` and `pg_ctl` are. */
  programFolder: z.string().default('/usr/lib/postgresql/17/bin'),
  /** Runs them where the data folder is, as its owner: `["ssh", "db1", "sudo", "-u", "postgres"]`. */
  runAs: CommandPrefix,
  stopCommand: Command.optional(),
  startCommand: Command.optional(),
  /** `rewind` copies what differs and needs wal_log_hints or checksums; `copy` copies everything into an emptied folder. */
  method: z.enum(['rewind', 'rewind_else_copy', 'copy']).default('rewind_else_copy'),
  /** A replication slot on the primary, made if it is not there. */
  slot: z
    .string()
    .regex(/^[a-z0-9_]{1,63}$/, 'use lower-case letters, digits and underscores')
    .optional(),
})
export type Options = z.infer<typeof Options>

/** Makes the old primary follow the new one; the way home for data begins here. */
export function rebuildStandby(options: Options): Stage {
  const { primary, standby, dataFolder } = options
  return {
    name: 'rebuild-standby',
    // The programs work on files and compare nothing; what they overwrite is identified by its cluster before.
    fencing: 'unfenced',
    describe: () =>
      `stop ${placeOf(standby)}, give up what it has and ${placeOf(primary)} lacks, rebuild ${dataFolder} ` +
      `(${options.method.replaceAll('_', ' ')}) and start it as a standby of ${placeOf(primary)}`,
    identify: async (ctx) => {
      await identifyBoth(options, ctx)
    },
    async apply(ctx) {
      const { isFollowing } = await identifyBoth(options, ctx)
      if (isFollowing) return
      await measureLoss(options, ctx)
      await stopStandby(options, ctx)
      await prepareSlot(options, ctx)
      await rebuild(options, ctx)
      await startStandby(options, ctx)
    },
    verify: (ctx) => look(options, ctx),
    rollback: 'irreversible',
  }
}

async function identifyBoth(options: Options, ctx: StageContext): Promise<{ isFollowing: boolean }> {
  const { primary, standby, dataFolder } = options
  const ahead = await stateOf(ctx.read, primary, ctx.abort)
  if (ahead.isStandby) throw new Fault('conflict', `${placeOf(primary)} is a standby: nothing can be rebuilt from it`)
  const behind = await stateIfReachable(ctx.read, standby, ctx.abort)
  const clusterId = behind?.systemIdentifier ?? (await controlData(options, ctx))
  // A folder that an interrupted copy left half-made has no control file; this run emptied it itself.
  const isOurs = clusterId === null && ctx.recall('emptied', z.literal(true)) === true
  if (!isOurs && clusterId !== ahead.systemIdentifier)
    throw new Fault(
      'conflict',
      `${dataFolder} holds ${clusterId === null ? 'no readable cluster' : `cluster ${clusterId}`}, and ${placeOf(primary)} is cluster ${ahead.systemIdentifier}`,
      { hint: 'another database would be overwritten; name the right folder' },
    )
  if (behind && !behind.isStandby) await refuseWriter(options, ctx)
  return { isFollowing: behind?.isStandby === true && behind.timeline === ahead.timeline }
}

/** A server that takes users' writes is nobody's to rewind. */
async function refuseWriter({ standby }: Options, ctx: StageContext): Promise<void> {
  const answer = await ctx.effect(`try a write on ${placeOf(standby)}, which must be refused`, (write) =>
    tryWrite(write, standby, ctx.abort),
  )
  if (answer === 'accepted')
    throw new Fault('conflict', `${placeOf(standby)} accepts writes: rebuilding it would throw them away`, {
      details: { reason: 'split_brain' },
      hint: 'fence it first (fence-source)',
    })
}

async function controlData(options: Options, ctx: StageContext): Promise<string | null> {
  const command = programOf(options, 'pg_controldata', ['-D', options.dataFolder])
  const { stdout } = await runProgram(
    ctx.read,
    { command, environment: ENGLISH, timeoutMs: 30_000 },
    ctx.abort,
    [0, 1, 2],
  )
  return /^Database system identifier:\s+(\d+)$/m.exec(stdout)?.[1] ?? null
}

const ENGLISH = { LC_ALL: 'C' }

function programOf({ runAs, programFolder }: Options, name: string, args: readonly string[]): string[] {
  return prefixed(runAs, [`${programFolder}/${name}`, ...args])
}

/** While the old data can still be read, what of it did not arrive is a count, not an estimate. */
async function measureLoss({ primary, standby }: Options, ctx: StageContext): Promise<void> {
  if (!(await stateIfReachable(ctx.read, standby, ctx.abort))) return
  const stamps = await allStamps(ctx.read, standby, ctx.abort)
  if (stamps.length === 0) return
  const ids = stamps.map(({ id }) => id)
  const loss = lossOf(stamps, await presentStamps(ctx.read, primary, ids, ctx.abort))
  await ctx.remember('data_loss', { ...loss, by: 'stamps of the old primary' })
  const told = loss.lossMs === null ? 'all of them' : `${loss.lossMs} ms of writes`
  await ctx.note(
    `of ${loss.written} stamps that ${placeOf(standby)} has, ${placeOf(primary)} lacks ${loss.lost}${loss.lost > 0 ? ` (${told})` : ''}`,
  )
}

async function stopStandby(options: Options, ctx: StageContext): Promise<void> {
  const command =
    options.stopCommand ?? programOf(options, 'pg_ctl', ['-D', options.dataFolder, '-m', 'fast', '-w', 'stop'])
  await ctx.effect(`stop ${placeOf(options.standby)} by ${command.join(' ')}`, async (write) => {
    const result = await runProgram(write, { command, environment: ENGLISH, timeoutMs: 120_000 }, ctx.abort, [0, 1])
    if ((await stateIfReachable(ctx.read, options.standby, ctx.abort)) === null) return
    throw new Fault('stage_failed', `${placeOf(options.standby)} does not stop: ${lastLines(result.stderr)}`)
  })
}

/**
 * The configuration is copied along, with the slot that the primary itself once followed by; it names ours from now on, or none. A primary ignores
 * the setting, and a standby whose slot is not there never starts.
 */
async function prepareSlot({ primary, slot }: Options, ctx: StageContext): Promise<void> {
  const parameters = [slot ?? '']
  const exists = { sql: 'SELECT 1 FROM pg_replication_slots WHERE slot_name = $1', parameters }
  const isThere = slot === undefined || (await ctx.read.queryPostgres(primary, exists, ctx.abort)).length > 0
  const setting = slot === undefined ? 'RESET primary_slot_name' : `SET primary_slot_name = '${slot}'`
  const statements = [
    ...(isThere ? [] : [{ sql: 'SELECT pg_create_physical_replication_slot($1, true)', parameters }]),
    { sql: `ALTER SYSTEM ${setting}` },
  ]
  const told = slot === undefined ? 'let the copy follow without a slot' : `let the copy follow by the slot ${slot}`
  await ctx.effect(`${told} of ${placeOf(primary)}`, (write) => write.executePostgres(primary, statements, ctx.abort))
}

async function rebuild(options: Options, ctx: StageContext): Promise<void> {
  const { dataFolder, primary, method } = options
  if (method !== 'copy' && !ctx.recall('emptied', z.literal(true))) {
    const command = programOf(options, 'pg_rewind', [
      `--target-pgdata=${dataFolder}`,
      `--source-server=${connectionString(primary)}`,
      '--write-recovery-conf',
    ])
    const outcome = await ctx.effect(`rewind ${dataFolder} to what ${placeOf(primary)} has`, async (write) => {
      // Until its first checkpoint, a promoted server names its old timeline on disk, and pg_rewind would find nothing to do.
      await write.executePostgres(primary, [{ sql: 'CHECKPOINT' }], ctx.abort)
      return runProgram(write, { command, environment: secretsOf(primary), timeoutMs: 3_600_000 }, ctx.abort, [0, 1])
    })
    if (outcome === null || outcome.exitCode === 0) return
    if (method === 'rewind')
      throw new Fault('stage_failed', `pg_rewind could not rewind ${dataFolder}: ${lastLines(outcome.stderr)}`, {
        hint: 'it needs data checksums or wal_log_hints, and the log since both sides parted; or use copy',
      })
    await ctx.note(`pg_rewind could not: ${lastLines(outcome.stderr)}; everything is copied instead`)
  }
  await copyAll(options, ctx)
}

async function copyAll(options: Options, ctx: StageContext): Promise<void> {
  const { dataFolder, primary } = options
  await ctx.remember('emptied', true)
  const empty = prefixed(options.runAs, ['find', dataFolder, '-mindepth', '1', '-delete'])
  const copy = programOf(options, 'pg_basebackup', [
    `--pgdata=${dataFolder}`,
    `--dbname=${connectionString(primary)}`,
    '--write-recovery-conf',
    '--wal-method=stream',
    '--checkpoint=fast',
  ])
  await ctx.effect(`empty ${dataFolder} and copy ${placeOf(primary)} into it`, async (write) => {
    await runProgram(write, { command: empty, timeoutMs: 600_000 }, ctx.abort)
    await runProgram(write, { command: copy, environment: secretsOf(primary), timeoutMs: 86_400_000 }, ctx.abort)
  })
}

function connectionString({ host, port, user, database, tls }: PostgresServer): string {
  const quoted = (value: string) => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
  const sslmode = { off: 'disable', unverified: 'require', verify: 'verify-full' }[tls]
  return `host=${quoted(host)} port=${port} user=${quoted(user)} dbname=${quoted(database)} sslmode=${sslmode}`
}

/** A password is not an argument: everybody on a machine can read those. */
function secretsOf({ password }: PostgresServer): Record<string, string> {
  return { ...ENGLISH, ...(password !== undefined && { PGPASSWORD: password }) }
}

async function startStandby(options: Options, ctx: StageContext): Promise<void> {
  const { dataFolder, standby } = options
  const command =
    options.startCommand ??
    programOf(options, 'pg_ctl', [
      '-D',
      dataFolder,
      '-w',
      '-l',
      `${dataFolder}.log`,
      '-o',
      `-p ${standby.port}`,
      'start',
    ])
  await ctx.effect(`start ${placeOf(standby)} by ${command.join(' ')}`, async (write) => {
    await runProgram(write, { command, environment: ENGLISH, timeoutMs: 300_000 }, ctx.abort)
  })
}

async function look({ primary, standby }: Options, ctx: StageContext): Promise<Check> {
  const behind = await stateIfReachable(ctx.read, standby, ctx.abort)
  if (!behind) return { outcome: 'unclear', detail: `${placeOf(standby)} does not answer` }
  if (!behind.isStandby) return { outcome: 'not_done', detail: `${placeOf(standby)} is no standby` }
  const ahead = await stateOf(ctx.read, primary, ctx.abort)
  const sql = "SELECT 1 FROM pg_stat_wal_receiver WHERE status = 'streaming'"
  const isStreaming = (await ctx.read.queryPostgres(standby, { sql }, ctx.abort)).length > 0
  if (!isStreaming || behind.timeline !== ahead.timeline)
    return { outcome: 'unclear', detail: `${placeOf(standby)} does not stream from ${placeOf(primary)} yet` }
  return {
    outcome: 'done',
    detail: `${placeOf(standby)} streams from ${placeOf(primary)} on timeline ${ahead.timeline}`,
  }
}
