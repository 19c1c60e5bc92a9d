import { z } from 'zod'
import { stageCommon } from '../agent/domain/plan.ts'
import { Fault } from '../agent/lib/errors.ts'
import { lagProblem } from './shared/postgres-lag.ts'
import { guarded, PostgresServer, placeOf, stateIfReachable, stateOf, tellNewer } from './shared/postgres-server.ts'
import { Command, CommandPrefix, prefixed, runProgram } from './shared/program.ts'
import type { Check, Stage, StageContext } from './stage.ts'

export const Options = z.strictObject({
  stage: z.literal('dump-and-restore'),
  ...stageCommon,
  source: PostgresServer,
  /** The server that takes over; its database of this name is set aside, not dropped. */
  target: PostgresServer,
  /** Dump now where the source answers; else restore the newest dump that is there. */
  dump: z.enum(['if_reachable', 'always', 'never']).default('if_reachable'),
  /** Where the dump lies on the machine that runs the programs; regular dumps go to the same file. */
  file: z.string().min(1),
  /** Carries the file between places, such as `["rclone", "copyto", "/var/dumps/app.dump", "s3:dumps/app.dump"]`. */
  upload: Command.optional(),
  download: Command.optional(),
  programFolder: z.string().default('/usr/bin'),
  runAs: CommandPrefix,
  parallelism: z.number().int().min(1).max(64).default(2),
})
export type Options = z.infer<typeof Options>

const DumpMemory = z.object({ dumpedAt: z.iso.datetime({ offset: true }) })
const SwapMemory = z.object({ aside: z.string() })

/** Where no replica exists: restores a dump beside the target's database and swaps names, so that undoing is swapping back. */
export function dumpAndRestore(options: Options): Stage {
  const { source, target, file } = options
  return {
    name: 'dump-and-restore',
    fencing: 'fenced',
    describe: () =>
      `${options.dump === 'never' ? 'take' : `dump ${placeOf(source)} if it answers, else take`} the newest ${file}, restore it beside ${placeOf(target)} and swap the two; ` +
      'what was written since the dump is lost',
    async identify(ctx) {
      const [ahead, there] = [
        await stateIfReachable(ctx.read, source, ctx.abort),
        await stateOf(ctx.read, target, ctx.abort),
      ]
      if (there.isStandby) throw new Fault('conflict', `${placeOf(target)} is a standby and takes no restore`)
      if (ahead?.systemIdentifier === there.systemIdentifier)
        throw new Fault('conflict', `${placeOf(source)} and ${placeOf(target)} are one cluster: promote it instead`)
    },
    async apply(ctx) {
      await dumpSource(options, ctx)
      if (options.download) await carry(options.download, 'fetch the dump', ctx)
      await refuseLoss(options, ctx)
      await restore(options, ctx)
      await swap(options, ctx)
    },
    verify: (ctx) => look(options, ctx),
    rollback: (ctx) => swapBack(options, ctx),
  }
}

const restoredName = ({ target }: Options, ctx: StageContext) => `${target.database}_restored_${ctx.run.generation}`
const asideName = ({ target }: Options, ctx: StageContext) => `${target.database}_before_${ctx.run.id}`.slice(0, 63)

async function dumpSource(options: Options, ctx: StageContext): Promise<void> {
  const { source, dump, file } = options
  if (dump === 'never' || ctx.recall('dump', DumpMemory)) return
  if (!(await stateIfReachable(ctx.read, source, ctx.abort))) {
    if (dump === 'always')
      throw new Fault('upstream_unreachable', `${placeOf(source)} does not answer, and no other dump may be used`)
    return ctx.note(`${placeOf(source)} does not answer: the newest dump that is there is used`)
  }
  const dumpedAt = new Date(ctx.clock.now()).toISOString()
  // Beside the old one until it is whole: a dump that breaks off must not cost the last good one.
  const fresh = `${file}.${ctx.run.id}`
  const args = ['--format=custom', `--file=${fresh}`, ...connection(source), source.database]
  await ctx.effect(`dump ${placeOf(source)} to ${file}`, async (write) => {
    await program(options, 'pg_dump', args, source, write, ctx)
    await runProgram(
      write,
      { command: prefixed(options.runAs, ['mv', '-f', fresh, file]), timeoutMs: 60_000 },
      ctx.abort,
    )
  })
  await ctx.remember('dump', { dumpedAt })
  if (options.upload) await carry(options.upload, 'store the dump elsewhere', ctx)
}

async function carry(command: Command, what: string, ctx: StageContext): Promise<void> {
  await ctx.effect(`${what}: ${command.join(' ')}`, async (write) => {
    await runProgram(write, { command, timeoutMs: 86_400_000 }, ctx.abort)
  })
}

/** The loss is the time since the dump, and it is held against the objective and the consent like any other. */
async function refuseLoss(options: Options, ctx: StageContext): Promise<void> {
  if (ctx.run.isDryRun && !ctx.recall('dump', DumpMemory)) return
  const dumpedMs = await dumpTime(options, ctx)
  const seconds = Math.max(0, (ctx.clock.now() - dumpedMs) / 1000)
  const isCurrent = ctx.proof('source_fenced') !== null && ctx.recall('dump', DumpMemory) !== undefined
  const lag = { seconds: isCurrent ? 0 : seconds, detail: `the dump is of ${new Date(dumpedMs).toISOString()}` }
  const problem = lagProblem(lag, ctx.plan.objectives.rpoSeconds, ctx.run.consentedDataLossSeconds)
  if (problem)
    throw new Fault('conflict', `${options.file} is not restored: ${problem}`, {
      details: { reason: 'data_loss', lagSeconds: lag.seconds },
      hint: 'ask a person for consent to this loss',
    })
  await ctx.remember('data_loss', { lossMs: Math.round((lag.seconds ?? 0) * 1000), by: 'dump' })
  await ctx.note(`restoring loses ${(lag.seconds ?? 0).toFixed(0)} s of data: ${lag.detail}`)
}

/** When the data in a dump were read: what this run dumped it knows, else the dump itself tells. */
async function dumpTime(options: Options, ctx: StageContext): Promise<number> {
  const own = ctx.recall('dump', DumpMemory)
  if (own) return Date.parse(own.dumpedAt)
  const command = prefixed(options.runAs, [`${options.programFolder}/pg_restore`, '--list', options.file])
  const { stdout } = await runProgram(
    ctx.read,
    { command, environment: { LC_ALL: 'C', TZ: 'UTC' }, timeoutMs: 60_000 },
    ctx.abort,
  )
  const text = /^;\s+Archive created at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC$/m.exec(stdout)?.[1]
  const ms = text === undefined ? Number.NaN : Date.parse(`${text.replace(' ', 'T')}Z`)
  if (Number.isNaN(ms)) throw new Fault('upstream_malformed', `${options.file} does not tell when it was made`)
  return ms
}

async function restore(options: Options, ctx: StageContext): Promise<void> {
  const { target, file } = options
  const name = restoredName(options, ctx)
  if (ctx.recall('restored', z.literal(name))) return
  await ctx.effect(`restore ${file} into ${name} at ${target.host}:${target.port}`, async (write) => {
    await onMaintenance(options, write, ctx, [
      { sql: `DROP DATABASE IF EXISTS ${quoted(name)}` },
      { sql: `CREATE DATABASE ${quoted(name)}` },
    ])
    const args = ['--exit-on-error', `--jobs=${options.parallelism}`, `--dbname=${name}`, ...connection(target), file]
    await program(options, 'pg_restore', args, target, write, ctx)
  })
  if (!ctx.run.isDryRun) await ctx.remember('restored', name)
}

async function swap(options: Options, ctx: StageContext): Promise<void> {
  const { target } = options
  const [name, aside] = [restoredName(options, ctx), asideName(options, ctx)]
  await ctx.remember('swap', { aside })
  await ctx.effect(`set ${placeOf(target)} aside as ${aside} and put ${name} in its place`, async (write) => {
    const existing = await databasesOf(options, ctx)
    await onMaintenance(options, write, ctx, [
      ...(existing.has(name) && existing.has(target.database) ? renaming(target.database, aside) : []),
      ...(existing.has(name) ? renaming(name, target.database) : []),
    ])
  })
}

async function swapBack(options: Options, ctx: StageContext): Promise<void> {
  const { target } = options
  const aside = ctx.recall('swap', SwapMemory)?.aside
  if (aside === undefined) return
  const name = restoredName(options, ctx)
  await ctx.effect(`put ${aside} back as ${placeOf(target)}`, async (write) => {
    const existing = await databasesOf(options, ctx)
    if (!existing.has(aside)) return
    await onMaintenance(options, write, ctx, [
      ...(existing.has(target.database) ? renaming(target.database, existing.has(name) ? `${name}_undone` : name) : []),
      ...renaming(aside, target.database),
    ])
  })
}

/** Sessions keep a database from being renamed. */
function renaming(from: string, to: string) {
  return [
    { sql: 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', parameters: [from] },
    { sql: `ALTER DATABASE ${quoted(from)} RENAME TO ${quoted(to)}` },
  ]
}

const maintenance = ({ target }: Options): PostgresServer => ({ ...target, database: 'postgres' })

async function onMaintenance(
  options: Options,
  write: Parameters<Parameters<StageContext['effect']>[1]>[0],
  ctx: StageContext,
  statements: readonly { sql: string; parameters?: readonly unknown[] }[],
): Promise<void> {
  try {
    await write.executePostgres(maintenance(options), guarded(ctx.run.generation, statements), ctx.abort)
  } catch (error) {
    throw tellNewer(error, options.target)
  }
}

async function databasesOf(options: Options, ctx: StageContext): Promise<ReadonlySet<string>> {
  const rows = await ctx.read.queryPostgres(maintenance(options), { sql: 'SELECT datname FROM pg_database' }, ctx.abort)
  return new Set(rows.map(({ datname }) => String(datname)))
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function connection({ host, port, user }: PostgresServer): string[] {
  return [`--host=${host}`, `--port=${port}`, `--username=${user}`, '--no-password']
}

async function program(
  options: Options,
  name: string,
  args: readonly string[],
  { password, tls }: PostgresServer,
  write: Parameters<Parameters<StageContext['effect']>[1]>[0],
  ctx: StageContext,
): Promise<void> {
  const environment = {
    LC_ALL: 'C',
    PGSSLMODE: { off: 'disable', unverified: 'require', verify: 'verify-full' }[tls],
    ...(password !== undefined && { PGPASSWORD: password }),
  }
  const command = prefixed(options.runAs, [`${options.programFolder}/${name}`, ...args])
  await runProgram(write, { command, environment, timeoutMs: 86_400_000 }, ctx.abort)
}

async function look(options: Options, ctx: StageContext): Promise<Check> {
  const { target } = options
  const aside = ctx.recall('swap', SwapMemory)?.aside
  if (aside === undefined) return { outcome: 'not_done', detail: `${placeOf(target)} is what it was` }
  const existing = await databasesOf(options, ctx)
  if (existing.has(restoredName(options, ctx)) || !existing.has(target.database))
    return { outcome: existing.has(aside) ? 'unclear' : 'not_done', detail: `${placeOf(target)} is not swapped` }
  const sql = 'SELECT count(*)::int AS tables FROM pg_stat_user_tables'
  const rows = await ctx.read.queryPostgres(target, { sql }, ctx.abort)
  const tables = Number(rows[0]?.tables ?? 0)
  if (tables === 0)
    return { outcome: 'unclear', detail: `${placeOf(target)} has no tables after the restore`, isFinal: true }
  await ctx.prove('target_writable', `${placeOf(target)} was restored`)
  return { outcome: 'done', detail: `${placeOf(target)} was restored with ${tables} tables; the old one is ${aside}` }
}
