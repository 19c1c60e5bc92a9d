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
