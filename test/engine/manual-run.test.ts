import { describe, expect, it } from 'vitest'
import { deriveFacts } from '../../agent/domain/facts.ts'
import { HealthScoreOptions } from '../../agent/domain/health-score.ts'
import { type ManualRunDeps, type ManualRunOrder, requestManualRun } from '../../agent/engine/manual-run.ts'
import { Policy } from '../../agent/policy/policy.ts'
import { RULES } from '../../agent/policy/rules.ts'
import { clearOutage } from '../policy/inputs.ts'
import { ALICE } from '../store/samples.ts'
import { type TestStore, testServer } from '../store/test-database.ts'
import { newWorld, planOf, stageOn } from './run-scene.ts'
import { planBookOf } from './runner-scene.ts'
import { bookOf, entryOf } from './scene.ts'

const server = testServer()

function order(changes: Partial<ManualRunOrder> = {}): ManualRunOrder {
  const [plan] = planBookOf([stageOn(newWorld(), 'a')]).all()
  return {
    ...{ entry: entryOf(), plan: plan!, snapshot: clearOutage(), by: ALICE, isDryRun: false },
    acceptedDataLossSeconds: null,
    ...changes,
  }
}

function deps(test: TestStore): ManualRunDeps {
  test.clock.set(clearOutage().takenAt)
  let made = 0
  return {
    ...{ store: test.store, services: bookOf(entryOf()), mode: 'live', healthScore: HealthScoreOptions.parse({}) },
    policy: { policy: Policy.parse({ version: 1 }), text: 'version: 1\n' },
    isolation: { recoverySiteReachable: true, neutralAnchorReachable: true },
    newId: (kind) => `${kind}_${++made}`,
  }
}

/** The clear outage whose targets lag by so much; null stands for nobody knowing. */
function lagging(seconds: number | null) {
  const snapshot = clearOutage()
  const evidence = snapshot.evidence.map((piece) => ({
    ...piece,
    signals: piece.signals.map((signal) =>
      signal.kind === 'readiness' ? { ...signal, replicationLagSeconds: seconds } : signal,
    ),
  }))
  return { ...snapshot, evidence }
}

describe('a run that a person asks for', () => {
  it('is requested with a decision on record that says who, on which facts, and what every rule said', async () => {
    const test = await server.open()
    const outcome = await requestManualRun(order(), deps(test))
    if (outcome.outcome !== 'requested') throw new Error(outcome.why)
    expect(outcome.run).toMatchObject({ requestedBy: 'alice', target: 'secondary', planHash: 'plan-1' })
    const record = await test.store.decisions.get(outcome.run.decisionId ?? '')
    expect(record?.facts).toEqual(JSON.parse(JSON.stringify(deriveFacts(clearOutage()))))
    expect(record?.decision.reasons.map(({ rule }) => rule)).toContain('target.lag')
    const [made] = await test.store.audit.list({ kinds: ['decision_made'] })
    expect(made?.entry.actor).toEqual(ALICE)
  })

  it('is refused where the target would lose more than the objective, unless the person accepts as much', async () => {
    const test = await server.open()
    const snapshot = lagging(5000)
    const refused = await requestManualRun(order({ snapshot }), deps(test))
    expect(refused).toMatchObject({ outcome: 'refused', why: expect.stringContaining('target.lag') })
    const tooLittle = await requestManualRun(order({ snapshot, acceptedDataLossSeconds: 60 }), deps(test))
    expect(tooLittle.outcome).toBe('refused')
    const accepted = await requestManualRun(order({ snapshot, acceptedDataLossSeconds: 6000 }), deps(test))
    expect(accepted).toMatchObject({ outcome: 'requested', run: { dataLossConsentSeconds: 6000 } })
  })

  it('is refused where nobody knows what would be lost, whatever the person accepts', async () => {
    const test = await server.open()
    const wanted = order({ snapshot: lagging(null), acceptedDataLossSeconds: 1e9 })
    expect(await requestManualRun(wanted, deps(test))).toMatchObject({ outcome: 'refused' })
  })

  it('is refused under a freeze, and a rehearsal is told so by the store', async () => {
    const test = await server.open()
    const parts = deps(test)
    await test.store.freezes.set({ service: null, kind: 'freeze', reason: 'x', by: ALICE, until: null })
    const outcome = await requestManualRun(order(), parts)
    expect(outcome).toMatchObject({ outcome: 'refused', why: expect.stringContaining('state.kill-switch') })
    expect(await test.store.runs.list()).toEqual([])
  })

  it('as a rehearsal is told what would stand in the way, and goes on', async () => {
    const test = await server.open()
    const outcome = await requestManualRun(order({ snapshot: lagging(5000), isDryRun: true }), deps(test))
    if (outcome.outcome !== 'requested') throw new Error(outcome.why)
    expect(outcome.reasons.map(({ rule }) => rule)).toEqual(['target.lag'])
    expect(outcome.run.isDryRun).toBe(true)
  })

  it('home is not judged by the readiness of the place that it leaves', async () => {
    const test = await server.open()
    const [back] = planBookOf([stageOn(newWorld(), 'a')], 'plan-1', planOf({ direction: 'back' })).all()
    const outcome = await requestManualRun(order({ plan: back!, snapshot: lagging(null) }), deps(test))
    expect(outcome).toMatchObject({ outcome: 'requested', run: { target: null } })
  })
})

it('the rules about safety read the world and the agent, and no opinion', () => {
  const safety = RULES.filter(({ id }) => /^(state\.|plan\.|evidence\.|target\.|place\.event-at-target$)/.test(id))
  expect(safety.length).toBeGreaterThan(15)
  for (const { id, reads } of safety)
    for (const field of reads) expect(`${id} ${field}`).toMatch(/ (state|facts|snapshot|policy|now)\b/)
})
