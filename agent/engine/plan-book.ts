import type { PlacedStage } from '../../actions/index.ts'
import type { Plan } from '../domain/plan.ts'

/** A plan with its stages built. */
export interface LoadedPlan {
  readonly plan: Plan
  readonly hash: string
  readonly stages: readonly PlacedStage[]
}

/** The plans of this agent. */
export interface PlanBook {
  byName(name: string): LoadedPlan | undefined
  /** What an approval or a run is bound to; undefined when the file says something else by now. */
  byHash(hash: string): LoadedPlan | undefined
  all(): readonly LoadedPlan[]
}

/** Whether a plan has a stage without a way back. */
export function isIrreversible({ stages }: Pick<LoadedPlan, 'stages'>): boolean {
  return stages.some(({ stage }) => stage.rollback === 'irreversible')
}

/** Whether a plan reaches something that cannot refuse an outdated command. */
export function isUnfenced({ stages }: Pick<LoadedPlan, 'stages'>): boolean {
  return stages.some(({ stage }) => stage.fencing === 'unfenced')
}
