import type { HealthScoreOptions } from '../agent/domain/health-score.ts'
import { BASELINES, baselineDecider } from './baseline-deciders.ts'
import { type CaseResult, resultOf } from './result.ts'
import type { Study } from './study.ts'
import { type Summary, summarise } from './summary.ts'

/** What a habit would have decided on the same cases, and how that scores. */
export interface BaselineRow {
  readonly name: string
  readonly summary: Summary
}

/** Lets every baseline decide on the same snapshots. */
export function baselineStudy(options: HealthScoreOptions): Study & {
  readonly results: ReadonlyMap<string, readonly CaseResult[]>
  rows(): BaselineRow[]
} {
  const deciders = BASELINES.map((name) => baselineDecider(name, options))
  const results = new Map<string, CaseResult[]>(BASELINES.map((name) => [name, []]))
  return {
    results,
    observe: async (one, snapshot, _outcome, abort) => {
      for (const decider of deciders) {
        const outcome = await decider.decide(snapshot, abort)
        results.get(decider.name)?.push(resultOf(one, 0, outcome, 0))
      }
    },
    rows: () => [...results].map(([name, list]) => ({ name, summary: summarise(byId(list)) })),
  }
}

/** Cases finish in any order; figures that are resampled must not depend on it. */
export function byId<T extends { readonly id: string; readonly repetition: number }>(results: readonly T[]): T[] {
  return results.toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : a.repetition - b.repetition))
}
