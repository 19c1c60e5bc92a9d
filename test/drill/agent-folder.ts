import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { tokenHashOf } from '../../agent/approval/people.ts'
import { serverOf } from '../parts/failover-servers.ts'
import { TOKEN } from '../parts/world.ts'
import { type Monitoring, QUERIES } from './monitoring.ts'
import { awayFile, homeFile, PLACES, RPO_SECONDS } from './plans.ts'
import type { Sites } from './sites.ts'

/** The one who may say yes, and who asked for nothing. */
export const APPROVER = { name: 'bob', token: `fwp_${'b0b'.repeat(16)}` } as const
export const RUNBOOK_URL = 'https://wiki.example/shop/restore'

export interface AgentFolderWanted {
  readonly folder: string
  readonly port: number
  readonly sites: Sites
  readonly monitoring: Monitoring
  readonly services: readonly string[]
  /** Whether it looks again by itself; it does unless told otherwise. */
  readonly isWatching?: boolean
}

/** Writes what an agent has to know about the two sites: its settings, the services with their sources, the policy as delivered, and the plans. */
export function writeAgentFolder(wanted: AgentFolderWanted): void {
  const { folder, port, sites, monitoring, services, isWatching = true } = wanted
  const write = (name: string, content: unknown) => writeFileSync(join(folder, name), stringify(content))
  write('failwise.yaml', {
    ...{ version: 1, mode: 'live', log: { level: 'info' } },
    server: { port, tokens: [{ name: 'alertmanager', token: TOKEN, scopes: ['ingest', 'read', 'admin'] }] },
    people: [{ name: APPROVER.name, tokenHash: tokenHashOf(APPROVER.token) }],
    watch: { enabled: isWatching, intervalSeconds: 5 },
    assess: { windowMinutes: 10, deadlineSeconds: 30 },
    // Neither stands at the main site: whoever sees both is not the one cut off.
    isolation: { recoverySiteUrl: sites.dr.proxy.url, neutralAnchorUrl: `${monitoring.prometheus.url}/-/ready` },
  })
  writeFileSync(join(folder, 'policy.yaml'), 'version: 1\n')
  // The standby was made by a base backup and serves from it: that is the newest backup, and the newest restore.
  writeFileSync(join(folder, 'restored'), new Date().toISOString())
  write('services.yaml', { version: 1, services: services.map((name) => serviceOf(name, wanted)) })
  const powerOff = [writePowerOff(wanted)]
  mkdirSync(join(folder, 'plans'))
  for (const service of services)
    write(
      `plans/${service}-away.yaml`,
      awayFile(sites, { service, isSiteLost: true, powerOff, ...(service === 'shop' && { failback: 'shop-home' }) }),
    )
  if (services.includes('shop')) write('plans/shop-home.yaml', homeFile(sites))
}

function serviceOf(name: string, { folder, sites, monitoring }: AgentFolderWanted) {
  const { dr, outside } = sites
  const { url } = monitoring.prometheus
  const login = { host: '127.0.0.1', user: 'postgres', tls: 'off' }
  const series = { source: 'prometheus', url, stepSeconds: 1 }
  const restored = { file: join(folder, 'restored') }
  const data = (check: string, sql: string, equals: string) => {
    return { source: 'health-sql', check, ...login, port: outside.databasePort, sql, expect: { equals } }
  }
  return {
    ...{ name, primary: PLACES.main, dr: PLACES.dr, runbookUrl: RUNBOOK_URL, approvers: [APPROVER.name] },
    slo: { availability: 0.99, rtoMinutes: 5, rpoMinutes: RPO_SECONDS / 60 },
    plans: { dr_failover: `${name}-away` },
    collect: [
      {
        ...{ ...series, name: 'failed_share', query: QUERIES.failedShare(name), unit: 'ratio' },
        sli: { role: 'errors', badWhen: 'high', objective: 0.01 },
      },
      { ...series, name: 'users', query: QUERIES.writes(name) },
      {
        ...{ source: 'health-remote-probe', check: 'external_uptime', url: monitoring.blackbox.url },
        target: `${outside.frontUrl}/status`,
      },
      { source: 'health-http', url: `${outside.frontUrl}/status`, tries: 1 },
      { source: 'health-tcp', check: 'node_states', host: '127.0.0.1', port: outside.databasePort },
      { source: 'health-provider-api', url: outside.platformUrl },
      { source: 'health-postgres-lag', ...login, port: dr.database.port },
      data('data_present', TABLES, 'present'),
      data('data_integrity', ROWS, 'intact'),
      {
        ...{ source: 'readiness', target: 'dr', health: { url: `${dr.proxy.url}/status` } },
        capacity: { url, query: QUERIES.capacity },
        lag: { postgres: { ...login, port: serverOf(dr.database).port } },
        ...{ lastBackup: restored, lastRestoreTest: restored },
      },
      { source: 'changes' },
    ],
  }
}

const TABLES = `SELECT CASE WHEN to_regclass('public.orders') IS NULL THEN 'data loss: the table of orders is gone' ELSE 'present' END`
const ROWS = `SELECT CASE count(*) WHEN 0 THEN 'intact' ELSE count(*) || ' rows are corrupt' END FROM orders WHERE sum <> md5(id)`

/** Takes the main site's machines out of service: whatever runs there of its database and its load balancer is ended, and stays so. */
function writePowerOff({ folder, sites: { main } }: AgentFolderWanted): string {
  const file = join(folder, 'power-off')
  const pid = join(main.database.folder, 'postmaster.pid')
  const lines = [
    '#!/bin/sh',
    'set -e',
    '# A pid in the file of a server that died may be somebody else by now.',
    `pid=$(head -n 1 ${pid} 2>/dev/null || true)`,
    `if [ -n "$pid" ] && grep -q postgres "/proc/$pid/comm" 2>/dev/null; then`,
    '  kill -KILL $(ps -o pid= --ppid "$pid") "$pid" 2>/dev/null || true',
    'fi',
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  chmodSync(file, 0o755)
  return file
}
