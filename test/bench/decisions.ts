import { HealthScoreOptions } from '../../agent/domain/health-score.ts'
import type { Snapshot } from '../../agent/domain/snapshot.ts'
import { judge } from '../../agent/engine/judge.ts'
import { rulesAnalyst } from '../../agent/llm/rules.ts'
import { quietState } from '../../agent/policy/input.ts'
import { loadRecordedIncidents } from '../../evals/recorded-incident.ts'
import { snapshotOf } from '../../evals/recorded-snapshot.ts'
import { type Figure, figureOf, oneFigure } from './figures.ts'
import { benchPolicy, INCIDENTS } from './overhead.ts'

const BUDGET_SECONDS = 5

/** Decisions per second over the recorded incidents, from the snapshot on, with the rules: what replaying and tuning a policy costs. */
export async function benchDecisions(rounds: number): Promise<Figure[]> {
  const snapshots: Snapshot[] = []
  for (const incident of await loadRecordedIncidents(INCIDENTS)) snapshots.push(await snapshotOf(incident))
  const analyst = rulesAnalyst()
  const policy = benchPolicy()
  const abort = new AbortController().signal
  const healthScore = HealthScoreOptions.parse({})
  const times: number[] = []
  let seconds = 0
  for (let round = 0; round <= rounds && seconds < BUDGET_SECONDS; round += 1)
    for (const snapshot of snapshots) {
      const startedAt = performance.now()
      await judge(snapshot, {
        ...{ analyst, policy, healthScore, anomaly: null, state: quietState(), now: snapshot.takenAt, abort },
      })
      if (round === 0) continue
      times.push(performance.now() - startedAt)
      seconds += times.at(-1)! / 1000
    }
  return [
    figureOf('one decision from a recorded snapshot', times, 'ms'),
    oneFigure('decisions offline', times.length / seconds, 'per second'),
  ]
}
