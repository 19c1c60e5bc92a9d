import type { Rule } from './rule.ts'
import { agentStateRules } from './rules/agent-state.ts'
import { changeRules } from './rules/change.ts'
import { costRules } from './rules/cost.ts'
import { evidenceRules } from './rules/evidence.ts'
import { opinionRules } from './rules/opinion.ts'
import { placeRules } from './rules/place.ts'
import { targetRules } from './rules/target.ts'
import { userRules } from './rules/users.ts'

/** Every rule of the gate. All of them run on every decision, in this order. */
export const RULES: readonly Rule[] = [
  ...agentStateRules,
  ...opinionRules,
  ...userRules,
  ...evidenceRules,
  ...changeRules,
  ...placeRules,
  ...targetRules,
  ...costRules,
]
