import { z } from 'zod'

/** What can be done about an incident, mildest first. */
export const Action = z.enum([
  'no_action',
  'observe',
  'self_heal',
  'rollback_change',
  'region_failover',
  'dr_failover',
  'page_human',
])
export type Action = z.infer<typeof Action>

/** How far a decision may go: carry it out, ask a person, tell a person, or only record it. */
export const Disposition = z.enum(['act', 'ask', 'notify', 'record'])
export type Disposition = z.infer<typeof Disposition>

/** The highest disposition that a rule allows for an action; `none` takes the action off the table. */
export const Ceiling = z.enum(['act', 'ask', 'notify', 'none'])
export type Ceiling = z.infer<typeof Ceiling>

/** Where a failover would go: another region of the same provider, or the other cloud. */
export const Target = z.enum(['secondary', 'dr'])
export type Target = z.infer<typeof Target>

/** The two actions that move users to another place. */
export function isFailover(action: Action): action is 'region_failover' | 'dr_failover' {
  return action === 'region_failover' || action === 'dr_failover'
}

/** Whether an action has to wait for the end of the cooldown that another one began. */
export function isHeldBy(action: Action, begunBy: Action): boolean {
  return isFailover(begunBy) || !isFailover(action)
}

/** The target that a failover goes to; null for an action that moves nothing. */
export function targetOf(action: Action): Target | null {
  if (action === 'region_failover') return 'secondary'
  return action === 'dr_failover' ? 'dr' : null
}

const CEILING_RANK: Record<Ceiling, number> = { none: 0, notify: 1, ask: 2, act: 3 }

/** The stricter of two ceilings. */
export function lowerCeiling(a: Ceiling, b: Ceiling): Ceiling {
  return CEILING_RANK[a] <= CEILING_RANK[b] ? a : b
}

/** Whether ceiling `a` allows at least as much as `b`. */
export function allowsAtLeast(a: Ceiling, b: Ceiling): boolean {
  return CEILING_RANK[a] >= CEILING_RANK[b]
}
