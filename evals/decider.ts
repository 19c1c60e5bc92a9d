import type { Action, Disposition } from '../agent/domain/action.ts'
import type { Decision } from '../agent/domain/decision.ts'
import type { Facts } from '../agent/domain/facts.ts'
import type { HealthScore } from '../agent/domain/health-score.ts'
import type { Snapshot } from '../agent/domain/snapshot.ts'
import type { Opinion } from '../agent/domain/verdict.ts'

/** What a decider made of one snapshot. */
export interface Outcome {
  readonly decision: Decision
  readonly opinion: Opinion | null
  readonly healthScore: HealthScore
  /** The facts that it rests on, when they were derived for it: deriving them is a fifth of a decision. */
  readonly facts?: Facts | undefined
}

/** Somebody whose decisions are scored: the production path with one analyst and policy, or a baseline. */
export interface Decider {
  /** The analyst's id, or the baseline's name. */
  readonly name: string
  /** Whether asking again costs nothing and gives the same answer; only such a decider is probed hundreds of times. */
  readonly isFree: boolean
  readonly policyHash: string | null
  readonly promptHash: string | null
  decide(snapshot: Snapshot, abort: AbortSignal): Promise<Outcome>
  /** The bare answer by the same path, for asking "what if" hundreds of times: only the identities of what it rests on are left out. */
  probe?(snapshot: Snapshot, abort: AbortSignal): Promise<Answer>
}

/** The bare answer of a decision, for comparing two. */
export interface Answer {
  readonly action: Action
  readonly disposition: Disposition
}

/** The bare answer of an outcome. */
export function answerOf({ decision }: Outcome): Answer {
  return { action: decision.action, disposition: decision.disposition }
}
