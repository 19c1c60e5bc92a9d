import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { FastifyInstance } from 'fastify'
import type { Agent } from '../../agent/app/agent.ts'
import { createAgent } from '../../agent/app.ts'
import { loadConfig } from '../../agent/config.ts'
import type { Assessment } from '../../agent/engine/assess.ts'
import { createLog } from '../../agent/lib/log.ts'
import { serverDepsOf } from '../../agent/server/wire.ts'
import { createServer, listen } from '../../agent/server.ts'
import { TOKEN } from './world.ts'

/** An agent in this process, listening where its configuration says. */
export interface PartsAgent {
  readonly agent: Agent
  readonly server: FastifyInstance
  readonly assessed: readonly Assessment[]
  /** Status of every webhook that was answered, in order. */
  readonly answered: readonly number[]
  readonly logLines: readonly string[]
  stop(): Promise<void>
}

/** Starts an agent on a folder's configuration. */
export async function startAgent(folder: string, environment: Record<string, string> = {}): Promise<PartsAgent> {
  const config = loadConfig(folder, environment)
  const assessed: Assessment[] = []
  const answered: number[] = []
  const logLines: string[] = []
  const agent = await createAgent({
    config,
    environment,
    log: createLog({ level: 'info', destination: { write: (line: string) => void logLines.push(line) } }),
    version: '0.0.0-parts',
    purpose: 'serve',
    analyst: 'rules',
    onAssessed: (assessment) => assessed.push(assessment),
  })
  const server = createServer(serverDepsOf(agent), { options: config.settings.server, version: '0.0.0-parts' })
  server.addHook('onResponse', async (request, reply) => {
    if (request.url.startsWith('/v1/alerts/')) answered.push(reply.statusCode)
  })
  await listen(server, config.settings.server)
  await agent.start()
  return {
    ...{ agent, server, assessed, answered, logLines },
    stop: async () => {
      await server.close()
      await agent.stop()
    },
  }
}

const ROOT = join(import.meta.dirname, '../..')
export const CLI = join(ROOT, 'agent/cli.ts')

/** Runs the command line beside a running agent; its JSON answer and exit code. */
export async function failwise(folder: string, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const run = promisify(execFile)(process.execPath, [CLI, '--config', folder, ...args], { maxBuffer: 1 << 26 })
  return run.then(
    ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      out: error.stdout,
      err: error.stderr,
    }),
  )
}

/** Asks the agent's HTTP API. */
export async function ask(port: number, path: string, method = 'GET'): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { authorization: `Bearer ${TOKEN}` },
  })
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`)
  return answer.json()
}
