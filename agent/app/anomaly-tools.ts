import { type Config, dataFolderOf } from '../config.ts'
import type { AnomalyKeeper } from '../engine/anomaly-keeper.ts'
import type { MetricHistory } from '../engine/metric-history.ts'
import { systemClock } from '../lib/clock.ts'
import { Fault } from '../lib/errors.ts'
import { HttpClientOptions, httpClient } from '../lib/http-client.ts'
import { sortableIds } from '../lib/ids.ts'
import { createMask } from '../lib/mask.ts'
import { retrying } from '../lib/retry.ts'
import type { Store } from '../store/store.ts'
import { anomalyKeeperOf, metricHistoriesOf } from './anomaly.ts'
import { secretKeyIn } from './secret-key.ts'

/** What a command needs that asks anomaly models, beside a running agent or without one. */
export interface AnomalyTools {
  readonly keeper: AnomalyKeeper
  /** Throws when a service has no metrics with a past. */
  readonly histories: { of(service: string): MetricHistory }
}

/** Builds them; labels are masked with the agent's own key, so that names match those of its snapshots. */
export function anomalyTools(config: Config, store: Store): AnomalyTools {
  const clock = systemClock
  const ports = {
    http: httpClient(HttpClientOptions.parse({})),
    mask: createMask({ key: config.settings.maskKey ?? secretKeyIn(dataFolderOf(config)) }),
    retry: retrying({ clock, random: Math.random }),
  }
  const observe = { trained: () => {}, read: () => {}, opinion: () => {}, problem: () => {} }
  const histories = metricHistoriesOf(config, ports)
  return {
    keeper: anomalyKeeperOf(config, { store, clock, newId: sortableIds(clock), observe, ...ports }),
    histories: {
      of: (service) => {
        const found = histories.get(service)
        if (found) return found
        const isKnown = config.catalogue.services.some(({ name }) => name === service)
        throw isKnown
          ? new Fault('not_found', `service "${service}" has no Prometheus queries to learn from`, {
              hint: 'Add a source of the kind prometheus to it in services.yaml.',
            })
          : new Fault('not_found', `there is no service "${service}" in services.yaml`)
      },
    },
  }
}
