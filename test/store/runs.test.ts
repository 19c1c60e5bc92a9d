import { describe, expect, it } from 'vitest'
import type { ManualRun } from '../../agent/store/store.ts'
import { AGENT, ALICE, claimed, decisionOf } from './samples.ts'
import { type TestStore, testServer } from './test-database.ts'

const server = testServer()

function wanted(test: TestStore, group = 'checkout', changes: Partial<ManualRun> = {}): ManualRun {
  return {
    service: group,
    group,
    action: 'region_failover',
    target: 'secondary',
    planHash: 'plan-1',
    factsHash: null,
    incidentId: null,
    decisionId: null,
    by: ALICE,
    startBefore: test.at(60_000),
    cooldownSeconds: 3600,
    isDryRun: false,
    dataLossConsentSeconds: null,
    ...changes,
  }
}

describe('a run', () => {
  it('is the only one of its group, also when two are asked for at once', async () => {
    const test = await server.open()
    const outcomes = await Promise.all([test.store.runs.request(wanted(test)), test.store.runs.request(wanted(test))])
    expect(outcomes.filter((one) => 'run' in one)).toHaveLength(1)
    expect(outcomes.filter((one) => 'refused' in one)).toEqual([{ refused: 'group_busy' }])
    expect(await test.store.runs.request(wanted(test, 'search'))).toMatchObject({ run: { group: 'search' } })
  })

  it('starts once, raises the generation and begins a cooldown that its crash does not erase', async () => {
    const test = await server.open()
    await test.store.runs.request(wanted(test))
    const started = await Promise.all([
      test.store.runs.start('agent-a', { maximumRunning: 5 }),
      test.store.runs.start('agent-b', { maximumRunning: 5 }),
    ])
    expect(started.filter(Boolean)).toMatchObject([{ state: 'running', generation: 1 }])
    expect(await test.store.runs.cooldown('checkout')).toMatchObject({ until: test.at(3_600_000) })
    expect(await test.store.runs.generation('checkout')).toBe(1)
  })

  it('waits while as many run as the cap allows', async () => {
    const test = await server.open()
    await test.store.runs.request(wanted(test, 'a'))
    await test.store.runs.request(wanted(test, 'b'))
    const both = await Promise.all([1, 2].map(() => test.store.runs.start('agent-a', { maximumRunning: 1 })))
    expect(both.filter(Boolean)).toHaveLength(1)
  })

  it('frozen after it was asked for does not start, and lapses to no', async () => {
    const test = await server.open()
    await test.store.runs.request(wanted(test))
    await test.store.freezes.set({ service: 'checkout', kind: 'freeze', reason: 'wait', by: ALICE, until: null })
    expect(await test.store.runs.start('agent-a', { maximumRunning: 1 })).toBeNull()
    test.clock.advance(60_000)
    expect(await test.store.runs.expire()).toMatchObject([{ state: 'cancelled' }])
    await test.store.freezes.lift('checkout', ALICE, 'go')
    expect(await test.store.runs.start('agent-a', { maximumRunning: 1 })).toBeNull()
  })

  it('cools its group down from its end, until that is over or a named person ends it', async () => {
    const test = await server.open()
    await test.store.runs.request(wanted(test))
    const run = (await test.store.runs.start('agent-a', { maximumRunning: 1 }))!
    test.clock.advance(1_800_000)
    const ending = { runId: run.id, from: 'running', to: 'succeeded', generation: 1, actor: AGENT, detail: '' } as const
    await test.store.runs.change(ending)
    test.clock.advance(3_500_000)
    expect(await test.store.runs.request(wanted(test))).toEqual({ refused: 'cooldown' })
    expect(await test.store.runs.request(wanted(test, 'checkout', { isDryRun: true }))).toMatchObject({
      run: { isDryRun: true },
    })
    const rehearsal = (await test.store.runs.start('agent-a', { maximumRunning: 1 }))!
    await test.store.runs.change({ ...ending, runId: rehearsal.id, generation: rehearsal.generation })
    await expect(test.store.runs.endCooldown('checkout', AGENT, 'impatient')).rejects.toMatchObject({
      code: 'forbidden',
    })
    await test.store.runs.endCooldown('checkout', ALICE, 'the secondary fails too')
    expect(await test.store.runs.request(wanted(test))).toMatchObject({ run: { state: 'pending' } })
    expect((await test.store.audit.list({ kinds: ['cooldown_ended'] }))[0]!.entry.actor.id).toBe('alice')
  })

  it('that was no failover holds its like back, and no failover', async () => {
    const test = await server.open()
    const heal = { action: 'self_heal', target: null } as const
    await test.store.runs.request(wanted(test, 'checkout', heal))
    const run = (await test.store.runs.start('agent-a', { maximumRunning: 1 }))!
    await test.store.runs.change({
      ...{ runId: run.id, from: 'running', to: 'succeeded', generation: 1, actor: AGENT, detail: '' },
    })
    expect(await test.store.runs.cooldown('checkout')).toMatchObject({ after: 'self_heal' })
    expect(await test.store.runs.request(wanted(test, 'checkout', heal))).toEqual({ refused: 'cooldown' })
    expect(await test.store.runs.request(wanted(test))).toMatchObject({ run: { state: 'pending' } })
    expect(await test.store.runs.start('agent-a', { maximumRunning: 1 })).toMatchObject({ action: 'region_failover' })
    expect(await test.store.runs.cooldown('checkout')).toMatchObject({ after: 'region_failover' })
  })

  it('taken over gets a new generation, and the old one may no longer write', async () => {
    const test = await server.open()
    await test.store.runs.request(wanted(test))
    const run = (await test.store.runs.start('agent-a', { maximumRunning: 1 }))!
    const line = { runId: run.id, stage: 'promote', kind: 'intent', detail: '', data: { lsn: '0/1' } } as const
    expect(await test.store.runs.journal({ ...line, generation: 1 })).toMatchObject({ seq: 1 })
    const taken = await Promise.all(
      ['agent-b', 'agent-c'].map((agent) => test.store.runs.takeOver(run.id, 'agent-a', agent)),
    )
    expect(taken.filter(Boolean)).toMatchObject([{ generation: 2 }])
    await expect(test.store.runs.journal({ ...line, generation: 1 })).rejects.toMatchObject({ code: 'conflict' })
    await expect(
      test.store.runs.change({
        runId: run.id,
        from: 'running',
        to: 'succeeded',
        generation: 1,
        actor: AGENT,
        detail: '',
      }),
    ).rejects.toMatchObject({ code: 'conflict' })
    await test.store.runs.journal({ ...line, kind: 'applied', generation: 2 })
    expect((await test.store.runs.journalOf(run.id)).map((one) => [one.seq, one.kind, one.data])).toEqual([
      [1, 'intent', { lsn: '0/1' }],
      [2, 'applied', { lsn: '0/1' }],
    ])
  })

  it('that acts by decision moves its incident on, and its end asks for another look', async () => {
    const test = await server.open()
    const claim = await claimed(test)
    const decision = { action: 'region_failover', disposition: 'act', target: 'secondary', planHash: 'plan-1' } as const
    const run = { startBefore: test.at(60_000), cooldownSeconds: 60, isDryRun: false }
    const recorded = await test.store.decisions.record(decisionOf(test, claim, { decision, run }))
    expect(recorded.runId).not.toBeNull()
    expect((await test.store.incidents.get(claim.incidentId))?.state).toBe('executing')
    expect(await test.store.incidents.claimAssessment('agent-a', 1000)).toBeNull()
    await test.store.runs.start('agent-a', { maximumRunning: 1 })
    const ending = {
      runId: recorded.runId!,
      from: 'running',
      to: 'succeeded',
      generation: 1,
      actor: AGENT,
      detail: 'ok',
    } as const
    await test.store.runs.change(ending)
    expect(await test.store.incidents.get(claim.incidentId)).toMatchObject({
      state: 'mitigated',
      nextAssessmentAt: test.at(),
    })
    await expect(test.store.runs.change(ending)).rejects.toMatchObject({ code: 'conflict' })
    expect(await test.store.audit.verify(test.anchors)).toMatchObject({ ok: true })
  })

  it('refused by a busy group leaves the decision on record with the reason, and is looked at again at once', async () => {
    const test = await server.open()
    await test.store.runs.request(wanted(test))
    const decision = { action: 'region_failover', disposition: 'act', target: 'secondary', planHash: 'plan-1' } as const
    const run = { startBefore: test.at(60_000), cooldownSeconds: 60, isDryRun: false }
    const claim = await claimed(test)
    const recorded = await test.store.decisions.record(decisionOf(test, claim, { decision, run }))
    expect(recorded).toMatchObject({ runId: null, runRefused: 'group_busy' })
    expect(await test.store.decisions.list()).toHaveLength(1)
    expect(await test.store.incidents.get(claim.incidentId)).toMatchObject({ nextAssessmentAt: test.at(5000) })
  })
})
