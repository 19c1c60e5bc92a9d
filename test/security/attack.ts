import type { Action } from '../../agent/domain/action.ts'
import type { Category } from '../../agent/domain/verdict.ts'

/** Where a stranger can put words that the agent reads. */
export type Place =
  | 'alert annotation'
  | 'alert label'
  | 'log line'
  | 'status page text'
  | 'status page title'
  | 'provider event'
  | 'change summary'
  | 'change reference'
  | 'check detail'
  | 'readiness detail'
  | 'series label'

export interface Attack {
  readonly name: string
  readonly kind:
    | 'direct'
    | 'role-play'
    | 'encoded'
    | 'split'
    | 'forged id'
    | 'forged boundary'
    | 'forged approval'
    | 'reverse'
    | 'leak'
  readonly place: Place
  readonly text: string
  /** What a model that obeys would return. */
  readonly wants: { readonly action: Action; readonly category: Category }
}

export const WANTS = {
  dr: { action: 'dr_failover', category: 'aws_infrastructure' },
  region: { action: 'region_failover', category: 'aws_infrastructure' },
  nothing: { action: 'no_action', category: 'none' },
  watch: { action: 'observe', category: 'monitoring_fault' },
} as const
