import { deriveFacts } from '../agent/domain/facts.ts'
import { type HealthScoreOptions, scoreHealth } from '../agent/domain/health-score.ts'
import { judge } from '../agent/engine/judge.ts'
import type { Analyst } from '../agent/llm/analyst.ts'
import { decideUnhashed } from '../agent/policy/gate.ts'
import { quietState } from '../agent/policy/input.ts'
import { type Policy, policyHash } from '../agent/policy/policy.ts'
import type { Decider } from './decider.ts'

export interface ProductionParts {
  readonly analyst: Analyst
  readonly policy: Policy
  readonly healthScore: HealthScoreOptions
  readonly promptHash: string | null
  /** Whether the analyst gives the same answer for nothing, as `rules` does. */
  readonly isFree: boolean
}

/**
 * The path that a live incident takes, from the snapshot on: nothing here exists for evaluations alone. A recorded incident has no agent
 * state of its own, so nothing is frozen, cooling or running, and there are plans and approvers.
 */
export function productionDecider(parts: ProductionParts): Decider {
  const { analyst, policy, healthScore, promptHash, isFree } = parts
  const state = quietState()
  return {
    name: analyst.id,
    isFree,
    policyHash: policyHash(policy),
    promptHash,
    decide: (snapshot, abort) =>
      judge(snapshot, { analyst, policy, healthScore, anomaly: null, state, now: snapshot.takenAt, abort }),
    probe: async (snapshot, abort) => {
      const facts = deriveFacts(snapshot)
      const opinion = await analyst.assess(snapshot, facts, abort)
      const score = scoreHealth(snapshot.evidence, healthScore)
      const input = { snapshot, facts, healthScore: score, anomaly: null, opinion, state, now: snapshot.takenAt }
      return decideUnhashed(input, policy)
    },
  }
}
