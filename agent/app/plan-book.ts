import { stagesOf } from '../../actions/index.ts'
import { type Plan, planHash } from '../domain/plan.ts'
import type { LoadedPlan, PlanBook } from '../engine/plan-book.ts'

/** The configuration's plans, with their stages built. */
export function planBook(plans: readonly Plan[]): PlanBook {
  const loaded = plans.map((plan): LoadedPlan => ({ plan, hash: planHash(plan), stages: stagesOf(plan) }))
  return {
    byName: (name) => loaded.find(({ plan }) => plan.name === name),
    byHash: (hash) => loaded.find((one) => one.hash === hash),
    all: () => loaded,
  }
}
