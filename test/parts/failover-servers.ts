import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
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
export async function killPostgres(part: Pick<PostgresPart, 'folder'>): Promise<void> {
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

export interface HaproxyPart extends Part {
  readonly socket: string
  stop(signal?: NodeJS.Signals): Promise<void>
}

/** A HAProxy with one backend `app` of servers `r1`, `r2`, …, all but the first with weight 0 unless weights are given. */
export async function startHaproxy(
  folder: string,
  serverPorts: readonly number[],
  at: { readonly address: string; readonly port?: number; readonly weights?: readonly number[] } = {
    address: '127.0.0.1',
  },
): Promise<HaproxyPart> {
  const { address, weights } = at
  const port = at.port ?? (await freePort())
  const socket = join(folder, `haproxy-${address}.sock`)
  const servers = serverPorts.map(
    (one, index) =>
      `  server r${index + 1} 127.0.0.1:${one} weight ${weights?.[index] ?? (index === 0 ? 100 : 0)} check inter 200 fall 1 rise 1`,
  )
  const config = [
    'global',
    `  stats socket ${socket} mode 600 level admin`,
    'defaults',
    '  mode http',
    '  timeout connect 1s',
    '  timeout client 5s',
    '  timeout server 5s',
    'frontend users',
    `  bind ${address}:${port}`,
    '  default_backend app',
    'backend app',
    '  balance roundrobin',
    '  option httpchk GET /health',
    '  http-check expect status 200',
    ...servers,
  ]
  const file = join(folder, `haproxy-${address}.cfg`)
  writeFileSync(file, `${config.join('\n')}\n`)
  const child = spawn('haproxy', ['-db', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  const output: string[] = []
  child.stderr.on('data', (chunk) => output.push(String(chunk)))
  const answers = async () => {
    if (child.exitCode !== null) throw new Error(`haproxy ended:\n${output.join('')}`)
    return (await fetch(`http://${address}:${port}/`).catch(() => null)) !== null
  }
  await waitUntil(answers, 10_000, () => `haproxy does not start:\n${output.join('')}`)
  return { url: `http://${address}:${port}`, port, socket, stop: (signal) => stopChild(child, signal) }
}

export interface SmallService {
  readonly port: number
  /** Paths that were asked for, health checks left out. */
  readonly asked: string[]
  setHealthy(isHealthy: boolean): void
  stop(): Promise<void>
}

/** A service that keeps a log of its requests; the answer comes from whoever serves it. */
export async function startService(
  serve: (path: string, method: string, body: string) => Promise<{ status: number; body: string }>,
  port = 0,
): Promise<SmallService> {
  const asked: string[] = []
  let isHealthy = true
  const server = createServer(async (request, response) => {
    const path = request.url ?? ''
    if (path === '/health') return void response.writeHead(isHealthy ? 200 : 503).end()
    asked.push(path)
    const sent: Buffer[] = []
    for await (const chunk of request) sent.push(chunk as Buffer)
    const { status, body } = await serve(path, request.method ?? '', Buffer.concat(sent).toString())
    response.writeHead(status, { 'content-type': path === '/metrics' ? 'text/plain' : 'application/json' }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    asked,
    setHealthy: (value) => {
      isHealthy = value
    },
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
