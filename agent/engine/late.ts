import { unknownService } from '../domain/service.ts'
import { instantOf } from '../domain/time.ts'
import type { Clock } from '../lib/clock.ts'
import type { Store } from '../store/store.ts'
import { failureMessages, type MessageOptions } from './messages.ts'
import type { ServiceBook } from './service-entry.ts'

export interface LateDeps {
  readonly store: Pick<Store, 'incidents' | 'outbox'>
  readonly services: ServiceBook
  readonly clock: Clock
  readonly messages: MessageOptions
}

/** Marks the page of the watchdog apart from those of failed attempts. */
const WATCHDOG_ATTEMPT = 0
/** More groups than any catalogue has. */
const MOST_AT_ONCE = 20_000

/**
 * Pages for every open incident that nobody has decided within the deadline, whatever the reason: no agent alive until now, a storm, a model that
 * hangs. Once per incident; the outbox drops repeats.
 */
export async function pageLateIncidents({ store, services, clock, messages }: LateDeps): Promise<number> {
  const nowMs = clock.now()
  // Asked of the store and not picked from a page of open ones: in a storm those that were decided would hide the others.
  const openedBefore = instantOf(nowMs - messages.deadlineSeconds * 1000)
  const late = await store.incidents.list({ open: true, undecided: true, openedBefore, limit: MOST_AT_ONCE })
  for (const incident of late) {
    const service = services.find(incident.service)?.service ?? unknownService(incident.service)
    const failure = { reason: 'no assessment has been finished', attempt: WATCHDOG_ATTEMPT, at: instantOf(nowMs) }
    for (const message of failureMessages(incident, service, failure, messages))
      await store.outbox.enqueue({ ...message, incidentId: incident.id })
  }
  return late.length
}
