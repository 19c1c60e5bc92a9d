import { z } from 'zod'
import { stageCommon } from '../agent/domain/plan.ts'
import { Fault } from '../agent/lib/errors.ts'
import type { ProgramCall, ProgramResult, ReadPorts } from './ports.ts'
import type { Stage, StageContext } from './stage.ts'

const Program = z.strictObject({
  /** Started as it is, without a shell: nothing in the arguments can become another command. */
  file: z.string().min(1),
  args: z.array(z.string()).default([]),
})
type Program = z.infer<typeof Program>

export const Options = z.strictObject({
  stage: z.literal('run-command'),
  ...stageCommon,
  ...Program.shape,
  folder: z.string().min(1).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  /** Looks whether it holds: exit code 0 yes, 1 surely not, anything else cannot tell. Without it, only our own record can tell. */
  check: Program.optional(),
  /** There is no default: what is forgotten here cannot be taken back. */
  rollback: z.union([Program, z.literal('irreversible'), z.literal('nothing_to_undo')]),
})
export type Options = z.infer<typeof Options>

/** Runs a program of yours. It is handed the run and its generation in the environment, and cannot be fenced. */
export function runCommand(options: Options): Stage {
  const { file, args, check, rollback } = options
  const call = (program: Program, ctx: StageContext): ProgramCall => ({
    ...program,
    ...(options.folder !== undefined && { folder: options.folder }),
    environment: {
      ...options.environment,
      FAILWISE_RUN: ctx.run.id,
      FAILWISE_GENERATION: String(ctx.run.generation),
      FAILWISE_KEY: ctx.idempotencyKey,
    },
    timeoutMs: options.timeoutSeconds * 1000,
  })
  return {
    name: 'run-command',
    fencing: 'unfenced',
    describe: () => `run \`${[file, ...args].join(' ')}\``,
    apply: async (ctx) => {
      await ctx.effect(`run \`${[file, ...args].join(' ')}\``, async (write) =>
        mustSucceed(file, await write.runProgram(call({ file, args }, ctx), ctx.abort)),
      )
      await ctx.remember('succeeded', true)
    },
    verify: async (ctx) => {
      if (check) return checked(await runCheck(check, ctx.read, call(check, ctx), ctx.abort), check)
      return ctx.recall('succeeded', z.literal(true))
        ? { outcome: 'done', detail: 'it exited with 0, and nothing is named that looks at the result' }
        : {
            outcome: 'unclear',
            detail: 'nobody saw it end, and nothing is named that looks at the result',
            isFinal: true,
          }
    },
    rollback:
      typeof rollback === 'string'
        ? rollback
        : async (ctx) => {
            await ctx.effect(`run \`${[rollback.file, ...rollback.args].join(' ')}\``, async (write) =>
              mustSucceed(rollback.file, await write.runProgram(call(rollback, ctx), ctx.abort)),
            )
          },
  }
}

function runCheck(_check: Program, read: ReadPorts, call: ProgramCall, abort: AbortSignal): Promise<ProgramResult> {
  return read.runProgram(call, abort)
}

function checked({ exitCode, stderr, stdout }: ProgramResult, { file }: Program) {
  const said = lastLine(stdout) || lastLine(stderr)
  const detail = `${file} exited with ${exitCode ?? 'a signal'}${said ? `: ${said}` : ''}`
  if (exitCode === 0) return { outcome: 'done', detail } as const
  return { outcome: exitCode === 1 ? 'not_done' : 'unclear', detail } as const
}

function mustSucceed(file: string, { exitCode, stderr, stdout }: ProgramResult): void {
  if (exitCode === 0) return
  const said = lastLine(stderr) || lastLine(stdout)
  throw new Fault('stage_failed', `${file} exited with ${exitCode ?? 'a signal'}${said ? `: ${said}` : ''}`)
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.slice(0, 300) ?? ''
}
