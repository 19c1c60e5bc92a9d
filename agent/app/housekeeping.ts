import type { People } from '../approval/people.ts'
import type { Config } from '../config.ts'
import { pageLateIncidents } from '../engine/late.ts'
import type { MessageOptions } from '../engine/messages.ts'
import type { ServiceBook } from '../engine/service-entry.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import type { Store } from '../store/store.ts'
import { escalateQuestions } from './asking.ts'
import { checkAudit } from './audit-check.ts'
import { showQueues } from './count.ts'
import type { AgentMetrics } from './metrics.ts'

export interface HousekeepingParts {
  readonly config: Config
  readonly store: Store
  readonly services: ServiceBook
  readonly people: People
  readonly clock: Clock
  readonly log: Log
  readonly metrics: AgentMetrics
  readonly messages: MessageOptions
  readonly showDrills: () => Promise<void>
}

/** Does something again and again until the agent stops. */
export type Every = (name: string, intervalMs: number, round: (abort: AbortSignal) => Promise<unknown>) => void

/** What time alone brings: questions and orders that expire or go to more people, decisions that are late, figures, proofs, and what may be forgotten. */
export function keepHouse(parts: HousekeepingParts, every: Every): void {
  const { config, store, services, people, clock, log, metrics, messages } = parts
  const { settings } = config
  every('expiry', 2000, async () => {
    await store.approvals.expire()
    await store.runs.expire()
  })
  every('escalation', 5000, () =>
    escalateQuestions({ store, services, people, clock, settings: settings.approval, messages }),
  )
  every('late', 5000, () => pageLateIncidents({ store, services, clock, messages }))
  every('gauges', 15_000, async () => {
    showQueues(metrics, await store.maintenance.queues(), clock.now())
    await parts.showDrills()
  })
  every('audit', 6 * 3_600_000, () => checkAudit(config, { store, metrics, clock, log }))
  every('retention', 3_600_000, () =>
    store.agents.alone('retention', () => store.maintenance.prune(settings.store.retention)),
  )
}
