import { execFile, spawn } from 'node:child_process'
import { promisify } from 'node:util'
import { ask, CLI } from '../parts/parts-agent.ts'
import { stopChild, waitUntil } from '../parts/servers.ts'

export interface CommandAnswer {
  readonly code: number
  readonly out: string
  readonly error: string
}

/** `failwise serve` in a process of its own, and its command line beside it. */
export interface AgentProcess {
  readonly port: number
  ask(path: string): Promise<unknown>
  /** Runs a command; throws with what it said when it does not end as it should. */
  command(args: readonly string[]): Promise<string>
  /** Runs a command that may be refused. */
  attempt(args: readonly string[], environment?: Readonly<Record<string, string>>): Promise<CommandAnswer>
  stop(): Promise<void>
}

const READY_MS = 120_000

/** Starts an agent on a folder's configuration, and waits until it is ready. */
export async function startAgentProcess(folder: string, port: number): Promise<AgentProcess> {
  const child = spawn(process.execPath, [CLI, '--config', folder, 'serve'], { stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => lines.push(String(chunk)))
  const said = () => lines.join('').slice(-4000)
  try {
    await waitUntil(
      async () => {
        if (child.exitCode !== null) throw new Error(`the agent ended with ${child.exitCode}:\n${said()}`)
        return (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null))?.ok ?? false
      },
      READY_MS,
      () => `the agent is not ready:\n${said()}`,
    )
  } catch (error) {
    await stopChild(child)
    throw error
  }
  const attempt: AgentProcess['attempt'] = async (args, environment = {}) => {
    const options = { env: { ...process.env, ...environment }, maxBuffer: 1 << 26 }
    return promisify(execFile)(process.execPath, [CLI, '--config', folder, ...args], options).then(
      ({ stdout, stderr }) => ({ code: 0, out: stdout, error: stderr }),
      ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => {
        return { code, out: stdout, error: stderr }
      },
    )
  }
  return {
    ...{ port, attempt },
    ask: (path) => ask(port, path),
    command: async (args) => {
      const { code, out, error } = await attempt(args)
      if (code === 0) return out
      throw new Error(`failwise ${args.join(' ')} ended with ${code}:\n${out}${error}\nthe agent:\n${said()}`)
    },
    stop: () => stopChild(child),
  }
}
