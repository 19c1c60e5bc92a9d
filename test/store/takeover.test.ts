import { describe, expect, it } from 'vitest'
import { agentSelf, alertOf, claimed, decisionOf, OTHERS_LIVE } from './samples.ts'
import { type TestStore, testServer } from './test-database.ts'

const server = testServer()

async function agents(test: TestStore, ...ids: string[]): Promise<void> {
  for (const id of ids) await test.store.agents.register(agentSelf(id), OTHERS_LIVE)
}

const silence = (test: TestStore, id: string) =>
  test.sql(`update agents set heartbeat_at = now() - interval '16 s' where id = $1`, [id])

describe('the work of a dead agent', () => {
  it('is free at once: its incident, its message, on the record, and what it still stores is refused', async () => {
    const test = await server.open()
    await agents(test, 'agent-a', 'agent-b')
    const claim = await claimed(test)
    await test.store.outbox.enqueue({ dedupeKey: 'page', channel: 'hook', payload: {}, incidentId: null })
    await test.store.outbox.claim(5, 60_000, 'agent-a')
    await silence(test, 'agent-a')
    expect(await test.store.agents.bury(15_000, 'agent-b')).toEqual([
      { id: 'agent-a', incidents: 1, messages: 1, runs: 0 },
    ])
    const [entry] = await test.store.audit.list({ kinds: ['agent_taken_over'] })
    expect(entry?.entry).toMatchObject({ deadAgent: 'agent-a', work: 2, actor: { id: 'agent-b' } })
    const second = await test.store.incidents.claimAssessment('agent-b', 60_000)
    expect(second?.incidentId).toBe(claim.incidentId)
    expect(await test.store.outbox.claim(5, 60_000, 'agent-b')).toMatchObject([{ attempts: 2 }])
    await expect(test.store.decisions.record(decisionOf(test, claim))).rejects.toMatchObject({ code: 'conflict' })
    await test.store.decisions.record(decisionOf(test, second))
    expect(await test.store.decisions.list()).toHaveLength(1)
  })

  it('is given back once by agents that bury at the same time, and never by the dead itself', async () => {
    const test = await server.open({ maximumConnections: 10 })
    await agents(test, 'agent-a', 'agent-b', 'agent-c')
    await silence(test, 'agent-a')
    const buried = await Promise.all(
      ['agent-a', 'agent-b', 'agent-c', 'agent-b'].map((id) => test.store.agents.bury(15_000, id)),
    )
    expect(buried.flat().map(({ id }) => id)).toEqual(['agent-a'])
    expect(await test.store.audit.list({ kinds: ['agent_taken_over'] })).toHaveLength(1)
  })

  it('leaves an agent that breathes alone', async () => {
    const test = await server.open()
    await agents(test, 'agent-a', 'agent-b')
    await claimed(test)
    await silence(test, 'agent-a')
    await test.store.agents.heartbeat(agentSelf('agent-a'))
    expect(await test.store.agents.bury(15_000, 'agent-b')).toEqual([])
    expect(await test.store.incidents.claimAssessment('agent-b', 60_000)).toBeNull()
  })

  it('that every agent dies of waits longer each time, so that it does not end all of them', async () => {
    const test = await server.open()
    await test.store.incidents.ingestAlerts([alertOf('checkout')], test.at())
    const waits: number[] = []
    for (const id of ['agent-1', 'agent-2', 'agent-3', 'agent-4']) {
      await agents(test, id)
      expect(await test.store.incidents.claimAssessment(id, 60_000)).not.toBeNull()
      await silence(test, id)
      await test.store.agents.bury(15_000, 'agent-b')
      const [incident] = await test.store.incidents.list()
      expect(incident?.state).toBe('open')
      const waitMs = Date.parse(incident!.nextAssessmentAt!) - Date.parse(test.at())
      waits.push(waitMs / 1000)
      test.clock.advance(waitMs)
    }
    expect(waits).toEqual([0, 0, 30, 60])
  })

  it('leaves an incident whose run is under way as it is', async () => {
    const test = await server.open()
    await agents(test, 'agent-a')
    const claim = await claimed(test)
    await test.sql(`update incidents set state = 'executing' where id = $1`, [claim.incidentId])
    await silence(test, 'agent-a')
    await test.store.agents.bury(15_000, 'agent-b')
    expect((await test.store.incidents.get(claim.incidentId))?.state).toBe('executing')
  })
})

describe('a name', () => {
  it('that a living agent has is not taken; a dead one’s is, with what its earlier life held given back', async () => {
    const test = await server.open()
    await agents(test, 'agent-a')
    const claim = await claimed(test)
    expect(await test.store.agents.register(agentSelf('agent-a', 2), OTHERS_LIVE)).toMatchObject({ pid: 1 })
    expect(await test.store.incidents.renewClaim(claim, 60_000)).toBe(true)
    const sure = { deadAfterMs: 15_000, isGone: async () => true }
    expect(await test.store.agents.register(agentSelf('agent-a', 2), sure)).toBeNull()
    expect(await test.store.incidents.renewClaim(claim, 60_000)).toBe(false)
    await silence(test, 'agent-a')
    expect(await test.store.agents.register(agentSelf('agent-a', 3), OTHERS_LIVE)).toBeNull()
  })

  it('that is left in order leaves nothing behind', async () => {
    const test = await server.open()
    await agents(test, 'agent-a')
    const claim = await claimed(test)
    await test.store.agents.remove('agent-a')
    expect(await test.store.incidents.claimAssessment('agent-b', 60_000)).toMatchObject({
      incidentId: claim.incidentId,
    })
  })
})
