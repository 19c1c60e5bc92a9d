import { z } from 'zod'
import { Fault } from '../agent/lib/errors.ts'
import * as awsHealthSource from './aws-health.ts'
import * as changesFeedSource from './changes-feed.ts'
import type { Collector } from './collector.ts'
import * as healthFeedSource from './health-feed.ts'
import * as lokiSource from './loki.ts'
import * as prometheusSource from './prometheus.ts'
import * as readinessFeedSource from './readiness-feed.ts'
import * as statusPageSource from './status-page.ts'

/** Options of one source, told apart by `source`; a service of the catalogue lists them. */
export const CollectorOptions = z.discriminatedUnion('source', [
  awsHealthSource.Options,
  changesFeedSource.Options,
  healthFeedSource.Options,
  lokiSource.Options,
  prometheusSource.Options,
  readinessFeedSource.Options,
  statusPageSource.Options,
])
export type CollectorOptions = z.infer<typeof CollectorOptions>

/** What collectors need besides the HTTP of their context. */
export type CollectorPorts = awsHealthSource.Ports

function collectorsOf(options: CollectorOptions, ports: CollectorPorts): Collector[] {
  switch (options.source) {
    case 'aws-health':
      return [awsHealthSource.awsHealth(options, ports)]
    case 'changes-feed':
      return [changesFeedSource.changesFeed(options)]
    case 'health-feed':
      return healthFeedSource.healthFeed(options)
    case 'loki':
      return [lokiSource.loki(options)]
    case 'prometheus':
      return [prometheusSource.prometheus(options)]
    case 'readiness-feed':
      return readinessFeedSource.readinessFeed(options)
    case 'status-page':
      return [statusPageSource.statusPage(options)]
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
