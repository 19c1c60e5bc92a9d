import { z } from 'zod'
import { Action, Ceiling, Disposition, Target } from './action.ts'
import { Instant } from './time.ts'

/** What one gate rule said about one action. `pass` limits nothing, `limit` lowers the ceiling, `block` forbids, `info` only tells. */
export const Reason = z.object({
  rule: z.string().min(1),
  /** The action it speaks about; null when it speaks about the decision as a whole. */
  action: Action.nullable(),
  ceiling: Ceiling,
  outcome: z.enum(['pass', 'limit', 'block', 'info']),
  /** One sentence with the values that the rule saw. */
  detail: z.string(),
})
export type Reason = z.infer<typeof Reason>

/** One action with one disposition, what was blocked on the way, and every reason. */
export const Decision = z.object({
  action: Action,
  disposition: Disposition,
  target: Target.nullable(),
  /** Hash of the plan that would run; null when the action needs none. */
  planHash: z.string().nullable(),
  /** What was recommended or considered first and not permitted, with the rules that stood in the way. */
  blocked: z.array(z.object({ action: Action, rules: z.array(z.string()) })),
  reasons: z.array(Reason),
  decidedAt: Instant,
  snapshotHash: z.string(),
  factsHash: z.string(),
  policyHash: z.string(),
  /** When a person is asked: the answer is "no" from then on. */
  expiresAt: Instant.nullable(),
})
export type Decision = z.infer<typeof Decision>

/** A rule's word about several actions at once. */
export interface GroupedReason {
  readonly reason: Reason
  readonly actions: readonly string[]
}

const OUTCOME_ORDER = ['block', 'limit', 'info', 'pass'] as const
const LEVER_COUNT = 4

/** Reasons for people: what stands in the way first, and a rule that says the same of several actions once. */
export function groupReasons(reasons: readonly Reason[]): GroupedReason[] {
  const groups = new Map<string, { reason: Reason; actions: string[] }>()
  for (const reason of reasons) {
    const key = JSON.stringify([reason.outcome, reason.rule, reason.ceiling, reason.detail])
    const group = groups.get(key) ?? { reason, actions: [] }
    group.actions.push(reason.action ?? 'all')
    groups.set(key, group)
  }
  const rank = ({ reason }: GroupedReason) => OUTCOME_ORDER.indexOf(reason.outcome)
  return [...groups.values()]
    .map(({ reason, actions }) => ({ reason, actions: actions.length === LEVER_COUNT ? ['every lever'] : actions }))
    .sort((a, b) => rank(a) - rank(b))
}
