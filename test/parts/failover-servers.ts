import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { systemStagePorts } from '../../actions/shared/system-ports.ts'
import { systemClock } from '../../agent/lib/clock.ts'
import { type HttpClientOptions, httpClient } from '../../agent/lib/http-client.ts'
import { type Scene, type SceneOptions, scene } from '../actions/scene.ts'
import type { PostgresPart } from './postgres.ts'
import { freePort, type Part, stopChild, waitUntil } from './servers.ts'

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

export interface DnsPart extends Part {
  readonly server: string
  readonly key: { readonly name: string; readonly algorithm: 'hmac-sha256'; readonly secret: string }
}

/** A BIND that is the primary of `example.test` and takes updates of `app` and its generation by a key. */
export async function startZone(folder: string, address: string): Promise<DnsPart> {
  const port = await freePort()
  const key = { name: 'failover', algorithm: 'hmac-sha256', secret: randomBytes(32).toString('base64') } as const
  const zone = [
    '$TTL 2',
    '@ IN SOA ns.example.test. root.example.test. 1 60 60 600 2',
    '@ IN NS ns.example.test.',
    'ns IN A 127.0.0.1',
    `app IN A ${address}`,
    `other IN A ${address}`,
  ]
  writeFileSync(join(folder, `zone-${port}.db`), `${zone.join('\n')}\n`)
  const grants = 'grant failover name app.example.test A; grant failover name _failwise.app.example.test TXT;'
  const part = await startNamed(folder, port, [
    `key "failover" { algorithm ${key.algorithm}; secret "${key.secret}"; };`,
    namedOptions(folder, port, 'recursion no;'),
    `zone "example.test" { type primary; file "zone-${port}.db"; update-policy { ${grants} }; };`,
  ])
  return { ...part, server: `127.0.0.1:${port}`, key }
}

/** A BIND that users ask: it keeps answers for their TTL, and asks one server about everything else. */
export async function startResolver(folder: string, upstreamPort: number): Promise<Part & { readonly server: string }> {
  const port = await freePort()
  const forward = `recursion yes; forward only; forwarders { 127.0.0.1 port ${upstreamPort}; };`
  const part = await startNamed(folder, port, [namedOptions(folder, port, forward)])
  return { ...part, server: `127.0.0.1:${port}` }
}

function namedOptions(folder: string, port: number, extra: string): string {
  const listen = `listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; };`
  const files = `directory "${folder}"; pid-file "named-${port}.pid"; session-keyfile "session-${port}.key";`
  return `options { ${files} ${listen} dnssec-validation no; ${extra} }; controls {};`
}

async function startNamed(folder: string, port: number, lines: readonly string[]): Promise<Part> {
  const file = join(folder, `named-${port}.conf`)
  writeFileSync(file, lines.join('\n'))
  const child = spawn('named', ['-g', '-c', file, '-n', '1'], { stdio: ['ignore', 'ignore', 'pipe'] })
  const output: string[] = []
  child.stderr.on('data', (chunk) => output.push(String(chunk)))
  const isRunning = async () => {
    if (child.exitCode !== null) throw new Error(`named ended:\n${output.join('').slice(-2000)}`)
    return output.join('').includes('running')
  }
  await waitUntil(isRunning, 20_000, () => `named does not start:\n${output.join('').slice(-2000)}`)
  return { url: `dns://127.0.0.1:${port}`, port, stop: () => stopChild(child) }
}
