import { unknownService } from '../domain/service.ts'
import { instantOf } from '../domain/time.ts'
import type { Clock } from '../lib/clock.ts'
import { asFault } from '../lib/errors.ts'
import type { Claim } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import { failureMessages, type MessageOptions } from './messages.ts'
import type { Progress } from './progress.ts'
import type { ServiceBook } from './service-entry.ts'

export interface FailureDeps {
  readonly agentId: string
  readonly store: Pick<Store, 'incidents' | 'decisions'>
  readonly services: ServiceBook
  readonly clock: Clock
  readonly messages: MessageOptions
  readonly progress?: Progress
}

const RETRY_AFTER_FAILURE_MS = 30_000
const RETRY_UNKNOWN_SERVICE_MS = 3_600_000

/** Puts a failed assessment on the record, tells people unless they know, and plans the next try. */
export async function recordFailure(claim: Claim, deps: FailureDeps, error: unknown): Promise<void> {
  const fault = asFault(error)
  const incident = await deps.store.incidents.get(claim.incidentId)
  deps.progress?.('record', `no decision: ${fault.message}`)
  if (!incident) return
  const known = deps.services.find(incident.service)?.service
  const nowMs = deps.clock.now()
  // Without a catalogue entry nothing changes by itself: people are told once, and it is tried again rarely.
  const pauseMs = known ? RETRY_AFTER_FAILURE_MS : RETRY_UNKNOWN_SERVICE_MS
  const attempt = known ? claim.attempt : 0
  const failures = claim.attempt - incident.assessments
  const wasTold = known !== undefined && claim.isAfterFailure && !isPowerOfTwo(failures)
  const failure = { reason: fault.message, attempt, at: instantOf(nowMs) }
  await deps.store.decisions.recordFailure({
    claim,
    actor: { kind: 'agent', id: deps.agentId, via: null },
    reason: fault.message,
    nextAssessmentAt: instantOf(nowMs + pauseMs),
    notifications: wasTold
      ? []
      : failureMessages(incident, known ?? unknownService(incident.service), failure, deps.messages),
  })
}

/** People are paged at the first failure after a decision and then ever more rarely, not every half minute. */
function isPowerOfTwo(failures: number): boolean {
  return (failures & (failures - 1)) === 0
}
