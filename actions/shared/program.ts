import { z } from 'zod'
import { Fault } from '../../agent/lib/errors.ts'
import type { ProgramResult, ReadPorts, WritePorts } from '../ports.ts'
import type { StageContext } from '../stage.ts'

/** A program of yours with its arguments, one by one: there is no shell between, and nothing in them is expanded. */
export const Command = z
  .array(z.string())
  .min(1, 'expected a program and its arguments, e.g. ["systemctl", "stop", "postgresql"]')
export type Command = z.infer<typeof Command>

/** In front of a command, to run it as somebody or somewhere else: `["runuser", "-u", "postgres", "--"]`, `["ssh", "db1"]`. */
export const CommandPrefix = z.array(z.string()).default([])

/** How a program is started for a stage. */
export interface ProgramRun {
  readonly command: readonly string[]
  readonly folder?: string | undefined
  readonly environment?: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly maxOutputBytes?: number
}

/** Runs a program and returns what it printed; throws `stage_failed` when it ends with anything but one of the expected codes. */
export async function runProgram(
  ports: Pick<ReadPorts | WritePorts, 'runProgram'>,
  { command, folder, environment, timeoutMs, maxOutputBytes }: ProgramRun,
  abort: AbortSignal,
  expected: readonly number[] = [0],
): Promise<ProgramResult & { readonly exitCode: number }> {
  const [file = '', ...args] = command
  const result = await ports.runProgram(
    {
      file,
      args,
      timeoutMs,
      ...(folder !== undefined && { folder }),
      ...(environment !== undefined && { environment }),
      ...(maxOutputBytes !== undefined && { maxOutputBytes }),
    },
    abort,
  )
  const { exitCode } = result
  if (exitCode !== null && expected.includes(exitCode)) return { ...result, exitCode }
  const ended = exitCode === null ? 'was ended by a signal' : `ended with ${exitCode}`
  throw new Fault('stage_failed', `${file} ${ended}: ${lastLines(result.stderr || result.stdout)}`, {
    details: { program: file, exitCode },
  })
}

/** The end of what a program printed, where programs say what went wrong. */
export function lastLines(text: string): string {
  const lines = text.trim().split('\n').slice(-3).join(' | ')
  return lines.length > 400 ? `…${lines.slice(-400)}` : lines || 'it printed nothing'
}

/** A command behind a prefix. A remote shell would split arguments again, so behind ssh each one is quoted. */
export function prefixed(prefix: readonly string[], command: readonly string[]): string[] {
  const isRemoteShell = /(^|\/)ssh$/.test(prefix[0] ?? '')
  return [...prefix, ...(isRemoteShell ? command.map(quoted) : command)]
}

function quoted(argument: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`
}

/** What a program may know of the run, such as the generation that it should compare. */
export function runEnvironment(ctx: Pick<StageContext, 'run' | 'stageId' | 'idempotencyKey'>): Record<string, string> {
  return {
    FAILWISE_RUN: ctx.run.id,
    FAILWISE_STAGE: ctx.stageId,
    FAILWISE_GENERATION: String(ctx.run.generation),
    FAILWISE_KEY: ctx.idempotencyKey,
  }
}
