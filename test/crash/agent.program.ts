import { announce, startLife } from '../../agent/engine/life.ts'
import { startRunner } from '../../agent/engine/runner.ts'
import { systemClock } from '../../agent/lib/clock.ts'
import { openStore, StoreOptions } from '../../agent/store/open-store.ts'
import { runnerDepsOf } from '../engine/runner-scene.ts'
import { fileWorld, type Scenario, stagesOfScenario } from './file-world.ts'

/**
 * An agent in a process of its own. It kills itself without warning after its nth journal line or right after its nth effect, or stops (as a machine that
 * hangs does) right before its nth effect.
 */
const [databaseUrl, agentId, worldPath, scenario, death = 'never', at = '0'] = process.argv.slice(2)
if (!databaseUrl || !agentId || !worldPath || !scenario) throw new Error('usage: URL AGENT WORLD SCENARIO [DEATH N]')

const counts = { line: 0, effect: 0, before: 0 }
const dieAt = (what: keyof typeof counts) => {
  counts[what] += 1
  if (death === what && counts[what] === Number(at))
    process.kill(process.pid, what === 'before' ? 'SIGSTOP' : 'SIGKILL')
}
const world = fileWorld(worldPath)
const store = await openStore({
  databaseUrl,
  clock: systemClock,
  options: StoreOptions.parse({ maximumConnections: 4 }),
  anchors: [],
  onAnchorFailure: () => {},
  applicationName: agentId,
})
const life = {
  ...{ store, clock: systemClock, self: { id: agentId, host: 'test', pid: process.pid, version: '0' } },
  // The tests kill a process before they start the next one under its name.
  isGone: async () => true,
  onBuried: () => {},
  onTakenForDead: () => {},
  onError: () => {},
}
const times = { heartbeatMs: 200, deadAfterMs: 1500 }
await announce(life, times)
startLife(life, times)
const hooks = { beforeEffect: () => dieAt('before'), afterEffect: () => dieAt('effect') }
const runner = startRunner(
  runnerDepsOf(store, stagesOfScenario(scenario as Scenario, world, hooks), {
    agentId,
    onEntry: () => dieAt('line'),
  }),
  50,
)
process.on('SIGTERM', () => void runner.stop().then(() => process.exit(0)))
