import { prometheusHistory } from '../../collectors/shared/prometheus-history.ts'
import { trainInThread } from '../anomaly/training-thread.ts'
import { collectorOptionsOf } from '../config/catalogue.ts'
import type { Config } from '../config.ts'
import { type AnomalyKeeper, type AnomalyObserver, anomalyKeeper } from '../engine/anomaly-keeper.ts'
import type { MetricHistory } from '../engine/metric-history.ts'
import type { Clock } from '../lib/clock.ts'
import type { Http } from '../lib/http.ts'
import type { NewId } from '../lib/ids.ts'
import type { Log } from '../lib/log.ts'
import type { Mask } from '../lib/mask.ts'
import type { Retry } from '../lib/retry.ts'
import type { Store } from '../store/store.ts'
import type { AgentMetrics } from './metrics.ts'

export interface AnomalyParts {
  readonly store: Store
  readonly http: Http
  readonly mask: Mask
  readonly retry: Retry
  readonly clock: Clock
  readonly newId: NewId
  readonly observe: AnomalyObserver
}

/** The keeper of all anomaly models of a configuration. */
export function anomalyKeeperOf(config: Config, parts: AnomalyParts): AnomalyKeeper {
  const { cacheMegabytes, ...options } = config.settings.anomaly
  return anomalyKeeper({
    ...parts,
    histories: metricHistoriesOf(config, parts),
    train: trainInThread,
    options: { ...options, cacheBytes: cacheMegabytes * 1024 * 1024 },
  })
}

/** Where the past of each service's metrics is: the servers of its Prometheus queries. */
export function metricHistoriesOf(
  { catalogue }: Pick<Config, 'catalogue'>,
  ports: Pick<AnomalyParts, 'http' | 'mask' | 'retry'>,
): ReadonlyMap<string, MetricHistory> {
  const histories = new Map<string, MetricHistory>()
  for (const service of catalogue.services) {
    const queries = collectorOptionsOf(service, catalogue).flatMap((one) => (one.source === 'prometheus' ? [one] : []))
    if (queries.length > 0) histories.set(service.name, prometheusHistory(queries, ports))
  }
  return histories
}

/** Counts what the keeper does, and logs what went wrong. */
export function anomalyObserver(metrics: AgentMetrics, log: Log): AnomalyObserver {
  return {
    trained: (outcome) => metrics.anomalyTrainings.inc({ outcome }),
    read: (rows) => metrics.anomalyRows.inc(rows),
    opinion: (status) => metrics.anomalyOpinions.inc({ status }),
    problem: (service, error) =>
      log.warn({ service, err: error }, 'the metrics of a service could not be read for its anomaly model'),
  }
}
