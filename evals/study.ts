import type { Snapshot } from '../agent/domain/snapshot.ts'
import type { EvalCase } from './case.ts'
import type { Outcome } from './decider.ts'

/** Something else that is learnt from a case while its snapshot is at hand; it keeps small records only, never the snapshot. */
export interface Study {
  observe(one: EvalCase, snapshot: Snapshot, outcome: Outcome, abort: AbortSignal): Promise<void>
}
