import { describe, expect, it } from 'vitest'
import { testServer } from '../store/test-database.ts'
import {
  catalogueService,
  delivery,
  fakeUpstream,
  post,
  type Running,
  runningAgent,
  waitUntil,
} from './agent-under-test.ts'

const databases = testServer()

/** An upstream that answers the health of every service as the test sets it, and takes messages. */
async function world() {
  const status = { internal: 'error', outside: 'error' }
  let nowMs = () => 0
  const upstream = await fakeUpstream((path) => {
    if (path === '/chat') return {}
    const checkedAt = new Date(nowMs()).toISOString()
    return [
      { signal: 'internal_services', status: status.internal, checkedAt },
      { signal: 'external_uptime', status: status.outside, checkedAt },
    ]
  })
  const service = (name: string) =>
    catalogueService(name, [
      {
        source: 'health-feed',
        url: `${upstream.url}/health/${name}`,
        checks: ['internal_services', 'external_uptime'],
      },
    ])
  const settings = { notify: { webhook: [{ name: 'chat', url: `${upstream.url}/chat` }] } }
  const told = () => upstream.asked.filter(({ path }) => path === '/chat').map(({ body }) => JSON.parse(body))
  const start = async (names: readonly string[], more: object = {}) => {
    const running = await runningAgent(databases, {
      catalogue: { services: names.map(service) },
      settings: { ...settings, ...more },
    })
    nowMs = () => running.clock.now()
    return running
  }
  return { upstream, status, told, start }
}

/** Moves the clock and lets the agent look at what is due by then. */
async function lookAgain(running: Running, ms: number): Promise<void> {
  const before = running.assessed.length
  running.clock.advance(ms)
  running.agent.nudge()
  await waitUntil(() => running.assessed.length > before, 'another assessment')
}

describe('an agent', () => {
  it('takes an alert, looks, decides, records, and tells people', async () => {
    const { told, start } = await world()
    const running = await start(['shop'])
    const { status, body } = await post(running, delivery([{ service: 'shop' }]))
    expect(status).toBe(202)
    expect(body).toMatchObject({ accepted: 1, unmatched: [] })
    await waitUntil(() => running.assessed.length === 1, 'the assessment')
    const [assessment] = running.assessed
    expect(assessment?.incident.id).toBe((body.incidents as string[])[0])
    expect(assessment?.judgement.healthScore).toMatchObject({ score: 8, maximum: 8 })
    const id = assessment?.recorded.id
    await waitUntil(() => told().length === 1, 'the message')
    expect(told()[0]).toMatchObject({ service: 'shop', kind: 'page', runbookUrl: 'https://wiki.example/shop' })
    const replay = await running.server.inject({ method: 'POST', url: `/v1/decisions/${id}/replay` })
    expect(replay.json()).toMatchObject({ isSame: true, isSnapshotIntact: true })
    expect(await running.agent.store.audit.verify([])).toMatchObject({ ok: true })
  })

  it('closes the incident by itself after the alert ended and three looks were good', async () => {
    const { status, told, start } = await world()
    const running = await start(['shop'])
    await post(running, delivery([{ service: 'shop' }]))
    await waitUntil(() => running.assessed.length === 1, 'the assessment')
    status.internal = 'ok'
    status.outside = 'ok'
    running.clock.advance(5000)
    await post(running, delivery([{ service: 'shop', status: 'resolved' }]))
    await waitUntil(() => running.assessed.length === 2, 'the assessment that the end of the alert asks for')
    await lookAgain(running, 30_000)
    await lookAgain(running, 30_000)
    const [incident] = await running.agent.store.incidents.list()
    expect(incident).toMatchObject({ state: 'closed', goodEvaluations: 3 })
    await waitUntil(() => told().at(-1)?.kind === 'resolve', 'the message that it is over')
  })

  it('shows a freeze in the very next decision, and its end in the one after', async () => {
    const { start } = await world()
    const running = await start(['shop'])
    await post(running, delivery([{ service: 'shop' }]))
    await waitUntil(() => running.assessed.length === 1, 'the assessment')
    const payload = { service: 'shop', reason: 'migration tonight' }
    const frozen = await running.server.inject({ method: 'POST', url: '/v1/freezes', payload })
    expect(frozen.statusCode).toBe(201)
    await lookAgain(running, 600_000)
    await running.server.inject({ method: 'DELETE', url: '/v1/freezes', payload })
    await lookAgain(running, 600_000)
    const outcomes = running.assessed.map(({ judgement }) =>
      judgement.decision.reasons
        .filter(({ rule }) => rule === 'state.frozen')
        .map(({ ceiling }) => ceiling)
        .join(),
    )
    expect(outcomes[0]).not.toContain('notify')
    expect(outcomes[1]).toContain('notify')
    expect(outcomes[2]).not.toContain('notify')
  })

  it('keeps alerts that fit no service, and tells of them once', async () => {
    const { told, start } = await world()
    const running = await start(['shop'])
    const first = await post(running, delivery([{ service: 'nobody', name: 'DiskFull' }]))
    expect(first.status).toBe(202)
    expect(first.body.unmatched).toHaveLength(1)
    await waitUntil(() => told().length === 1, 'the message')
    running.clock.advance(60_000)
    await post(running, delivery([{ service: 'nobody', name: 'DiskStillFull' }]))
    running.agent.nudge()
    const failures = () => running.agent.store.audit.list({ kinds: ['assessment_failed'] })
    await waitUntil(async () => (await failures()).length === 2, 'the second look')
    expect(told()).toHaveLength(1)
    expect(told()[0].reasonLines.join()).toContain('not in the catalogue')
    const [incident] = await running.agent.store.incidents.list()
    expect(await running.agent.store.incidents.alertsOf(incident?.id ?? '')).toHaveLength(2)
    expect(running.assessed).toEqual([])
  })

  it('hangs many groups of one provider under one event', async () => {
    const { start } = await world()
    const names = Array.from({ length: 12 }, (_, index) => `service-${index}`)
    const running = await start(names)
    await post(running, delivery(names.map((service) => ({ service }))))
    await waitUntil(() => running.assessed.length === 12, 'all assessments')
    const events = await running.agent.store.incidents.events({ open: true })
    expect(events).toMatchObject([{ provider: 'aws', incidents: 12, openIncidents: 12 }])
  })

  it('pages when nobody decided in time, once', async () => {
    const { start, told } = await world()
    // Nobody looks: it may work on nothing, as when every agent is busy or its model hangs.
    const running = await start(['shop'])
    await running.sql('update incidents set claim_token = null')
    await running.sql(
      `insert into incidents (id, service, group_name, provider, state, severity, opened_at, updated_at, claim_token, claim_agent, claim_expires_at)
       values ('inc_stuck', 'shop', 'shop', 'aws', 'assessing', 'critical', '2026-03-01T11:58:00Z', '2026-03-01T11:58:00Z', 'clm_other', 'agent-other', now() + interval '1 hour')`,
    )
    await waitUntil(() => told().length > 0, 'the page')
    expect(told()).toMatchObject([{ kind: 'late', service: 'shop', overrideCommand: 'failwise decide inc_stuck' }])
  })
})

describe('a storm', () => {
  it('of 10,000 alerts loses none, and assesses each incident once at a time', async () => {
    const { upstream, start } = await world()
    const names = Array.from({ length: 20 }, (_, index) => `service-${index}`)
    const running = await start(names)
    const bursts = Array.from({ length: 100 }, (_, burst) =>
      delivery(
        Array.from({ length: 100 }, (_, index) => ({
          service: names[index % names.length]!,
          name: `Alert-${burst}-${index}`,
        })),
      ),
    )
    const answers = await Promise.all(bursts.map((payload) => post(running, payload)))
    expect(answers.every(({ status }) => status === 202)).toBe(true)
    expect(await running.sql('select count(*)::int as alerts from incident_alerts')).toEqual([{ alerts: 10_000 }])
    await waitUntil(() => running.assessed.length >= names.length, 'one assessment of each')
    const incidents = await running.agent.store.incidents.list({ open: true })
    expect(incidents).toHaveLength(20)
    for (const [path, most] of upstream.most) if (path !== '/chat') expect([path, most]).toEqual([path, 1])
  })

  it('of the same alert again is one alert, counted', async () => {
    const { start } = await world()
    const running = await start(['shop'])
    const payload = delivery([{ service: 'shop' }])
    await Promise.all(Array.from({ length: 200 }, () => post(running, payload)))
    expect(await running.sql('select count::int from incident_alerts')).toEqual([{ count: 200 }])
    expect(await running.agent.store.incidents.list()).toHaveLength(1)
  })
})

describe('several agents on one database', () => {
  it('work each incident once, and continue what another one left', async () => {
    const { start } = await world()
    const names = Array.from({ length: 10 }, (_, index) => `service-${index}`)
    const first = await start(names)
    const second = await runningAgent(databases, { after: first })
    await post(first, delivery(names.map((service) => ({ service }))))
    second.agent.nudge()
    await waitUntil(() => first.assessed.length + second.assessed.length >= 10, 'all assessments')
    const decisions = await first.sql('select incident_id, count(*)::int as times from decisions group by 1')
    expect(decisions.map(({ times }) => times)).toEqual(Array(10).fill(1))
  })

  it('lose nothing at a restart: incidents, freezes and open looks are taken up again', async () => {
    const { start } = await world()
    const before = await start(['shop', 'stock'])
    await post(before, delivery([{ service: 'shop' }]))
    await waitUntil(() => before.assessed.length === 1, 'the assessment')
    await before.server.inject({ method: 'POST', url: '/v1/freezes', payload: { service: 'stock', reason: 'moving' } })
    await before.stop()
    const after = await runningAgent(databases, { after: before })
    const [incident] = await after.agent.store.incidents.list({ open: true })
    expect(incident).toMatchObject({ service: 'shop', assessments: 1 })
    expect(await after.agent.store.freezes.active('stock')).toMatchObject([{ reason: 'moving' }])
    await lookAgain(after, 60_000)
    expect(after.assessed[0]?.incident).toMatchObject({ id: incident?.id, assessments: 2 })
    expect(after.assessed[0]?.judgement.opinion.notes.join()).toContain('kept from')
    expect(await after.agent.store.audit.verify([])).toMatchObject({ ok: true })
  })
})
