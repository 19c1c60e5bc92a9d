import { stringify } from 'yaml'
import { type SmallService, startService } from '../parts/failover-servers.ts'
import {
  type AlertmanagerPart,
  type Part,
  type PrometheusPart,
  startAlertmanager,
  startBlackbox,
  startPrometheus,
} from '../parts/servers.ts'
import type { Sites } from './sites.ts'
import type { Users } from './users.ts'

/** Who watches the two sites: Prometheus with a rule, Alertmanager, and a prober at the recovery site. */
export interface Monitoring {
  readonly prometheus: PrometheusPart
  readonly alertmanager: AlertmanagerPart
  readonly blackbox: Part
  /** What these users meet is measured from now on. */
  follow(of: string, users: Users): void
  stop(): Promise<void>
}

export interface MonitoringWanted {
  readonly sites: Sites
  /** Whose users are watched, each with an alert. */
  readonly services: readonly string[]
  /** Where alerts are sent, and by what token. */
  readonly webhookUrl: string
  readonly token: string
}

/** Seconds that a rate looks back: a few scrapes, so that it tells of now. */
const RATE = '4s'

/** The queries that alert and agent share. Who is not served tries again at once, so that only what succeeds tells how many use it. */
export const QUERIES = {
  failedShare: (service: string) =>
    `sum(rate(shop_writes_total{of="${service}",result="failed"}[${RATE}])) / sum(rate(shop_writes_total{of="${service}"}[${RATE}]))`,
  writes: (service: string) => `sum(rate(shop_writes_total{of="${service}",result="ok"}[${RATE}]))`,
  // The main site's own figure is as old as the main site lasted.
  capacity:
    'sum(max_over_time(shop_connections{site="dr"}[30s])) / sum(max_over_time(shop_connections{site="main"}[30m]))',
} as const

/** Starts the servers; on failure nothing keeps running. */
export async function startMonitoring(wanted: MonitoringWanted): Promise<Monitoring> {
  const { sites, services, webhookUrl, token } = wanted
  const { folder } = sites
  const stops: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const one of stops.splice(0).reverse()) await one().catch(() => undefined)
  }
  const keep = <T extends { stop(): Promise<unknown> }>(part: T): T => {
    stops.push(() => part.stop())
    return part
  }
  try {
    const followed = new Map<string, Users>()
    const meter: SmallService = keep(await startService(async () => ({ status: 200, body: exposition(followed) })))
    const blackbox = keep(await startBlackbox(folder))
    const alertmanager = keep(await startAlertmanager(folder, webhookUrl, token))
    const targets = [meter.port, sites.main.app.port, sites.dr.app.port].map((port) => `127.0.0.1:${port}`)
    const prometheus = keep(
      await startPrometheus({
        folder,
        rules: rulesOf(services),
        alertmanagerPort: alertmanager.port,
        scrape: `- {job_name: shop, static_configs: [{targets: ${JSON.stringify(targets)}}]}`,
      }),
    )
    return {
      ...{ prometheus, alertmanager, blackbox, stop },
      follow: (of, users) => void followed.set(of, users),
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function rulesOf(services: readonly string[]): string {
  const rules = services.map((service) => ({
    alert: 'WritesFail',
    expr: `${QUERIES.failedShare(service)} > 0.2`,
    for: '2s',
    labels: { service, severity: 'critical' },
    annotations: { summary: 'users cannot write' },
  }))
  return stringify({ groups: [{ name: 'shop', rules }] })
}

function exposition(followed: ReadonlyMap<string, Users>): string {
  const lines = [...followed].flatMap(([of, { acknowledged, failedAtMs }]) => [
    `shop_writes_total{of="${of}",result="ok"} ${acknowledged.length}`,
    `shop_writes_total{of="${of}",result="failed"} ${failedAtMs.length}`,
  ])
  return `# TYPE shop_writes_total counter\n${lines.join('\n')}\n`
}
