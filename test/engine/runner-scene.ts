import type { PlacedStage, StagePorts } from '../../actions/index.ts'
import type { PlanBook } from '../../agent/engine/plan-book.ts'
import type { RunnerDeps } from '../../agent/engine/runner.ts'
import { systemClock } from '../../agent/lib/clock.ts'
import type { Store } from '../../agent/store/store.ts'
import { outageLook, planOf, refusing } from './run-scene.ts'
import { bookOf, entryOf, SHOP } from './scene.ts'

/** A book with one plan of the given stages, under the hash that the test's runs are bound to. */
export function planBookOf(stages: readonly PlacedStage[], hash = 'plan-1', plan = planOf()): PlanBook {
  const loaded = { plan, hash, stages }
  return {
    byName: (name) => (name === plan.name ? loaded : undefined),
    byHash: (wanted) => (wanted === hash ? loaded : undefined),
    all: () => [loaded],
  }
}

/** A runner over the shop; rehearsals need no decision, and a live run brings its own. */
export function runnerDepsOf(
  store: Store,
  stages: readonly PlacedStage[],
  changes: Partial<RunnerDeps> = {},
): RunnerDeps {
  const ports: StagePorts = { read: refusing(), write: refusing() }
  return {
    agentId: 'agent-a',
    store,
    services: bookOf(entryOf({ service: SHOP })),
    plans: planBookOf(stages),
    ports,
    clock: systemClock,
    mask: async (text) => text,
    channels: ['chat'],
    lookAt: async () => outageLook(),
    measureLoss: async () => null,
    mode: 'live',
    maximumRunning: () => 5,
    pollMs: 50,
    onError: () => undefined,
    ...changes,
  }
}
