import { z } from 'zod'
import { stageCommon } from '../agent/domain/plan.ts'
import { Fault } from '../agent/lib/errors.ts'
import type { ReadPorts } from './ports.ts'
import { runProgram } from './shared/program.ts'
import type { Stage, StageContext } from './stage.ts'

export const Options = z.strictObject({
  stage: z.literal('deploy-services'),
  ...stageCommon,
  program: z.string().min(1).default('helm'),
  release: z.string().regex(/^[a-z0-9]([-a-z0-9.]{0,51}[a-z0-9])?$/, 'expected a release name as helm takes it'),
  /** A folder, an archive, `repo/chart` or `oci://…`. */
  chart: z.string().min(1),
  /** Pinned: what is newest at the moment of a failover is nobody's choice. */
  version: z.string().min(1).optional(),
  namespace: z.string().min(1),
  kubeContext: z.string().min(1).optional(),
  valueFiles: z.array(z.string().min(1)).default([]),
  values: z.record(z.string(), z.string()).default({}),
  environment: z.record(z.string(), z.string()).default({}),
})
export type Options = z.infer<typeof Options>

const History = z.array(z.object({ revision: z.number(), status: z.string(), description: z.string().default('') }))
const Before = z.object({ revision: z.number().nullable() })

/** Installs or upgrades a release by helm, and waits for its pods. */
export function deployServices(options: Options): Stage {
  const { release, namespace, chart } = options
  const told = `release ${release} in ${namespace}${options.kubeContext ? ` of ${options.kubeContext}` : ''}`
  return {
    name: 'deploy-services',
    // Helm keeps one upgrade at a time, and compares no generation in the moment of applying.
    fencing: 'unfenced',
    describe: () => `deploy ${chart}${options.version ? ` ${options.version}` : ''} as ${told}, and wait for its pods`,
    async apply(ctx) {
      const history = await historyOf(options, ctx)
      refuseOlder(history, told, ctx)
      const latest = history.at(-1)
      if (!ctx.recall('before', Before))
        await ctx.remember('before', {
          revision: history.findLast(({ status }) => status === 'deployed')?.revision ?? null,
        })
      if (latest?.status === 'deployed' && latest.description === mark(ctx)) return
      const args = [
        ...['upgrade', release, chart, '--install', '--wait', '--timeout', `${Math.ceil(options.timeoutSeconds)}s`],
        ...['--description', mark(ctx)],
        ...(options.version ? ['--version', options.version] : []),
        ...options.valueFiles.flatMap((file) => ['--values', file]),
        ...Object.entries(options.values).flatMap(([name, value]) => ['--set-string', `${name}=${value}`]),
      ]
      await ctx.effect(`deploy ${chart} as ${told}`, (write) => helm(options, args, write, ctx))
    },
    async verify(ctx) {
      const history = await historyOf(options, ctx)
      const latest = history.at(-1)
      if (latest?.description !== mark(ctx))
        return { outcome: 'not_done', detail: `${told}: its newest revision is not of this run` }
      const outcome = latest.status === 'deployed' ? 'done' : 'unclear'
      return {
        outcome,
        detail: `${told}: revision ${latest.revision} is ${latest.status}`,
        isFinal: latest.status === 'failed',
      }
    },
    async rollback(ctx) {
      const before = ctx.recall('before', Before)
      if (!before) return
      const history = await historyOf(options, ctx)
      refuseOlder(history, told, ctx)
      // Only what this run put there is taken back.
      if (history.at(-1)?.description !== mark(ctx)) return
      const args =
        before.revision === null
          ? ['uninstall', release, '--wait']
          : [
              'rollback',
              release,
              String(before.revision),
              '--wait',
              '--timeout',
              `${Math.ceil(options.timeoutSeconds)}s`,
            ]
      const what = before.revision === null ? `uninstall ${told}` : `take ${told} back to revision ${before.revision}`
      await ctx.effect(what, (write) => helm(options, args, write, ctx))
    },
  }
}

const mark = (ctx: StageContext) => `failwise ${ctx.idempotencyKey} generation ${ctx.run.generation}`

function refuseOlder(history: z.infer<typeof History>, told: string, ctx: StageContext): void {
  const highest = Math.max(
    0,
    ...history.map(({ description }) => Number(/ generation (\d+)$/.exec(description)?.[1] ?? 0)),
  )
  if (highest > ctx.run.generation)
    throw new Fault('conflict', `a newer run or takeover has already changed ${told}`, {
      details: { reason: 'older_generation' },
    })
}

/** Revisions, oldest first; none when there is no such release. */
async function historyOf(options: Options, ctx: StageContext): Promise<z.infer<typeof History>> {
  // `list` answers nothing for a release that is not there; `history` fails, as it does when the cluster is away.
  const list = await helm(
    options,
    ['list', '--all', '--filter', `^${options.release.replaceAll('.', '\\.')}$`, '--output', 'json'],
    ctx.read,
    ctx,
  )
  if (parsed(z.array(z.unknown()), list.stdout).length === 0) return []
  const { stdout } = await helm(options, ['history', options.release, '--max', '20', '--output', 'json'], ctx.read, ctx)
  return parsed(History, stdout)
}

function parsed<T>(schema: z.ZodType<T>, text: string): T {
  try {
    return schema.parse(JSON.parse(text))
  } catch (cause) {
    throw new Fault('upstream_malformed', 'helm printed something else than the JSON that it documents', { cause })
  }
}

function helm(options: Options, args: readonly string[], ports: Pick<ReadPorts, 'runProgram'>, ctx: StageContext) {
  const { program, namespace, kubeContext, environment } = options
  const where = ['--namespace', namespace, ...(kubeContext ? ['--kube-context', kubeContext] : [])]
  const timeoutMs = options.timeoutSeconds * 1000
  return runProgram(ports, { command: [program, ...args, ...where], environment, timeoutMs }, ctx.abort)
}
