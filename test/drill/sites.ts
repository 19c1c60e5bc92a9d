import { execFileSync } from 'node:child_process'
import pg from 'pg'
import {
  type DnsPart,
  type HaproxyPart,
  killPostgres,
  type SmallService,
  serverOf,
  sql,
  startHaproxy,
  startResolver,
  startService,
  startZone,
} from '../parts/failover-servers.ts'
import { type PostgresPart, startPostgres, startStandby } from '../parts/postgres.ts'
import { freePort, type Part, removeFolder, scratchFolder, waitUntil } from '../parts/servers.ts'

export interface Site {
  readonly address: string
  readonly database: PostgresPart
  readonly app: SmallService
  readonly proxy: HaproxyPart
}

/** Two places that can serve users, and the DNS that says which does. */
export interface Sites {
  readonly main: Site
  readonly dr: Site
  readonly zone: DnsPart
  readonly resolver: Part & { readonly server: string }
  /** Acknowledged writes are on both sides from now on. */
  replicateSynchronously(): Promise<void>
  /** The main site is gone at once: its database and what users reach it by. */
  loseMain(): Promise<void>
  /** Its machines are there again, and its database stays down: it must not come back by itself. */
  returnMain(): Promise<void>
  stop(): Promise<void>
}

/** Starts two sites: database, application and load balancer each, on addresses of their own, replicating from `main` to `dr`. */
export async function startSites(settings: readonly string[] = []): Promise<Sites> {
  const folder = scratchFolder('drill')
  execFileSync('chmod', ['777', folder])
  const stops: (() => Promise<unknown>)[] = [async () => removeFolder(folder)]
  const stop = async () => {
    for (const one of stops.splice(0).reverse()) await one().catch(() => undefined)
  }
  try {
    const common = ['wal_log_hints=on', 'unix_socket_directories=', 'wal_keep_size=128MB', ...settings]
    const primary = await startPostgres(folder, common)
    stops.push(primary.stop)
    await sql(primary, 'CREATE ROLE app LOGIN; CREATE TABLE orders (id text); GRANT ALL ON orders TO app')
    const standby = await startStandby(folder, primary, common)
    stops.push(standby.stop)
    const [mainApp, drApp] = [await startApp(primary), await startApp(standby)]
    stops.push(mainApp.stop, drApp.stop)
    const port = await freePort()
    const startMainProxy = () => startHaproxy(folder, [mainApp.port, drApp.port], { address: '127.0.0.2', port })
    let mainProxy = await startMainProxy()
    stops.push(() => mainProxy.stop())
    const drProxy = await startHaproxy(folder, [drApp.port, mainApp.port], { address: '127.0.0.3', port })
    stops.push(drProxy.stop)
    const zone = await startZone(folder, '127.0.0.2')
    stops.push(zone.stop)
    const resolver = await startResolver(folder, zone.port)
    stops.push(resolver.stop)
    return {
      main: { address: '127.0.0.2', database: primary, app: mainApp, proxy: mainProxy },
      dr: { address: '127.0.0.3', database: standby, app: drApp, proxy: drProxy },
      zone,
      resolver,
      replicateSynchronously: async () => {
        await sql(primary, "ALTER SYSTEM SET synchronous_standby_names = '*'")
        await sql(primary, 'SELECT pg_reload_conf()')
        const isSynchronous = async () =>
          (await sql(primary, "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'")).length === 1
        await waitUntil(isSynchronous, 10_000, 'the standby to be synchronous')
      },
      loseMain: async () => {
        await Promise.all([killPostgres(primary), mainProxy.stop('SIGKILL')])
      },
      returnMain: async () => {
        mainProxy = await startMainProxy()
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Takes `{"id": "…"}` and answers once its database has it; lists what is there. */
async function startApp(database: PostgresPart): Promise<SmallService & { readonly port: number }> {
  const { host, port } = serverOf(database)
  const pool = new pg.Pool({ host, port, user: 'app', database: 'postgres', max: 4, connectionTimeoutMillis: 1000 })
  // A session that is ended while it begins tells of it later, when nobody waits for it any more.
  pool.on('connect', (client) => client.on('error', () => undefined))
  pool.on('error', () => undefined)
  const service = await startService(async (path, method, body) => {
    try {
      if (method === 'POST') {
        const { id } = JSON.parse(body) as { id: string }
        await pool.query('INSERT INTO orders VALUES ($1)', [id])
        return { status: 200, body: '{}' }
      }
      if (!path.startsWith('/orders')) return { status: 200, body: '{}' }
      const { rows } = await pool.query<{ id: string }>('SELECT id FROM orders')
      return { status: 200, body: JSON.stringify({ ids: rows.map(({ id }) => id) }) }
    } catch {
      return { status: 503, body: '{}' }
    }
  })
  return {
    ...service,
    stop: async () => {
      await service.stop()
      await pool.end()
    },
  }
}
