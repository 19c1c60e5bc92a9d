import { z } from 'zod'
import { stageCommon } from '../agent/domain/plan.ts'
import { Fault } from '../agent/lib/errors.ts'
import type { ReadPorts } from './ports.ts'
import { runProgram } from './shared/program.ts'
import type { Check, Stage, StageContext } from './stage.ts'

const Remote = z.string().min(1).regex(/^[^-]/, 'expected a remote and a path, such as s3:bucket/files')

export const Options = z.strictObject({
  stage: z.literal('sync-storage'),
  ...stageCommon,
  program: z.string().min(1).default('rclone'),
  configFile: z.string().min(1).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  from: Remote,
  to: Remote,
  /** `copy` adds and replaces. `sync` also removes what the source does not have. */
  mode: z.enum(['copy', 'sync']).default('copy'),
  /** Where objects go that are replaced or removed; what makes it reversible. On the same remote as `to`, outside of it. */
  aside: Remote.optional(),
  /** As rclone takes it: `10M` is ten MiB a second. */
  bandwidth: z
    .string()
    .regex(/^\d+(\.\d+)?[BKMG]?$/, 'expected a number with B, K, M or G, such as 10M')
    .optional(),
  transfers: z.number().int().min(1).max(64).default(4),
  /** A source that has lost this share of what the target has is not copied: it may have been emptied by accident or by intent. */
  maxMissingShare: z.number().min(0).max(1).default(0.1),
})
export type Options = z.infer<typeof Options>

const Size = z.object({ count: z.number(), bytes: z.number() })
const Listed = z.array(z.object({ Path: z.string(), ModTime: z.iso.datetime({ offset: true }) }))

/** Brings objects over by rclone, measures what is missing, and never lets an emptied source empty its copy. */
export function syncStorage(options: Options): Stage {
  const { from, to, mode, aside, bandwidth } = options
  return {
    name: 'sync-storage',
    // Object stores compare no generation of ours; rclone copies what differs, whoever started it.
    fencing: 'unfenced',
    describe: () =>
      `${mode} ${from} to ${to}${bandwidth ? ` at up to ${bandwidth} bytes a second` : ''}, ` +
      `unless the source has lost more than ${options.maxMissingShare * 100} % of what is there` +
      `${aside ? `; what is replaced goes to ${aside}` : '; what is replaced is gone'}`,
    identify: async (ctx) => {
      await refuseEmptied(options, ctx)
    },
    async apply(ctx) {
      await refuseEmptied(options, ctx)
      if (mode === 'sync' && !aside)
        throw new Fault('usage', 'sync removes objects; say where they go (aside), or use copy')
      await ctx.remember('began', true)
      const args = [
        mode,
        from,
        to,
        '--transfers',
        String(options.transfers),
        ...(bandwidth ? ['--bwlimit', bandwidth] : []),
        ...(aside ? ['--backup-dir', asideOf(aside, ctx)] : []),
      ]
      await ctx.effect(`${mode} ${from} to ${to}`, (write) => rclone(options, args, write, ctx))
    },
    verify: (ctx) => look(options, ctx),
    rollback: aside ? (ctx) => putBack(options, aside, ctx) : 'irreversible',
  }
}

const asideOf = (aside: string, ctx: StageContext) => `${aside.replace(/\/+$/, '')}/${ctx.run.id}`

async function refuseEmptied(options: Options, ctx: StageContext): Promise<void> {
  const source = await sizeOf(options, options.from, ctx)
  const target = await sizeOf(options, options.to, ctx)
  const missingShare = target.count === 0 ? 0 : 1 - source.count / target.count
  if (missingShare <= options.maxMissingShare) return
  throw new Fault(
    'conflict',
    `${options.from} has ${source.count} objects and ${options.to} has ${target.count}: the source seems to have been emptied`,
    {
      details: { reason: 'source_emptied', source: source.count, target: target.count },
      hint: 'nothing was touched; look what happened to the source before copying from it',
    },
  )
}

async function sizeOf(options: Options, place: string, ctx: StageContext): Promise<z.infer<typeof Size>> {
  // Exit code 3: there is no such folder yet, which is an empty one.
  const { stdout, exitCode } = await rclone(options, ['size', place, '--json'], ctx.read, ctx, [0, 3])
  return exitCode === 3 ? { count: 0, bytes: 0 } : parsed(Size, stdout)
}

async function look(options: Options, ctx: StageContext): Promise<Check> {
  const { from, to } = options
  // 1: there are differences, which it lists as one character and a path per line.
  const result = await rclone(options, ['check', from, to, '--one-way', '--combined', '-'], ctx.read, ctx, [0, 1])
  const lines = result.stdout.split('\n').filter((line) => /^[-+*!] /.test(line))
  const differing = lines.filter((line) => !line.startsWith('- ')).map((line) => line.slice(2))
  if (result.exitCode === 0 && differing.length === 0)
    return { outcome: 'done', detail: `every object of ${from} is at ${to}, with the same content` }
  const lagSeconds = await lagOf(options, new Set(differing), ctx)
  await ctx.remember('lag', { lagSeconds, objects: differing.length })
  const lag = lagSeconds === null ? '' : `, the oldest of them ${lagSeconds.toFixed(0)} s old`
  const detail = `${differing.length} objects of ${from} are missing or different at ${to}${lag}`
  return { outcome: ctx.recall('began', z.literal(true)) ? 'unclear' : 'not_done', detail }
}

/** Seconds of objects that would be lost by moving now. */
async function lagOf(options: Options, paths: ReadonlySet<string>, ctx: StageContext): Promise<number | null> {
  const args = ['lsjson', options.from, '--recursive', '--files-only', '--no-mimetype']
  const { stdout, isTruncated } = await rclone(options, args, ctx.read, ctx)
  if (isTruncated) return null
  const times = parsed(Listed, stdout)
    .filter(({ Path }) => paths.has(Path))
    .map(({ ModTime }) => Date.parse(ModTime))
  return times.length === 0 ? null : Math.max(0, (ctx.clock.now() - Math.min(...times)) / 1000)
}

/** Puts back what this run replaced or removed; what it added stays, and harms nobody. */
async function putBack(options: Options, aside: string, ctx: StageContext): Promise<void> {
  if (!ctx.recall('began', z.literal(true))) return
  const place = asideOf(aside, ctx)
  if ((await sizeOf(options, place, ctx)).count === 0) return
  await ctx.effect(`put back what was replaced at ${options.to}, from ${place}`, (write) =>
    rclone(options, ['copy', place, options.to], write, ctx),
  )
}

function rclone(
  { program, configFile, environment, timeoutSeconds }: Options,
  args: readonly string[],
  ports: Pick<ReadPorts, 'runProgram'>,
  ctx: StageContext,
  expected: readonly number[] = [0],
) {
  const config = configFile ? ['--config', configFile] : []
  const call = { command: [program, ...args, ...config], environment, timeoutMs: timeoutSeconds * 1000 }
  return runProgram(ports, { ...call, maxOutputBytes: 64 * 1024 * 1024 }, ctx.abort, expected)
}

function parsed<T>(schema: z.ZodType<T>, text: string): T {
  try {
    return schema.parse(JSON.parse(text))
  } catch (cause) {
    throw new Fault('upstream_malformed', 'rclone printed something else than the JSON that it documents', { cause })
  }
}
