import { describe, expect, it } from 'vitest'
import { agentSelf, alertOf, claimed, decisionOf, OTHERS_LIVE, QUESTION } from './samples.ts'
import { testServer } from './test-database.ts'

const server = testServer()

const NOTHING = {
  openIncidents: 0,
  dueAssessments: 0,
  oldestDueSeconds: 0,
  undecidedIncidents: 0,
  oldestUndecidedSeconds: 0,
  waitingNotifications: 0,
  oldestNotificationSeconds: 0,
  undeliveredNotifications: 0,
  pendingApprovals: 0,
  oldestApprovalSeconds: 0,
  activeRuns: 0,
  liveAgents: 0,
  auditHead: 0,
  servicesByLevel: {},
}

const messageOn = (channel: string, id = 'page-1') => ({
  dedupeKey: `${id}:${channel}`,
  channel,
  payload: { notification: { id }, fallbacks: [] },
  incidentId: null,
})

describe('queues', () => {
  it('are empty in an empty store', async () => {
    const test = await server.open()
    expect(await test.store.maintenance.queues()).toEqual(NOTHING)
  })

  it('tell how long the oldest due assessment has waited, until somebody takes it', async () => {
    const test = await server.open()
    await test.store.incidents.ingestAlerts([alertOf('checkout')], test.at())
    test.clock.advance(40_000)
    await test.store.incidents.ingestAlerts([alertOf('search')], test.at())
    test.clock.advance(5000)
    const waiting = await test.store.maintenance.queues()
    expect(waiting).toMatchObject({ openIncidents: 2, dueAssessments: 2, undecidedIncidents: 2 })
    expect(waiting.oldestDueSeconds).toBeCloseTo(45, 3)
    expect(waiting.oldestUndecidedSeconds).toBeCloseTo(45, 3)
    await test.store.incidents.claimAssessment('agent-a', 60_000)
    const taken = await test.store.maintenance.queues()
    expect(taken).toMatchObject({ dueAssessments: 1, undecidedIncidents: 2 })
    expect(taken.oldestDueSeconds).toBeCloseTo(5, 3)
  })

  it('count questions that wait, the audit head, live agents and services by level', async () => {
    const test = await server.open()
    const decision = { action: 'region_failover', disposition: 'ask', target: 'secondary', planHash: 'plan-1' } as const
    const claim = await claimed(test)
    await test.store.decisions.record(decisionOf(test, claim, { mode: 'live', approval: QUESTION, decision }))
    await test.store.agents.register(agentSelf('agent-a'), OTHERS_LIVE)
    const score = { scope: 'checkout', score: 5, maximum: 22, level: 'self_heal' as const, unknownWeight: 0 }
    await test.store.scores.append([{ ...score, at: test.at(), contributions: [] }])
    test.clock.advance(90_000)
    const queues = await test.store.maintenance.queues()
    expect(queues).toMatchObject({ pendingApprovals: 1, liveAgents: 1, undecidedIncidents: 0 })
    expect(queues.oldestApprovalSeconds).toBeCloseTo(90, 3)
    expect(queues.auditHead).toBe((await test.store.audit.head())?.seq)
    expect(queues.servicesByLevel).toEqual({ self_heal: 1 })
  })

  it('call a message undelivered only when no channel is left that has it or tries it', async () => {
    const test = await server.open()
    const { outbox, maintenance } = test.store
    await outbox.enqueue(messageOn('pagerduty'))
    test.clock.advance(10_000)
    expect(await maintenance.queues()).toMatchObject({ waitingNotifications: 1, undeliveredNotifications: 0 })
    expect((await maintenance.queues()).oldestNotificationSeconds).toBeCloseTo(10, 3)
    const [first] = await outbox.claim(1, 60_000)
    await outbox.enqueue(messageOn('mail'))
    await outbox.markFailed(first!.id, 'refused', null)
    expect(await maintenance.queues()).toMatchObject({ waitingNotifications: 1, undeliveredNotifications: 0 })
    const [second] = await outbox.claim(1, 60_000)
    await outbox.markFailed(second!.id, 'refused', null)
    expect(await maintenance.queues()).toMatchObject({ waitingNotifications: 0, undeliveredNotifications: 1 })
    test.clock.advance(25 * 3_600_000)
    expect(await maintenance.queues()).toMatchObject({ undeliveredNotifications: 0 })
  })
})
