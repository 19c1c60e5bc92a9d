import { PlanFile } from '../../actions/index.ts'
import { Plan } from '../../agent/domain/plan.ts'
import { serverOf } from '../parts/failover-servers.ts'
import { postgresProgram } from '../parts/postgres.ts'
import type { Site, Sites } from './sites.ts'

const isRoot = process.getuid?.() === 0
const runAs = isRoot ? ['runuser', '-u', 'postgres', '--'] : []

/** The places that the two sites stand for. */
export const PLACES = {
  main: { provider: 'aws', region: 'eu-west-1' },
  dr: { provider: 'azure', region: 'westeurope' },
} as const

export interface AwayWanted {
  readonly service?: string
  /** There is no load balancer left to turn, and the name alone moves users. */
  readonly isSiteLost?: boolean
  /** Takes the old primary out of service where it does not answer; without it, that is left to a person's consent. */
  readonly powerOff?: readonly string[]
  readonly failback?: string
}

/** Away: the old primary may be dead or alive. Consent to the loss is the run's, not the plan's. */
export function awayPlan(sites: Sites, wanted: AwayWanted = {}): Plan {
  return Plan.parse(PlanFile.parse(awayFile(sites, wanted)))
}

/** The same as a file says it. */
export function awayFile(sites: Sites, wanted: AwayWanted = {}) {
  const { service = 'shop', isSiteLost = false, powerOff, failback } = wanted
  const [from, to] = [sites.main, sites.dr]
  const source = { ...serverOf(from.database), port: sites.outside.databasePort }
  const stages = [
    {
      stage: 'fence-source',
      timeoutSeconds: 30,
      source,
      standby: serverOf(to.database),
      writer: { user: 'app' },
      ...(powerOff ? { powerOff } : { whenUnreachable: 'leave_to_consent' }),
    },
    {
      stage: 'promote-database',
      timeoutSeconds: 60,
      source,
      target: serverOf(to.database),
      writer: { user: 'app' },
    },
    ...(isSiteLost ? [] : [shift(from, 'r1', 'r2')]),
    dns(sites, from, to),
  ]
  const name = `${service}-away`
  return { ...fileOf(sites, { name, service, direction: 'away', to, stages }), ...(failback && { failback }) }
}

/** Home: data first, then a planned stop of writes, so that nothing is lost. */
export function homePlan(sites: Sites): Plan {
  return Plan.parse(PlanFile.parse(homeFile(sites)))
}

/** The same as a file says it. */
export function homeFile(sites: Sites) {
  const [from, to] = [sites.dr, sites.main]
  const flags = `-p ${to.database.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c wal_log_hints=on -c max_connections=60`
  const folder = to.database.folder
  const start = [...runAs, postgresProgram('pg_ctl'), '-D', folder, '-w', '-l', `${folder}.log`, '-o', flags, 'start']
  const stages = [
    {
      stage: 'rebuild-standby',
      timeoutSeconds: 90,
      primary: serverOf(from.database),
      standby: serverOf(to.database),
      dataFolder: folder,
      programFolder: postgresProgram(''),
      runAs,
      startCommand: start,
      slot: 'home',
    },
    {
      stage: 'replicate-database',
      timeoutSeconds: 60,
      source: serverOf(from.database),
      standby: serverOf(to.database),
      maxLagSeconds: 5,
    },
    {
      stage: 'stop-writes',
      timeoutSeconds: 30,
      source: serverOf(from.database),
      standby: serverOf(to.database),
      writer: { user: 'app' },
    },
    {
      stage: 'promote-database',
      timeoutSeconds: 60,
      source: serverOf(from.database),
      target: serverOf(to.database),
      writer: { user: 'app' },
      fencedBy: 'stop-writes',
    },
    shift(sites.main, 'r2', 'r1'),
    { ...shift(sites.dr, 'r1', 'r2'), id: 'shift-traffic-dr' },
    dns(sites, from, to),
  ]
  return fileOf(sites, { name: 'shop-home', service: 'shop', direction: 'back', to, stages })
}

function shift({ proxy }: Site, from: string, to: string) {
  return {
    stage: 'shift-traffic',
    timeoutSeconds: 60,
    through: { by: 'haproxy', socket: { path: proxy.socket }, backend: 'app', from: [from], to: [to] },
    // The side that is left cannot write any more: there is nothing to try out in small steps.
    steps: [100],
    stepSeconds: 0,
    lookEverySeconds: 0.5,
    minimumSamples: 1,
    within: [{ series: 'users', min: 0 }],
  }
}

function dns({ zone, resolver }: Sites, from: Site, to: Site) {
  return {
    stage: 'switch-dns',
    timeoutSeconds: 60,
    via: { provider: 'rfc2136', server: zone.server, zone: 'example.test', key: zone.key },
    records: [{ name: 'app.example.test', type: 'A', from: [from.address], to: [to.address], ttlSeconds: 2 }],
    resolvers: [resolver.server],
  }
}

interface FileWanted {
  readonly name: string
  readonly service: string
  readonly direction: 'away' | 'back'
  readonly to: Site
  readonly stages: readonly object[]
}

/**
 * A standby that is cut off cannot know what it lacks, so that its lag grows while nobody writes any more, and people answer. It has to last until they
 * have; what is really lost is counted.
 */
export const RPO_SECONDS = 300

function fileOf(sites: Sites, { name, service, direction, to, stages }: FileWanted) {
  const url = `http://${to.address}:${sites.main.proxy.port}/orders`
  const verify = {
    stage: 'verify',
    timeoutSeconds: 30,
    write: true,
    within: [{ series: 'failed_share', max: 0.01 }],
    minimumSamples: 2,
  }
  const [source, target] = to === sites.dr ? [PLACES.main, PLACES.dr] : [PLACES.dr, PLACES.main]
  return {
    version: 1,
    kind: 'DisasterRecoveryPlan',
    name,
    description: 'Moves the shop between two sites on one machine.',
    ...{ service, action: 'dr_failover', direction, source, target },
    // The longest that every stage may take; what it takes is measured.
    objectives: { rtoSeconds: 500, rpoSeconds: RPO_SECONDS },
    probe: { by: 'http', writeUrl: url, readUrl: url },
    stages: [...stages, verify],
  }
}
