import { describe, expect, it } from 'vitest'
import { ALICE, alertOf, claimed, decisionOf } from './samples.ts'
import { testServer } from './test-database.ts'

const server = testServer()

describe('events for a broker', () => {
  it('are written with what they tell of, and not at all when that is not written', async () => {
    const test = await server.open({}, { isPublishing: true })
    const claim = await claimed(test)
    const decision = decisionOf(test, claim)
    await test.store.decisions.record(decision)
    await expect(test.store.decisions.record(decision)).rejects.toMatchObject({ code: 'conflict' })
    const waiting = await test.store.outgoing.waiting(10)
    expect(waiting).toMatchObject([
      { type: 'failwise.decision_made', subject: 'checkout', attempts: 0, data: { decisionId: decision.id } },
    ])
  })

  it('leave in order, are tried again, and are gone once the broker has them or can never take them', async () => {
    const test = await server.open({}, { isPublishing: true })
    for (const reason of ['one', 'two', 'three'])
      await test.store.freezes.set({ service: null, kind: 'freeze', reason, by: ALICE, until: null })
    const waiting = await test.store.outgoing.waiting(10)
    expect(waiting.map(({ data }) => data)).toMatchObject([{ reason: 'one' }, { reason: 'two' }, { reason: 'three' }])
    const answers = [
      { outcome: 'published', error: null },
      { outcome: 'refused', error: 'too large' },
      { outcome: 'failed', error: 'away' },
    ] as const
    const sent: unknown[] = []
    expect(await test.store.outgoing.drain(10, async ({ data }) => answers[sent.push(data) - 1]!)).toBe(2)
    expect(sent).toEqual(waiting.map(({ data }) => data))
    expect(await test.store.outgoing.waiting(10)).toMatchObject([{ data: { reason: 'three' }, attempts: 1 }])
    expect(await test.store.outgoing.drain(10, async () => answers[0])).toBe(1)
    expect(await test.store.outgoing.waiting(10)).toEqual([])
  })

  it('are published by one agent at a time', async () => {
    const test = await server.open({}, { isPublishing: true })
    await test.store.freezes.set({ service: null, kind: 'freeze', reason: 'one', by: ALICE, until: null })
    const gone = await test.store.outgoing.drain(10, async () => {
      expect(await test.store.outgoing.drain(10, async () => expect.fail('a second one publishes'))).toBe(0)
      return { outcome: 'published', error: null }
    })
    expect(gone).toBe(1)
  })

  it('tell when a level changes, once', async () => {
    const test = await server.open({}, { isPublishing: true })
    const point = (level: 'none' | 'self_heal') => ({
      ...{ scope: 'shop', at: test.at(), score: 5, maximum: 22, level, unknownWeight: 0, contributions: [] },
    })
    for (const level of ['none', 'self_heal', 'self_heal', 'none'] as const) {
      test.clock.advance(30_000)
      await test.store.scores.append([point(level)])
    }
    const told = await test.store.outgoing.waiting(10)
    expect(told.map(({ data }) => data)).toMatchObject([
      { level: 'self_heal', previousLevel: 'none' },
      { level: 'none', previousLevel: 'self_heal' },
    ])
  })

  it('do not exist where nobody publishes', async () => {
    const test = await server.open()
    await test.store.decisions.record(decisionOf(test, await claimed(test)))
    expect(await test.store.outgoing.waiting(10)).toEqual([])
  })
})

describe('a clock that differs from the database’s', () => {
  it('puts nothing on record and takes no work, but still takes alerts', async () => {
    const test = await server.open({}, { maximumSkewMs: 30_000 })
    test.clock.set(new Date(Date.now()).toISOString())
    const claim = await claimed(test)
    test.clock.advance(3_600_000)
    await expect(test.store.decisions.record(decisionOf(test, claim))).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringMatching(/differ by 3[56]\d\d s/),
    })
    await test.store.incidents.ingestAlerts([alertOf('other')], test.at())
    expect(await test.store.incidents.list()).toHaveLength(2)
    test.clock.advance(60_000)
    expect(await test.store.incidents.claimAssessment('agent-b', 1000)).toBeNull()
    test.clock.set(new Date(Date.now()).toISOString())
    await test.store.decisions.record(decisionOf(test, claim))
  })

  it('does not make a freeze seem over', async () => {
    const test = await server.open({}, { maximumSkewMs: 30_000 })
    test.clock.set(new Date(Date.now()).toISOString())
    const freeze = {
      service: null,
      kind: 'maintenance',
      reason: 'rewiring',
      by: ALICE,
      until: test.at(1_800_000),
    } as const
    await test.store.freezes.set(freeze)
    expect(await test.store.freezes.active()).toHaveLength(1)
    test.clock.advance(3_600_000)
    await expect(test.store.freezes.active()).rejects.toMatchObject({ code: 'store_unavailable' })
  })
})
