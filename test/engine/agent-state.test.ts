import { describe, expect, it } from 'vitest'
import { groupOf } from '../../agent/domain/service.ts'
import { agentStateFor } from '../../agent/engine/agent-state.ts'
import { AGENT, ALICE } from '../store/samples.ts'
import { type TestStore, testServer } from '../store/test-database.ts'
import { bookOf, entryOf, SHOP } from './scene.ts'

const server = testServer()

type Ending = 'succeeded' | 'rolled_back' | 'rollback_failed'

/** A run of the shop that came to an end. */
async function ran(test: TestStore, action: 'self_heal' | 'region_failover', ending: Ending): Promise<string> {
  const requested = await test.store.runs.request({
    ...{ service: SHOP.name, group: groupOf(SHOP), action, target: action === 'self_heal' ? null : 'secondary' },
    ...{ planHash: 'plan-1', factsHash: null, incidentId: null, decisionId: null, by: ALICE },
    ...{ startBefore: test.at(60_000), cooldownSeconds: 3600, isDryRun: false, dataLossConsentSeconds: null },
  })
  if (!('run' in requested)) throw new Error(requested.refused)
  const { id, generation } = (await test.store.runs.start('agent-a', { maximumRunning: 1 }))!
  const go = (from: 'running' | 'rolling_back', to: Ending | 'rolling_back') =>
    test.store.runs.change({ runId: id, from, to, generation, actor: AGENT, detail: '' })
  if (ending !== 'succeeded') await go('running', 'rolling_back')
  await go(ending === 'succeeded' ? 'running' : 'rolling_back', ending)
  return id
}

async function stateOf(test: TestStore) {
  const entry = entryOf()
  return agentStateFor(entry, {
    ...{ store: test.store, mode: 'live', services: bookOf(entry), nowMs: test.clock.now() },
    isolation: () => ({ recoverySiteReachable: true, neutralAnchorReachable: true }),
  })
}

describe('what the agent brings to a decision', () => {
  it('names what began the cooldown', async () => {
    const test = await server.open()
    expect(await stateOf(test)).toMatchObject({ cooldownUntil: null, cooldownAfter: null })
    await ran(test, 'self_heal', 'succeeded')
    expect(await stateOf(test)).toMatchObject({ cooldownUntil: test.at(3_600_000), cooldownAfter: 'self_heal' })
  })

  it('remembers a run that could not be undone until a later one succeeds', async () => {
    const test = await server.open()
    const stuck = await ran(test, 'region_failover', 'rollback_failed')
    test.clock.advance(3_600_000)
    expect(await stateOf(test)).toMatchObject({ halfMoved: stuck, cooldownUntil: null })
    await ran(test, 'region_failover', 'rolled_back')
    test.clock.advance(3_600_000)
    expect(await stateOf(test)).toMatchObject({ halfMoved: stuck })
    await ran(test, 'region_failover', 'succeeded')
    expect(await stateOf(test)).toMatchObject({ halfMoved: null })
  })
})
