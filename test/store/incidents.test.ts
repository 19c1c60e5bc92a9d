import { describe, expect, it } from 'vitest'
import { alertOf, claimed, decisionOf } from './samples.ts'
import { testServer } from './test-database.ts'

const server = testServer()

describe('alerts', () => {
  it('become one incident per group and are counted when they repeat', async () => {
    const { store, at } = await server.open()
    const first = await store.incidents.ingestAlerts([alertOf('checkout'), alertOf('search')], at())
    expect(first.incidents.map((incident) => [incident.group, incident.opened, incident.needsAssessment])).toEqual([
      ['checkout', true, true],
      ['search', true, true],
    ])
    const again = await store.incidents.ingestAlerts([alertOf('checkout')], at(1000))
    expect(again).toMatchObject({ duplicates: 1, incidents: [{ opened: false, needsAssessment: false }] })
    const incidents = await store.incidents.list({ open: true })
    expect(incidents).toHaveLength(2)
    const checkout = incidents.find((incident) => incident.group === 'checkout')!
    const alerts = await store.incidents.alertsOf(checkout.id)
    expect(alerts).toMatchObject([{ count: 2, status: 'firing', firstReceivedAt: at(), lastReceivedAt: at(1000) }])
  })

  it('that arrive late are counted and change nothing', async () => {
    const { store, at } = await server.open()
    const [firing, resolved] = [alertOf('checkout'), alertOf('checkout', { status: 'resolved' })]
    await store.incidents.ingestAlerts([firing], at())
    await store.incidents.ingestAlerts([resolved], at(60_000))
    const late = await store.incidents.ingestAlerts([firing], at(61_000))
    expect(late).toMatchObject({ outOfOrder: 1, incidents: [{ needsAssessment: false }] })
    const older = alertOf('checkout', { startsAt: '2026-03-01T10:00:00.000Z' })
    expect(await store.incidents.ingestAlerts([older], at(62_000))).toMatchObject({ outOfOrder: 1 })
    const [incident] = await store.incidents.list()
    expect(await store.incidents.alertsOf(incident!.id)).toMatchObject([{ status: 'resolved', count: 4 }])
  })

  it('fire anew from the same start long after their end was told', async () => {
    const { store, at } = await server.open()
    await store.incidents.ingestAlerts([alertOf('checkout')], at())
    await store.incidents.ingestAlerts([alertOf('checkout', { status: 'resolved' })], at(1000))
    const anew = await store.incidents.ingestAlerts([alertOf('checkout')], at(400_000))
    expect(anew).toMatchObject({ outOfOrder: 0, incidents: [{ needsAssessment: true }] })
  })

  it('that end before they began open nothing, and their late beginning neither', async () => {
    const { store, at } = await server.open()
    const end = await store.incidents.ingestAlerts([alertOf('checkout', { status: 'resolved' })], at())
    expect(end).toMatchObject({ resolvedUnknown: 1, incidents: [] })
    expect(await store.incidents.ingestAlerts([alertOf('checkout')], at(5))).toMatchObject({
      outOfOrder: 1,
      incidents: [],
    })
    expect(await store.incidents.list()).toEqual([])
  })

  it('with a start in the future do not make later ones look old', async () => {
    const { store, at } = await server.open()
    await store.incidents.ingestAlerts([alertOf('checkout', { startsAt: '2031-01-01T00:00:00.000Z' })], at())
    const end = alertOf('checkout', { status: 'resolved', startsAt: at(10_000) })
    expect(await store.incidents.ingestAlerts([end], at(20_000))).toMatchObject({ outOfOrder: 0 })
    const [incident] = await store.incidents.list()
    expect(await store.incidents.alertsOf(incident!.id)).toMatchObject([{ status: 'resolved' }])
  })

  it('end also when their end is told with an earlier start, as a second sender saw it', async () => {
    const { store, at } = await server.open()
    await store.incidents.ingestAlerts([alertOf('checkout', { startsAt: at(-10_000) })], at())
    const end = { status: 'resolved' as const, startsAt: at(-15_000), endsAt: at(20_000) }
    expect(await store.incidents.ingestAlerts([alertOf('checkout', end)], at(20_000))).toMatchObject({ outOfOrder: 0 })
    const [incident] = await store.incidents.list()
    expect(await store.incidents.alertsOf(incident!.id)).toMatchObject([{ status: 'resolved' }])
    const late = { status: 'resolved' as const, startsAt: at(-90_000), endsAt: at(-60_000) }
    await store.incidents.ingestAlerts([alertOf('checkout', { startsAt: at(30_000) })], at(30_000))
    expect(await store.incidents.ingestAlerts([alertOf('checkout', late)], at(40_000))).toMatchObject({ outOfOrder: 1 })
  })

  it('with text that PostgreSQL cannot hold are stored and deduplicated', async () => {
    const { store, at } = await server.open()
    const hostile = alertOf('checkout', {
      fingerprint: 'nul\0 half\uD800',
      labels: { 'ke\0y': 'val\0ue \uDC00' },
      annotations: { summary: `'; drop table incidents; -- \0` },
    })
    await store.incidents.ingestAlerts([hostile], at())
    expect(await store.incidents.ingestAlerts([hostile], at(10))).toMatchObject({ duplicates: 1 })
    const [incident] = await store.incidents.list()
    const [alert] = await store.incidents.alertsOf(incident!.id)
    expect(alert).toMatchObject({ count: 2, alert: { annotations: { summary: `'; drop table incidents; -- \0` } } })
  })

  it('that resolve ask for another look', async () => {
    const test = await server.open()
    const { store, at } = test
    const claim = await claimed(test)
    await store.decisions.record(decisionOf(test, claim))
    expect(await store.incidents.claimAssessment('agent-a', 1000)).toBeNull()
    const end = await store.incidents.ingestAlerts([alertOf('checkout', { status: 'resolved' })], at(5000))
    expect(end).toMatchObject({ incidents: [{ needsAssessment: true }] })
  })

  it('that come and go after a benign decision are attached, not assessed again and again', async () => {
    const test = await server.open({ recurrenceCooldownMs: 900_000 })
    const { store, at, clock } = test
    const claim = await claimed(test)
    clock.advance(1000)
    await store.decisions.record(decisionOf(test, claim, { decision: { action: 'no_action' } }))
    const send = (status: 'firing' | 'resolved', offsetMs: number) =>
      store.incidents.ingestAlerts([alertOf('checkout', { status, startsAt: at(offsetMs - 10) })], at(offsetMs))
    expect(await send('resolved', 10_000)).toMatchObject({ incidents: [{ needsAssessment: true }] })
    clock.advance(11_000)
    const second = await store.incidents.claimAssessment('agent-a', 60_000)
    await store.decisions.record(decisionOf(test, second, { decision: { action: 'no_action' } }))
    expect(await send('firing', 10_000)).toMatchObject({ incidents: [{ needsAssessment: false }] })
    expect(await send('resolved', 20_000)).toMatchObject({ incidents: [{ needsAssessment: false }] })
    const worse = alertOf('checkout', { fingerprint: 'something else', startsAt: at(21_000) })
    expect(await store.incidents.ingestAlerts([worse], at(21_000))).toMatchObject({
      incidents: [{ needsAssessment: true }],
    })
  })

  it('that recur after a benign incident was closed wait until the judgement ends', async () => {
    const test = await server.open({ recurrenceCooldownMs: 900_000 })
    const { store, at, clock } = test
    const claim = await claimed(test)
    await store.decisions.record(decisionOf(test, claim, { decision: { action: 'no_action' } }))
    await store.incidents.ingestAlerts([alertOf('checkout', { status: 'resolved' })], at(1000))
    for (const offset of [1, 2, 3])
      await store.incidents.recordEvaluation(claim.incidentId, {
        at: at(offset * 30_000),
        good: true,
        fresh: true,
        score: 0,
        detail: 'well',
      })
    clock.advance(120_000)
    const again = await store.incidents.ingestAlerts([alertOf('checkout', { startsAt: at() })], at())
    expect(again.incidents).toMatchObject([{ opened: true, needsAssessment: false }])
    expect(await store.incidents.claimAssessment('agent-a', 1000)).toBeNull()
    clock.advance(900_000)
    expect(await store.incidents.claimAssessment('agent-a', 1000)).toMatchObject({
      incidentId: again.incidents[0]!.incidentId,
    })
  })
})

describe('many groups at once', () => {
  it('hang under one event of their provider, which closes with the last of them', async () => {
    const { store, at } = await server.open({ eventGroups: 3 })
    await store.incidents.ingestAlerts([alertOf('a'), alertOf('b')], at())
    expect(await store.incidents.events()).toEqual([])
    const third = await store.incidents.ingestAlerts([alertOf('c')], at(30_000))
    expect(third.incidents[0]!.eventId).not.toBeNull()
    const later = await store.incidents.ingestAlerts([alertOf('d')], at(90_000))
    expect(later.incidents[0]!.eventId).toBe(third.incidents[0]!.eventId)
    const elsewhere = await store.incidents.ingestAlerts([{ ...alertOf('e'), provider: 'gcp' }], at(91_000))
    expect(elsewhere.incidents[0]!.eventId).toBeNull()
    expect(await store.incidents.events({ open: true })).toMatchObject([
      { provider: 'aws', incidents: 4, openIncidents: 4 },
    ])
    const by = { kind: 'person' as const, id: 'alice', via: 'cli' }
    for (const incident of await store.incidents.list({ eventId: third.incidents[0]!.eventId! }))
      await store.incidents.closeByPerson(incident.id, by, 'over')
    expect(await store.incidents.events()).toMatchObject([{ openIncidents: 0, closedAt: at() }])
  })
})

describe('an incident', () => {
  it('is claimed by one of two agents', async () => {
    const { store, at } = await server.open()
    await store.incidents.ingestAlerts([alertOf('checkout')], at())
    const claims = await Promise.all([
      store.incidents.claimAssessment('agent-a', 60_000),
      store.incidents.claimAssessment('agent-b', 60_000),
    ])
    expect(claims.filter(Boolean)).toHaveLength(1)
  })

  it('is never held twice when many agents draw from many incidents', async () => {
    const { store, at } = await server.open()
    const groups = Array.from({ length: 20 }, (_, place) => alertOf(`group-${place}`))
    await store.incidents.ingestAlerts(groups, at())
    const claims = await Promise.all(
      Array.from({ length: 30 }, (_, place) => store.incidents.claimAssessment(`agent-${place % 3}`, 60_000)),
    )
    const held = claims.flatMap((claim) => (claim ? [claim.incidentId] : []))
    expect(held).toHaveLength(20)
    expect(new Set(held).size).toBe(20)
  })

  it('goes to another agent when the lease ran out, and the first one may store nothing', async () => {
    const test = await server.open()
    const { store, sql } = test
    const claim = await claimed(test)
    expect(await store.incidents.renewClaim(claim, 60_000)).toBe(true)
    await sql(`update incidents set claim_expires_at = now() - interval '1 second'`)
    const second = await store.incidents.claimAssessment('agent-b', 60_000)
    expect(second).toMatchObject({ incidentId: claim.incidentId, attempt: 2, takenOverFrom: 'agent-a' })
    expect(await store.incidents.renewClaim(claim, 60_000)).toBe(false)
    await expect(store.decisions.record(decisionOf(test, claim))).rejects.toMatchObject({ code: 'conflict' })
    expect(await store.decisions.list()).toEqual([])
    await store.decisions.record(decisionOf(test, second))
    expect((await store.incidents.get(claim.incidentId))?.state).toBe('open')
  })

  it('is looked at once more when an alert came in during its assessment', async () => {
    const test = await server.open()
    const { store, at, clock } = test
    const claim = await claimed(test)
    await store.incidents.ingestAlerts([alertOf('checkout', { fingerprint: 'another' })], at(500))
    clock.advance(1000)
    expect(await store.incidents.claimAssessment('agent-b', 1000)).toBeNull()
    await store.decisions.record(decisionOf(test, claim, { nextAssessmentAt: at(300_000) }))
    expect(await store.incidents.claimAssessment('agent-b', 1000)).toMatchObject({ incidentId: claim.incidentId })
  })

  it('given back undecided keeps its place and comes up again', async () => {
    const test = await server.open()
    const { store, at, clock } = test
    const claim = await claimed(test)
    await store.incidents.releaseClaim(claim, { nextAssessmentAt: at(10_000), failure: 'deadline' })
    expect(await store.incidents.get(claim.incidentId)).toMatchObject({ state: 'open', nextAssessmentAt: at(10_000) })
    clock.advance(10_000)
    expect(await store.incidents.claimAssessment('agent-a', 1000)).toMatchObject({ attempt: 2 })
  })

  it('is found among those that nobody has decided for a while, and not once it was decided', async () => {
    const test = await server.open()
    const { store, sql, at } = test
    await claimed(test)
    const late = () => store.incidents.list({ undecided: true, openedBefore: at(1000) })
    expect(await late()).toHaveLength(1)
    expect(await store.incidents.list({ undecided: true, openedBefore: at() })).toEqual([])
    await sql('update incidents set assessments = 1')
    expect(await late()).toEqual([])
  })

  it('closes after three good, fresh evaluations in a row and not before', async () => {
    const test = await server.open()
    const { store, at } = test
    const { incidentId } = await claimed(test)
    const evaluate = (good: boolean, fresh: boolean) =>
      store.incidents.recordEvaluation(incidentId, { at: at(), good, fresh, score: 1, detail: '' })
    const states: string[] = []
    for (const [good, fresh] of [
      [true, true],
      [true, true],
      [true, false],
      [true, true],
      [false, true],
      [true, true],
      [true, true],
      [true, true],
    ] as const)
      states.push((await evaluate(good, fresh)).state)
    expect(states.slice(0, -1)).not.toContain('closed')
    expect(states.at(-1)).toBe('closed')
    expect(await store.scores.evaluations('checkout', 2)).toHaveLength(2)
    const [ended] = await store.audit.list({ kinds: ['incident_closed'] })
    expect(ended?.entry).toMatchObject({ incidentId, actor: { kind: 'system', id: 'watch' } })
  })

  it('opens from the watch loop once per group', async () => {
    const { store } = await server.open()
    const scope = { service: 'checkout', group: 'checkout', provider: 'aws', severity: 'critical' }
    const [one, two] = await Promise.all([store.incidents.openFromWatch(scope), store.incidents.openFromWatch(scope)])
    expect(one!.id).toBe(two!.id)
  })
})

describe('a storm', () => {
  it('of 10,000 alerts in 500 requests loses none', async () => {
    const { store, at, sql } = await server.open()
    const requests = Array.from({ length: 500 }, (_, request) =>
      Array.from({ length: 20 }, (_, place) =>
        alertOf(`group-${(request * 20 + place) % 200}`, { fingerprint: `f-${request}-${place}` }),
      ),
    )
    const results = await Promise.all(requests.map((alerts) => store.incidents.ingestAlerts(alerts, at())))
    expect(results.reduce((sum, result) => sum + result.received, 0)).toBe(10_000)
    expect(await sql('select count(*)::int as alerts, sum(count)::int as messages from incident_alerts')).toEqual([
      { alerts: 10_000, messages: 10_000 },
    ])
    expect(await store.incidents.list({ open: true, limit: 1000 })).toHaveLength(200)
    expect(await store.incidents.events()).toHaveLength(1)
  })
})
