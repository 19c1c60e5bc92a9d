import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { Agent } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { exchange } from './load.ts'

/** A server in a process of its own, on an embedded PostgreSQL in a fresh folder. */
export interface Served {
  readonly url: string
  /** From starting the process to its first good answer. */
  readonly readyMs: number
  get(path: string): Promise<unknown>
  /** Resident memory of the process itself, without PostgreSQL's. */
  memoryMb(): Promise<number>
  stop(): Promise<void>
}

const ROOT = join(import.meta.dirname, '../..')
const READY_WITHIN_MS = 60_000

/** `failwise serve` with some services that have no sources, so that only our own work is measured. */
export function serveAgent(services: readonly string[]): Promise<Served> {
  return serve((folder, port) => {
    const primary = { provider: 'aws', region: 'eu-west-1' }
    const catalogue = { version: 1, services: services.map((name) => ({ name, primary })) }
    const settings = { version: 1, server: { port }, watch: { enabled: false }, log: { level: 'error' } }
    writeFileSync(join(folder, 'services.yaml'), stringify(catalogue))
    writeFileSync(join(folder, 'failwise.yaml'), stringify(settings))
    return [join(ROOT, 'agent/cli.ts'), '--config', folder, 'serve']
  })
}

/** The plain handler. */
export function servePlain(): Promise<Served> {
  return serve((folder, port) => [join(import.meta.dirname, 'plain.program.ts'), folder, String(port)])
}

async function serve(argumentsFor: (folder: string, port: number) => string[]): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), 'failwise-bench-'))
  await chmod(folder, 0o755)
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const argv = argumentsFor(folder, port)
  const startedAt = performance.now()
  const environment = { ...process.env, OPENAI_API_KEY: '', ANTHROPIC_API_KEY: '', DATABASE_URL: '' }
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe'], env: environment })
  const said: string[] = []
  child.stderr.on('data', (chunk) => said.push(String(chunk)))
  const agent = new Agent({ keepAlive: true })
  const stop = async () => {
    agent.destroy()
    await stopChild(child)
    rmSync(folder, { recursive: true, force: true })
  }
  const get = async (path: string) => {
    const { status, body } = await exchange(agent, `${url}${path}`)
    if (status !== 200) throw new Error(`${path} answered ${status}: ${body.slice(0, 300)}`)
    return body.startsWith('{') ? JSON.parse(body) : body
  }
  while (
    !(await get('/readyz').then(
      () => true,
      () => false,
    ))
  ) {
    if (child.exitCode !== null || performance.now() - startedAt > READY_WITHIN_MS) {
      await stop()
      throw new Error(`${argv[0]} is not ready:\n${said.join('').slice(-2000)}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return {
    url,
    readyMs: performance.now() - startedAt,
    get,
    memoryMb: async () => {
      const [, bytes] = /^process_resident_memory_bytes (\S+)$/m.exec(String(await get('/metrics'))) ?? []
      return Number(bytes) / 1024 / 1024
    },
    stop,
  }
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  const kill = setTimeout(() => child.kill('SIGKILL'), 15_000)
  await ended
  clearTimeout(kill)
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => (address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}
