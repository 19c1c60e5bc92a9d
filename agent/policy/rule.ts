import type { Action, Ceiling } from '../domain/action.ts'
import type { GateInput } from './input.ts'
import type { Policy } from './policy.ts'

/** What a rule says about one action, or about the decision as a whole (`action` null, then it only tells). */
export interface Finding {
  readonly action: Action | null
  readonly ceiling: Ceiling
  readonly detail: string
}

/** One reason to permit less. A rule can only lower what an action may do; none of them can raise it. */
export interface Rule {
  readonly id: string
  /** The promise that it keeps; null for one of judgement. */
  readonly promise: number | null
  /** What it is for, as people read it. */
  readonly about: string
  /** Every field that it looks at; nothing else may change what it says. */
  readonly reads: readonly string[]
  apply(input: GateInput, policy: Policy): Finding[]
}

export type Lever = 'self_heal' | 'rollback_change' | 'region_failover' | 'dr_failover'
export type Failover = 'region_failover' | 'dr_failover'

/** The actions that change something. */
export const LEVERS: readonly Lever[] = ['self_heal', 'rollback_change', 'region_failover', 'dr_failover']
export const FAILOVERS: readonly Failover[] = ['region_failover', 'dr_failover']

/** The same finding for several actions. */
export function same(actions: readonly Action[], ceiling: Ceiling, detail: string): Finding[] {
  return actions.map((action) => ({ action, ceiling, detail }))
}

/** A duration as people say it. */
export function minutesText(minutes: number | null): string {
  if (minutes === null) return 'unknown time'
  return minutes < 2 ? `${Math.round(minutes * 60)} s` : `${Math.round(minutes)} min`
}
