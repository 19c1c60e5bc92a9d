import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { type PostgresPart, startPostgres, startStandby } from './postgres.ts'
import {
  type AlertmanagerPart,
  freePort,
  type Part,
  type PrometheusPart,
  removeFolder,
  scratchFolder,
  startAlertmanager,
  startBlackbox,
  startPrometheus,
} from './servers.ts'
import { pastOf, type Shop, startShop } from './shop.ts'

export const TOKEN = 'alertmanager-token-of-the-parts'

/** A shop with everything around it: monitoring, a replicated database, and a folder that configures an agent for all of it. */
export interface World {
  /** Holds failwise.yaml, services.yaml and policy.yaml. */
  readonly folder: string
  readonly agentPort: number
  readonly shop: Shop
  /** The same shop at the place it could move to. */
  readonly secondShop: Shop
  readonly prometheus: PrometheusPart
  readonly alertmanager: AlertmanagerPart
  readonly blackbox: Part
  readonly primary: PostgresPart
  readonly standby: PostgresPart
  stop(): Promise<void>
}

const ERROR_SHARE = (job: string) =>
  `sum(rate(http_requests_total{job="${job}",code=~"5.."}[10s])) / sum(rate(http_requests_total{job="${job}"}[10s]))`

/** Starts the servers and writes the agent's configuration; on failure nothing keeps running. */
export async function startWorld(): Promise<World> {
  const stops: (() => Promise<void> | void)[] = []
  const stop = async () => {
    for (const one of stops.reverse().splice(0)) await one()
  }
  const keep = <T extends { stop(): Promise<void> }>(part: T): T => {
    stops.push(() => part.stop())
    return part
  }
  try {
    const folder = scratchFolder('parts')
    stops.push(() => removeFolder(folder))
    const agentPort = await freePort()
    const shop = keep(await startShop())
    const secondShop = keep(await startShop())
    const primary = keep(await startPostgres(folder))
    const standby = keep(await startStandby(folder, primary))
    const blackbox = keep(await startBlackbox(folder))
    const webhook = `http://127.0.0.1:${agentPort}/v1/alerts/alertmanager`
    const alertmanager = keep(await startAlertmanager(folder, webhook, TOKEN))
    const prometheus = keep(
      await startPrometheus({
        folder,
        history: pastOf(
          [
            { job: 'shop', instance: `127.0.0.1:${shop.port}`, fromMinutesAgo: 90, untilSecondsAgo: 15 },
            { job: 'stock', instance: '127.0.0.1:1', fromMinutesAgo: 90, untilSecondsAgo: 600 },
          ],
          Date.now(),
        ),
        rules: RULES,
        alertmanagerPort: alertmanager.port,
        scrape: `- {job_name: shop, static_configs: [{targets: ['127.0.0.1:${shop.port}']}]}`,
      }),
    )
    const world = { folder, agentPort, shop, secondShop, prometheus, alertmanager, blackbox, primary, standby, stop }
    writeConfiguration(world)
    return world
  } catch (error) {
    await stop()
    throw error
  }
}

const RULES = stringify({
  groups: [
    {
      name: 'shop',
      rules: [
        {
          alert: 'ShopErrors',
          expr: `${ERROR_SHARE('shop')} > 0.05`,
          for: '12s',
          labels: { service: 'shop', severity: 'critical' },
          annotations: { summary: 'customers meet errors' },
        },
      ],
    },
  ],
})

function writeConfiguration(world: World): void {
  const { folder, agentPort, shop, secondShop, prometheus, blackbox, primary, standby } = world
  const login = { host: '127.0.0.1', user: 'postgres', tls: 'off' }
  const errors = (job: string) => ({
    source: 'prometheus',
    name: 'error_share',
    url: prometheus.url,
    query: ERROR_SHARE(job),
    unit: 'ratio',
    sli: { role: 'errors', badWhen: 'high', objective: 0.01 },
    stepSeconds: 5,
  })
  const probe = (target: string) => ({
    source: 'health-remote-probe',
    check: 'external_uptime',
    url: blackbox.url,
    target,
  })
  const restored = join(folder, 'last-restore-test')
  writeFileSync(restored, new Date(Date.now() - 86_400_000).toISOString())
  const site = {
    primary: { provider: 'aws', region: 'eu-west-1' },
    secondary: { provider: 'aws', region: 'eu-central-1' },
  }
  const services = [
    {
      name: 'shop',
      ...site,
      slo: { availability: 0.999, rtoMinutes: 30, rpoMinutes: 1 },
      runbookUrl: 'https://wiki.example/shop',
      approvers: ['alice'],
      collect: [
        errors('shop'),
        {
          ...errors('shop'),
          name: 'request_rate',
          query: 'sum(rate(http_requests_total{job="shop"}[10s]))',
          sli: undefined,
        },
        probe(shop.url),
        { source: 'health-http', url: shop.url, tries: 1 },
        { source: 'health-postgres-lag', ...login, port: standby.port },
        {
          source: 'health-sql',
          check: 'ledger',
          ...login,
          port: primary.port,
          sql: 'SELECT count(*) FROM pg_database',
          expect: { min: 1 },
        },
        {
          source: 'readiness',
          target: 'secondary',
          health: { url: secondShop.url },
          lag: { postgres: { ...login, port: standby.port } },
          lastRestoreTest: { file: restored },
        },
        { source: 'changes' },
      ],
    },
    { name: 'stock', ...site, collect: [errors('stock'), probe(secondShop.url)] },
  ]
  const settings = {
    version: 1,
    server: { port: agentPort, tokens: [{ name: 'alertmanager', token: TOKEN, scopes: ['ingest', 'read', 'admin'] }] },
    watch: { enabled: false },
    assess: { deadlineSeconds: 20 },
    log: { level: 'info' },
  }
  writeFileSync(join(folder, 'services.yaml'), stringify({ version: 1, services }))
  writeFileSync(join(folder, 'failwise.yaml'), stringify(settings))
  writeFileSync(join(folder, 'policy.yaml'), 'version: 1\n')
}
