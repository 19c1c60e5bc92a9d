import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { systemStagePorts } from '../../actions/shared/system-ports.ts'
import { systemClock } from '../../agent/lib/clock.ts'
import { type HttpClientOptions, httpClient } from '../../agent/lib/http-client.ts'
import { type Scene, type SceneOptions, scene } from '../actions/scene.ts'
import type { PostgresPart } from './postgres.ts'
import { waitUntil } from './servers.ts'

/** The ports of a running agent. */
export const realPorts = systemStagePorts({
  http: httpClient({
    maxBytes: 1_000_000,
    connectTimeoutMs: 1000,
    totalTimeoutMs: 5000,
    maxRedirects: 0,
    userAgent: 'failwise',
    tls: {},
    hosts: {},
  } satisfies HttpClientOptions),
  mask: async (text) => text,
  environment: { PATH: process.env.PATH ?? '', HOME: '/nonexistent' },
})

/** A run in memory on the machine's own network, clock and programs. */
export function realScene(options: SceneOptions = {}): Scene {
  return scene({ ...realPorts, clock: systemClock, abort: AbortSignal.timeout(100_000), ...options })
}

/** Runs SQL on a database of the test's own. */
export async function sql(part: PostgresPart, text: string, user = 'postgres'): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ host: '127.0.0.1', port: part.port, user, database: 'postgres' })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}

/** The options by which stages reach a server. */
export function serverOf(part: PostgresPart) {
  return { host: '127.0.0.1', port: part.port, user: 'postgres', database: 'postgres', tls: 'off' as const }
}

/** Ends a PostgreSQL server as the loss of its machine would: at once, and nothing is said to anybody. */
export async function killPostgres(part: PostgresPart): Promise<void> {
  const pid = Number(readFileSync(join(part.folder, 'postmaster.pid'), 'utf8').split('\n')[0])
  const children = execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map(Number)
  process.kill(pid, 'SIGKILL')
  // The first server's death is noticed by its children a little later; a data folder is free when they are gone.
  await waitUntil(async () => !children.some(isAlive), 10_000, 'children of the killed server stay')
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
