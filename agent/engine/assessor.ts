import { type AssessDeps, type Assessment, assess, claimLeaseMs } from './assess.ts'
import { type Loop, startLoop } from './loop.ts'

export interface AssessorOptions {
  readonly concurrency: number
  readonly pollMs: number
  readonly onAssessed?: (assessment: Assessment) => void
  /** An assessment ended without a decision; people were paged and it is on the record. */
  readonly onFailed?: (incidentId: string) => void
  readonly onError: (name: string, error: unknown) => void
}

/**
 * Takes due incidents and assesses them, several at once, until stopped. An incident is claimed by one agent at a time; a claim whose
 * agent died runs out and another agent looks afresh.
 */
export function startAssessor(deps: AssessDeps, options: AssessorOptions): Loop {
  const working = new Set<Promise<void>>()
  let loop: Loop | null = null

  const workOn = async (claim: Parameters<typeof assess>[0]) => {
    const assessment = await assess(claim, deps)
    if (assessment) options.onAssessed?.(assessment)
    else options.onFailed?.(claim.incidentId)
  }
  const round = async (): Promise<boolean> => {
    if (working.size >= options.concurrency) return false
    const claim = await deps.store.incidents.claimAssessment(deps.agentId, claimLeaseMs(deps.deadlineMs))
    if (claim === null) return false
    const work: Promise<void> = workOn(claim)
      .catch((error) => options.onError('assess', error))
      .finally(() => {
        working.delete(work)
        loop?.nudge()
      })
    working.add(work)
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
      await Promise.all(working)
    },
  }
}
