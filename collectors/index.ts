import { z } from 'zod'
import { Fault } from '../agent/lib/errors.ts'
import * as awsHealth from './aws-health.ts'
import * as changes from './changes.ts'
import * as changesFeed from './changes-feed.ts'
import type { Collector } from './collector.ts'
import * as githubDeployments from './github-deployments.ts'
import * as healthFeed from './health-feed.ts'
import * as healthHttp from './health-http.ts'
import * as healthKubernetes from './health-kubernetes.ts'
import * as healthPostgresLag from './health-postgres-lag.ts'
import * as healthProviderApi from './health-provider-api.ts'
import * as healthRemoteProbe from './health-remote-probe.ts'
import * as healthSql from './health-sql.ts'
import * as healthTcp from './health-tcp.ts'
import * as healthTls from './health-tls.ts'
import * as loki from './loki.ts'
import * as prometheus from './prometheus.ts'
import * as readiness from './readiness.ts'
import * as readinessFeed from './readiness-feed.ts'
import type { CollectorPorts } from './shared/ports.ts'
import * as statusPage from './status-page.ts'

export type { CollectorPorts } from './shared/ports.ts'

/** Options of one source, told apart by `source`; a service of the catalogue lists them. */
export const CollectorOptions = z.discriminatedUnion('source', [
  awsHealth.Options,
  changes.Options,
  changesFeed.Options,
  githubDeployments.Options,
  healthFeed.Options,
  healthHttp.Options,
  healthKubernetes.Options,
  healthPostgresLag.Options,
  healthProviderApi.Options,
  healthRemoteProbe.Options,
  healthSql.Options,
  healthTcp.Options,
  healthTls.Options,
  loki.Options,
  prometheus.Options,
  readiness.Options,
  readinessFeed.Options,
  statusPage.Options,
])
export type CollectorOptions = z.infer<typeof CollectorOptions>

function collectorsOf(options: CollectorOptions, ports: CollectorPorts): Collector | Collector[] {
  switch (options.source) {
    case 'aws-health':
      return awsHealth.awsHealth(options, ports)
    case 'changes':
      return changes.changes(options, ports)
    case 'changes-feed':
      return changesFeed.changesFeed(options)
    case 'github-deployments':
      return githubDeployments.githubDeployments(options)
    case 'health-feed':
      return healthFeed.healthFeed(options)
    case 'health-http':
      return healthHttp.healthHttp(options, ports)
    case 'health-kubernetes':
      return healthKubernetes.healthKubernetes(options)
    case 'health-postgres-lag':
      return healthPostgresLag.healthPostgresLag(options, ports)
    case 'health-provider-api':
      return healthProviderApi.healthProviderApi(options, ports)
    case 'health-remote-probe':
      return healthRemoteProbe.healthRemoteProbe(options)
    case 'health-sql':
      return healthSql.healthSql(options, ports)
    case 'health-tcp':
      return healthTcp.healthTcp(options, ports)
    case 'health-tls':
      return healthTls.healthTls(options, ports)
    case 'loki':
      return loki.loki(options)
    case 'prometheus':
      return prometheus.prometheus(options)
    case 'readiness':
      return readiness.readiness(options, ports)
    case 'readiness-feed':
      return readinessFeed.readinessFeed(options)
    case 'status-page':
      return statusPage.statusPage(options)
  }
}

/** The collectors of one catalogue entry, sorted by name; two of one name would make evidence ambiguous and are refused. */
export function collectorsFor(
  entry: { readonly collectors: readonly CollectorOptions[] },
  ports: CollectorPorts,
): Collector[] {
  const collectors = entry.collectors.flatMap((options) => collectorsOf(options, ports))
  collectors.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  const twice = collectors.find((collector, index) => collectors[index + 1]?.name === collector.name)
  if (twice) {
    throw new Fault('config_invalid', `two collectors are named "${twice.name}"`, {
      hint: 'give one of them another name (or check)',
      details: { name: twice.name },
    })
  }
  return collectors
}
