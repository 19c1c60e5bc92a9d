import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Assessment } from '../../agent/engine/assess.ts'
import { ask, failwise, type PartsAgent, startAgent } from './parts-agent.ts'
import { waitUntil } from './servers.ts'
import { startWorld, type World } from './world.ts'

let world: World
let running: PartsAgent

beforeAll(async () => {
  world = await startWorld()
  running = await startAgent(world.folder)
  const query = `${world.prometheus.url}/api/v1/query?query=sum(rate(http_requests_total{job="shop"}[10s]))`
  const answers = async () => {
    const body = (await (await fetch(query)).json()) as { data: { result: { value: [number, string] }[] } }
    return Number(body.data.result[0]?.value[1] ?? 0) > 10
  }
  await waitUntil(answers, 30_000, 'Prometheus to scrape the shop')
})

afterAll(async () => {
  await running?.stop()
  await world?.stop()
})

async function incidentOf(service: string) {
  const [incident] = await running.agent.store.incidents.list({ service })
  if (!incident) throw new Error(`there is no incident of ${service}`)
  return incident
}

async function assessNow(service: string): Promise<Assessment> {
  const { id } = await incidentOf(service)
  let assessment: Assessment | null = null
  // The background work may hold it for a moment.
  await waitUntil(
    async () => {
      assessment = await running.agent.assessNow(id)
      return assessment !== null
    },
    10_000,
    `an assessment of ${service}`,
  )
  return assessment!
}

const statusOf = (assessment: Assessment | undefined) =>
  Object.fromEntries(assessment?.snapshot.evidence.map(({ id, status }) => [id, status]) ?? [])

describe('a real outage of a small shop', () => {
  it('can be looked at by every source beforehand', async () => {
    const doctor = await failwise(world.folder, 'doctor', 'shop', '--json')
    const [{ sources }] = JSON.parse(doctor.out) as [{ sources: { id: string; status: string; signals: number }[] }]
    const seen = Object.fromEntries(sources.map(({ id, status }) => [id, status]))
    expect(seen).toEqual({
      // What people reported is known to a running agent only.
      changes: 'failed',
      'health:db_replication_lag': 'ok',
      'health:external_uptime': 'ok',
      'health:internal_services': 'ok',
      'health:ledger': 'ok',
      'prometheus:error_share': 'ok',
      'prometheus:request_rate': 'ok',
      'readiness:secondary': 'ok',
    })
  })

  it('fires a real rule, comes in by the real Alertmanager, and is decided on what the real sources say', async () => {
    world.shop.break()
    await waitUntil(() => running.assessed.length > 0, 60_000, 'the decision')
    expect(running.answered).toContain(202)
    const [assessment] = running.assessed
    expect(assessment?.snapshot.alerts).toMatchObject([
      { name: 'ShopErrors', status: 'firing', severity: 'critical', source: 'alertmanager' },
    ])
    const { facts, decision } = assessment!.judgement
    expect(Object.values(statusOf(assessment)).filter((status) => status === 'failed')).toEqual([])
    expect(facts.hurt).toMatchObject({
      own_telemetry: { state: 'yes' },
      outside_probe: { state: 'yes' },
      overall: 'yes',
    })
    // The backfilled past is what the present differs from.
    const series = facts.series.find(({ name }) => name === 'error_share')
    expect(series?.samples).toBeGreaterThan(600)
    expect(series?.baseline).toBeLessThan(0.01)
    expect(facts.targets.secondary.lagSeconds).toBeLessThan(10)
    expect(['act', 'ask']).not.toContain(decision.disposition)
    expect(facts.checks.find(({ check }) => check === 'db_replication_lag')?.status).toBe('ok')
  })

  it('leaves a record that explains itself, replays to the same answer, and verifies', async () => {
    const [first] = running.assessed
    const id = first!.recorded.id
    const explained = await failwise(world.folder, 'explain', id)
    expect(explained).toMatchObject({ code: 0 })
    for (const reason of ['page_human', 'prometheus:error_share', 'health:external_uptime'])
      expect(explained.out).toContain(reason)
    const replayed = await failwise(world.folder, 'replay', id, '--json')
    expect(replayed.code).toBe(0)
    expect(await ask(world.agentPort, `/v1/decisions/${id}/replay`, 'POST')).toMatchObject({
      isSame: true,
      isSnapshotIntact: true,
    })
    const audit = await failwise(world.folder, 'audit', 'verify', '--json')
    expect(JSON.parse(audit.out)).toMatchObject({ ok: true })
  })

  it('is seen with failed evidence, not as health, while Prometheus is down', async () => {
    await world.prometheus.stop()
    const blind = await assessNow('shop')
    const failed = blind.snapshot.evidence.filter(({ status }) => status === 'failed')
    expect(failed.map(({ id, error }) => [id, error?.kind])).toEqual([
      ['prometheus:error_share', 'network'],
      ['prometheus:request_rate', 'network'],
    ])
    expect(blind.judgement.facts.hurt.own_telemetry.state).not.toBe('no')
    expect(blind.incident).toMatchObject({ state: 'open', goodEvaluations: 0 })
    await world.prometheus.start()
  })

  it('loses nothing at a restart of the agent, nor what is sent meanwhile', async () => {
    const { id } = await incidentOf('shop')
    const before = await running.agent.store.decisions.list({ limit: 1000 })
    await running.stop()
    const startsAt = new Date(Date.now() - 30_000).toISOString()
    await world.alertmanager.send({ alertname: 'StockDown', service: 'stock', severity: 'critical' }, { startsAt })
    await new Promise((resolve) => setTimeout(resolve, 2000))
    running = await startAgent(world.folder)
    await waitUntil(() => running.assessed.some(({ incident }) => incident.service === 'stock'), 60_000, 'the alert')
    expect((await incidentOf('shop')).id).toBe(id)
    const after = await running.agent.store.decisions.list({ limit: 1000 })
    expect(after.map((one) => one.id)).toEqual(expect.arrayContaining(before.map((one) => one.id)))
    expect(await running.agent.store.audit.verify([])).toMatchObject({ ok: true })
  })

  it('is not over when an alert resolves because its series vanished', async () => {
    const vanished = await assessNow('stock')
    expect(vanished.judgement.facts.vanished).toEqual(['prometheus:error_share:series-1'])
    expect(vanished.judgement.facts.hurt.outside_probe.state).toBe('no')
    const now = Date.now()
    await world.alertmanager.send(
      { alertname: 'StockDown', service: 'stock', severity: 'critical' },
      { startsAt: new Date(now - 60_000).toISOString(), endsAt: new Date(now - 1000).toISOString() },
    )
    const looks = () => running.assessed.filter(({ incident }) => incident.service === 'stock')
    const resolved = () =>
      looks()
        .at(-1)
        ?.snapshot.alerts.every(({ status }) => status === 'resolved') ?? false
    await waitUntil(resolved, 30_000, 'the assessment that the end of the alert asks for')
    for (let look = 1; look <= 3; look += 1) await assessNow('stock')
    expect(await incidentOf('stock')).toMatchObject({ closedAt: null, goodEvaluations: 0 })
  })

  it('ends after the repair: the rule resolves, and three good, fresh looks close it', async () => {
    world.shop.repair()
    const looks = () => running.assessed.filter(({ incident }) => incident.service === 'shop')
    const resolved = () => looks().at(-1)?.judgement.facts.alert.firing === 0
    await waitUntil(resolved, 60_000, 'the assessment that the end of the alert asks for')
    await waitUntil(
      async () => {
        if ((await incidentOf('shop')).state !== 'closed') await assessNow('shop').catch(() => undefined)
        await new Promise((resolve) => setTimeout(resolve, 1000))
        return (await incidentOf('shop')).state === 'closed'
      },
      90_000,
      'the end of the incident',
    )
    expect(await incidentOf('shop')).toMatchObject({ state: 'closed', goodEvaluations: 3 })
    for (const { judgement } of looks().slice(-3)) expect(judgement.facts.hurt.overall).toBe('no')
  })
})
