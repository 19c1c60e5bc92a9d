import { instantOf } from '../domain/time.ts'
import type { Claim } from '../store/records.ts'
import { type AssessDeps, type Assessment, assess, claimLeaseMs } from './assess.ts'
import { type Loop, startLoop } from './loop.ts'

export interface AssessorOptions {
  readonly concurrency: number
  readonly pollMs: number
  readonly onAssessed?: (assessment: Assessment) => void
  /** An assessment ended without a decision; people were paged and it is on the record. */
  readonly onFailed?: (incidentId: string) => void
  readonly onError: (name: string, error: unknown) => void
  /** When it is told to stop, what is in progress may take this long; the rest is handed over to other agents. */
  readonly finishWithinMs: number
}

/** Assessments whose upstreams answer take less. */
const WAITS_AFTER_MS = 2000
/** So many times the concurrency may be in progress, most of them waiting. */
const WAITING_FACTOR = 8

/**
 * Takes due incidents and assesses them, several at once, until stopped. An incident is claimed by one agent at a time; a dead agent's claims are given
 * back, and another agent looks afresh.
 */
export function startAssessor(deps: AssessDeps, options: AssessorOptions): Loop {
  const working = new Map<Promise<void>, { readonly claim: Claim; readonly sinceMs: number }>()
  let loop: Loop | null = null

  const workOn = async (claim: Claim) => {
    const assessment = await assess(claim, deps)
    if (assessment) options.onAssessed?.(assessment)
    else options.onFailed?.(claim.incidentId)
  }
  const round = async (): Promise<boolean> => {
    // One that has been at it for a while only waits for an upstream; services whose upstreams answer must not wait for that, too.
    const quickSinceMs = deps.clock.elapsed() - WAITS_AFTER_MS
    const quick = [...working.values()].filter(({ sinceMs }) => sinceMs > quickSinceMs).length
    if (quick >= options.concurrency || working.size >= options.concurrency * WAITING_FACTOR) return false
    const claim = await deps.store.incidents.claimAssessment(deps.agentId, claimLeaseMs(deps.deadlineMs))
    if (claim === null) return false
    const work: Promise<void> = workOn(claim)
      .catch((error) => options.onError('assess', error))
      .finally(() => {
        working.delete(work)
        loop?.nudge()
      })
    working.set(work, { claim, sinceMs: deps.clock.elapsed() })
    return true
  }
  const started = startLoop({
    name: 'assessor',
    clock: deps.clock,
    intervalMs: options.pollMs,
    round,
    onError: options.onError,
  })
  loop = started
  return {
    nudge: started.nudge,
    stop: async () => {
      await started.stop()
      await Promise.race([Promise.all(working.keys()), deps.clock.sleep(options.finishWithinMs)])
      for (const { claim } of working.values())
        await deps.store.incidents
          .releaseClaim(claim, { nextAssessmentAt: instantOf(deps.clock.now()), failure: null })
          .catch((error) => options.onError('assess', error))
    },
  }
}
