import { execFileSync, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { stringify } from 'yaml'
import { killPostgres } from '../parts/failover-servers.ts'
import { postgresProgram } from '../parts/postgres.ts'
import { freePort, type Part, removeFolder, scratchFolder, stopChild, waitUntil } from '../parts/servers.ts'

/** What a Patroni of the distribution's does with a pair of the same PostgreSQL, for comparison. */
export interface PatroniTimes {
  /** The leader's node dies without a word: until a write succeeds on the other. Patroni has to notice by itself, which is most of it. */
  readonly deathMs: number
  /** A person orders a switch while both nodes are well: the longest time without a write. */
  readonly switchoverMs: number
  /** Acknowledged writes that are not there in the end. */
  readonly lostWrites: number
  readonly ttlSeconds: number
}

/** Seconds until a silent leader is replaced; the least that Patroni accepts. */
const TTL_SECONDS = 20
const PATIENCE_MS = 90_000

/** Whether the machine has what it needs; test/parts/install.sh installs it when told to. */
export function hasPatroni(): boolean {
  return ['patroni', 'etcd'].every((program) => existsSync(join('/usr/bin', program)))
}

interface Node {
  readonly name: string
  readonly port: number
  readonly apiUrl: string
  readonly folder: string
  isLeader(): Promise<boolean>
  kill(): Promise<void>
  start(): void
  stop(): Promise<void>
}

/**
 * Starts etcd and two nodes, lets a writer write, has the leader die, brings it back, and orders a switch. What it starts it stops, and puts into `stops`
 * meanwhile, for whoever is interrupted.
 */
export async function measurePatroni(stops: (() => Promise<unknown>)[]): Promise<PatroniTimes> {
  const folder = scratchFolder('patroni')
  execFileSync('chmod', ['777', folder])
  const before = stops.push(async () => removeFolder(folder)) - 1
  try {
    const etcd = await startEtcd(folder)
    stops.push(etcd.stop)
    const nodes = await Promise.all(['one', 'two'].map((name) => nodeOf(name, folder, etcd)))
    for (const node of nodes) {
      stops.push(node.stop)
      node.start()
      const log = () => readFileSync(join(folder, `${node.name}.log`), 'utf8').slice(-2000)
      if (node === nodes[0]) await waitUntil(node.isLeader, PATIENCE_MS, () => `Patroni has no leader:\n${log()}`)
    }
    await waitUntil(() => isFollowed(nodes), PATIENCE_MS, 'no standby follows the leader')
    const writer = startWriter(nodes)
    stops.push(writer.stop)
    await waitUntil(async () => writer.acknowledged() > 50, PATIENCE_MS, 'nobody can write')

    const leader = (await leaderOf(nodes)) ?? nodes[0]!
    const deathMs = await writer.longestGap(() => leader.kill())
    leader.start()
    await waitUntil(() => isFollowed(nodes), PATIENCE_MS, 'the dead node does not come back')
    const now = (await leaderOf(nodes))!
    const other = nodes.find((node) => node !== now)!
    const switchoverMs = await writer.longestGap(async () => {
      const body = JSON.stringify({ leader: now.name, candidate: other.name })
      const answer = await fetch(`${now.apiUrl}/switchover`, { method: 'POST', body })
      if (!answer.ok) throw new Error(`Patroni refuses to switch: ${answer.status} ${await answer.text()}`)
    })
    return { deathMs, switchoverMs, lostWrites: await writer.lost(), ttlSeconds: TTL_SECONDS }
  } finally {
    for (const stop of stops.splice(before).reverse()) await stop().catch(() => undefined)
  }
}

async function startEtcd(folder: string): Promise<Part> {
  const [port, peerPort] = [await freePort(), await freePort()]
  const [url, peerUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peerPort}`]
  const args = ['--data-dir', join(folder, 'etcd'), '--listen-client-urls', url, '--advertise-client-urls', url]
  const peers = ['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl]
  const initial = ['--initial-cluster', `default=${peerUrl}`, '--logger', 'zap', '--log-level', 'error']
  const child = spawn('etcd', [...args, ...peers, ...initial], { stdio: 'ignore' })
  const answers = async () => (await fetch(`${url}/health`).catch(() => null))?.ok ?? false
  await waitUntil(answers, PATIENCE_MS, 'etcd does not start')
  return { url, port, stop: () => stopChild(child) }
}

async function nodeOf(name: string, folder: string, etcd: Part): Promise<Node> {
  const [port, apiPort] = [await freePort(), await freePort()]
  const data = join(folder, name)
  const own = join(folder, `${name}.yml`)
  const login = (username: string) => ({ username, password: 'of-the-drill' })
  const configuration = {
    ...{ scope: 'drill', name, etcd3: { host: `127.0.0.1:${etcd.port}` } },
    restapi: { listen: `127.0.0.1:${apiPort}`, connect_address: `127.0.0.1:${apiPort}` },
    bootstrap: {
      dcs: {
        ...{ ttl: TTL_SECONDS, loop_wait: 2, retry_timeout: 5, synchronous_mode: true },
        postgresql: { use_pg_rewind: true, parameters: { wal_log_hints: 'on' } },
      },
      initdb: [{ encoding: 'UTF8' }, { 'auth-host': 'trust' }, { 'auth-local': 'trust' }],
      pg_hba: ['host all all 127.0.0.1/32 trust', 'host replication all 127.0.0.1/32 trust'],
    },
    postgresql: {
      ...{ listen: `127.0.0.1:${port}`, connect_address: `127.0.0.1:${port}`, data_dir: data },
      pgpass: join(folder, `${name}.pgpass`),
      bin_dir: join(postgresProgram('postgres'), '..'),
      authentication: { superuser: login('postgres'), replication: login('replicator'), rewind: login('rewinder') },
      parameters: { unix_socket_directories: folder, max_connections: 60 },
    },
  }
  writeFileSync(own, stringify(configuration))
  mkdirSync(data)
  const owner = ownerOf(data)
  const apiUrl = `http://127.0.0.1:${apiPort}`
  const launch = () => {
    const log = openSync(join(folder, `${name}.log`), 'a')
    const started = spawn('patroni', [own], { stdio: ['ignore', log, log], cwd: folder, ...owner })
    closeSync(log)
    return started
  }
  let child: ReturnType<typeof launch> | null = null
  return {
    ...{ name, port, apiUrl, folder: data },
    isLeader: async () => (await fetch(`${apiUrl}/primary`).catch(() => null))?.status === 200,
    start: () => {
      child = launch()
    },
    kill: async () => {
      const dying = child
      if (dying) await stopChild(dying, 'SIGKILL')
      await killPostgres({ folder: data })
    },
    stop: async () => {
      if (child) await stopChild(child)
      await endServer(data)
    },
  }
}

/** Patroni that is ended while it starts its server leaves it running. */
async function endServer(data: string): Promise<void> {
  const file = join(data, 'postmaster.pid')
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : 0
  if (pid <= 0 || !readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(data)) return
  process.kill(pid, 'SIGQUIT')
  await waitUntil(() => !existsSync(file), 20_000, 'the server of a Patroni node to end')
}

/** PostgreSQL refuses to run as root. */
function ownerOf(folder: string): { uid?: number; gid?: number } {
  execFileSync('chmod', ['700', folder])
  if (process.getuid?.() !== 0) return {}
  execFileSync('chown', ['postgres:postgres', folder])
  const number = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: number('-u'), gid: number('-g') }
}

async function leaderOf(nodes: readonly Node[]): Promise<Node | undefined> {
  for (const node of nodes) if (await node.isLeader()) return node
  return undefined
}

/** Whether the other node has every write that was acknowledged: before that a death would lose some. */
async function isFollowed(nodes: readonly Node[]): Promise<boolean> {
  for (const { apiUrl } of nodes) if ((await fetch(`${apiUrl}/sync`).catch(() => null))?.status === 200) return true
  return false
}

async function connect(port: number): Promise<pg.Client> {
  const client = new pg.Client({
    ...{ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' },
    ...{ connectionTimeoutMillis: 1000, query_timeout: 3000 },
  })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

/** Writes to whichever node takes it, about as often as the other users of this drill. */
function startWriter(nodes: readonly Node[]) {
  const acknowledged: { id: string; atMs: number }[] = []
  let isOver = false
  const work = async () => {
    let client: pg.Client | null = null
    let at = 0
    for (let number = 1; !isOver; number++) {
      try {
        client ??= await connect(nodes[at % nodes.length]!.port)
        if (number === 1) await client.query('CREATE TABLE IF NOT EXISTS orders (id text)')
        await client.query('INSERT INTO orders VALUES ($1)', [String(number)])
        acknowledged.push({ id: String(number), atMs: performance.now() })
      } catch {
        await client?.end().catch(() => undefined)
        client = null
        at += 1
      }
      await pause(10)
    }
    await client?.end().catch(() => undefined)
  }
  const working = work()
  const stop = async () => {
    isOver = true
    await working
  }
  return {
    stop,
    acknowledged: () => acknowledged.length,
    /** The longest time without a success while something is done and until writes flow again. */
    longestGap: async (disturb: () => Promise<void>): Promise<number> => {
      const from = acknowledged.length - 1
      await disturb()
      const disturbed = acknowledged.length
      // A switch that is ordered begins a little later; the gap is looked for until writes flow steadily.
      await waitUntil(
        () => acknowledged.length > disturbed + 150 && performance.now() - acknowledged.at(-150)!.atMs < 15_000,
        PATIENCE_MS,
        'writes do not come back',
      )
      const times = acknowledged.slice(from).map(({ atMs }) => atMs)
      return times.reduce((longest, atMs, index) => Math.max(longest, atMs - (times[index - 1] ?? atMs)), 0)
    },
    lost: async (): Promise<number> => {
      await stop()
      const leader = await leaderOf(nodes)
      if (!leader) return acknowledged.length
      const client = await connect(leader.port)
      const { rows } = await client.query<{ id: string }>('SELECT id FROM orders')
      await client.end()
      const present = new Set(rows.map(({ id }) => id))
      return acknowledged.filter(({ id }) => !present.has(id)).length
    },
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
