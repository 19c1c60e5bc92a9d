import { execFileSync } from 'node:child_process'
import {
  type DnsPart,
  type HaproxyPart,
  killPostgres,
  type SmallService,
  sql,
  startHaproxy,
  startResolver,
  startService,
  startZone,
} from '../parts/failover-servers.ts'
import { type PostgresPart, startPostgres, startStandby } from '../parts/postgres.ts'
import { type Relay, startRelay } from '../parts/relay.ts'
import { freePort, type Part, removeFolder, scratchFolder, waitUntil } from '../parts/servers.ts'
import { startApp } from './app.ts'

export interface Site {
  readonly address: string
  readonly database: PostgresPart
  readonly app: SmallService
  readonly proxy: HaproxyPart
}

/** The main site as others see it; with a wire of its own between them, which can be cut while the site lives on. */
export interface SeenFromOutside {
  readonly databasePort: number
  readonly frontUrl: string
  /** The interface of whoever runs the site, which is gone when the site is. */
  readonly platformUrl: string
  cut(): void
  mend(): void
}

/** Two places that can serve users, and the DNS that says which does. */
export interface Sites {
  readonly folder: string
  readonly main: Site
  readonly dr: Site
  readonly zone: DnsPart
  readonly resolver: Part & { readonly server: string }
  readonly outside: SeenFromOutside
  /** Acknowledged writes are on both sides from now on. */
  replicateSynchronously(): Promise<void>
  /** One of several servers of the main site is gone; where it was. */
  loseServer(): Promise<void>
  /** The main site is gone at once: its database, what users reach it by, and the interface of whoever runs it. */
  loseMain(): Promise<void>
  /** Its machines are there again, and its database stays down: it must not come back by itself. */
  returnMain(): Promise<void>
  stop(): Promise<void>
}

export interface SitesWanted {
  /** A second server of the application at the main site. */
  readonly hasSpareServer?: boolean
  /** Everybody but the users meets the main site over a wire that can be cut; the standby too. */
  readonly isCuttable?: boolean
}

/** Starts two sites: database, application and load balancer each, on addresses of their own, replicating from `main` to `dr`. */
export async function startSites(wanted: SitesWanted = {}): Promise<Sites> {
  const folder = scratchFolder('drill')
  execFileSync('chmod', ['777', folder])
  const stops: (() => Promise<unknown>)[] = [async () => removeFolder(folder)]
  const stop = async () => {
    for (const one of stops.splice(0).reverse()) await one().catch(() => undefined)
  }
  const keep = <T extends { stop(): Promise<unknown> }>(part: T): T => {
    stops.push(() => part.stop())
    return part
  }
  try {
    const common = ['wal_log_hints=on', 'unix_socket_directories=', 'wal_keep_size=128MB']
    const primary = keep(await startPostgres(folder, common))
    const wire = async (port: number, host?: string): Promise<Relay | null> =>
      wanted.isCuttable ? keep(await startRelay(port, host)) : null
    const databaseWire = await wire(primary.port)
    await sql(primary, 'CREATE ROLE app LOGIN; CREATE TABLE orders (id text, sum text); GRANT ALL ON orders TO app')
    const databasePort = databaseWire?.port ?? primary.port
    const standby = keep(await startStandby(folder, primary, common))
    if (databaseWire) {
      await sql(standby, `ALTER SYSTEM SET primary_conninfo = 'host=127.0.0.1 port=${databasePort} user=postgres'`)
      await sql(standby, 'SELECT pg_reload_conf()')
    }
    const [mainApp, drApp] = [keep(await startApp(primary, 'main')), keep(await startApp(standby, 'dr'))]
    const spare = wanted.hasSpareServer ? keep(await startApp(primary, 'main')) : null
    const port = await freePort()
    const ports = [mainApp.port, drApp.port, ...(spare ? [spare.port] : [])]
    const startMainProxy = () => startHaproxy(folder, ports, { address: '127.0.0.2', port, weights: [100, 0, 100] })
    const startPlatform = async (at?: number) => startService(async () => ({ status: 200, body: '{}' }), at)
    let [mainProxy, platform] = [await startMainProxy(), await startPlatform()]
    const platformPort = platform.port
    stops.push(
      () => mainProxy.stop(),
      () => platform.stop(),
    )
    const drProxy = keep(await startHaproxy(folder, [drApp.port, mainApp.port], { address: '127.0.0.3', port }))
    const [frontWire, platformWire] = [await wire(port, '127.0.0.2'), await wire(platformPort)]
    const zone = keep(await startZone(folder, '127.0.0.2'))
    const resolver = keep(await startResolver(folder, zone.port))
    const wires = [databaseWire, frontWire, platformWire].filter((one) => one !== null)
    return {
      folder,
      main: { address: '127.0.0.2', database: primary, app: mainApp, proxy: mainProxy },
      dr: { address: '127.0.0.3', database: standby, app: drApp, proxy: drProxy },
      zone,
      resolver,
      outside: {
        databasePort,
        frontUrl: frontWire ? `http://127.0.0.1:${frontWire.port}` : mainProxy.url,
        platformUrl: `http://127.0.0.1:${platformWire?.port ?? platformPort}`,
        cut: () => {
          for (const one of wires) one.cut()
        },
        mend: () => {
          for (const one of wires) one.mend()
        },
      },
      replicateSynchronously: async () => {
        await sql(primary, "ALTER SYSTEM SET synchronous_standby_names = '*'")
        await sql(primary, 'SELECT pg_reload_conf()')
        const isSynchronous = async () =>
          (await sql(primary, "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'")).length === 1
        await waitUntil(isSynchronous, 10_000, 'the standby to be synchronous')
      },
      loseServer: async () => {
        if (!spare) throw new Error('the main site has one server only')
        await mainApp.stop()
      },
      loseMain: async () => {
        for (const one of wires) one.cut()
        await Promise.all([killPostgres(primary), mainProxy.stop('SIGKILL'), platform.stop()])
      },
      returnMain: async () => {
        mainProxy = await startMainProxy()
        platform = await startPlatform(platformPort)
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
