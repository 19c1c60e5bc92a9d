import { describe, expect, it } from 'vitest'
import type { ChangeSignal, HealthCheckSignal } from '../../agent/domain/signal.ts'
import { answering, collected, collectedOne, NOW, SERVICE } from './round.ts'
import { fixture, SAMPLES } from './samples.ts'

describe('the health feed', () => {
  const options = { source: 'health-feed', url: 'https://feeds.example/health' } as const

  it('gives one piece of evidence per check from one request, each with its own observer', async () => {
    const http = answering({ status: 200, body: fixture('feeds/health.json') })
    const evidence = await collected(options, http)
    expect(http.asked).toHaveLength(1)
    expect(evidence.map(({ id, observer, status }) => [id, observer, status])).toEqual([
      ['health:cross_cloud_probe', 'outside_probe', 'ok'],
      ['health:db_replication_lag', 'own_telemetry', 'empty'],
      ['health:external_uptime', 'outside_probe', 'ok'],
      ['health:internal_services', 'own_telemetry', 'ok'],
      ['health:node_states', 'own_telemetry', 'ok'],
      ['health:provider_api', 'provider', 'empty'],
    ])
  })

  it('reads a word that it does not know as unknown, and masks what is told', async () => {
    const evidence = await collected(options, answering({ status: 200, body: fixture('feeds/health.json') }))
    const signals = evidence.flatMap((one) => one.signals) as HealthCheckSignal[]
    expect(signals.find(({ check }) => check === 'cross_cloud_probe')?.status).toBe('unknown')
    expect(signals.find(({ check }) => check === 'node_states')?.checkedAt).toBeNull()
    expect(signals.find(({ check }) => check === 'internal_services')?.detail).toBe(
      'login as admin/<secret:password:0000> fails',
    )
  })

  it('lets an own check name its observer', async () => {
    const own = { ...options, checks: ['own_queue'], observers: { own_queue: 'outside_probe' } } as const
    const evidence = await collectedOne(
      { ...own, checks: [...own.checks] },
      answering({ status: 200, body: fixture('feeds/health.json') }),
    )
    expect(evidence).toMatchObject({ id: 'health:own_queue', observer: 'outside_probe' })
    expect(evidence.signals[0]).toMatchObject({ checkedAt: '2026-05-04T07:59:31.000Z' })
  })
})

describe('the changes feed', () => {
  it('gives recent changes newest first and says what it left out', async () => {
    const evidence = await collectedOne(
      SAMPLES['changes-feed'],
      answering({ status: 200, body: fixture('feeds/changes.json') }),
    )
    const changes = evidence.signals as ChangeSignal[]
    expect(changes.map(({ id, ref, rolloutPercent }) => [id, ref, rolloutPercent])).toEqual([
      ['changes:change-1', 'flag 7', null],
      ['changes:change-2', 'v4', 25],
    ])
    expect(evidence.truncated).toBe('1 changes without a readable time')
  })
})

describe('changes told to the agent', () => {
  it('asks for the service and what it depends on of ours', async () => {
    const asked: unknown[] = []
    const change = {
      at: '2026-05-04T09:00:00.000Z',
      kind: 'deploy',
      service: 'gateway',
      ref: 'v1',
      summary: 'password=hunter2',
      rolloutPercent: 5,
    }
    const evidence = await collectedOne({ source: 'changes', services: ['edge'] }, answering({}), {
      recentChanges: async (services, window) => {
        asked.push(services, window)
        return [{ ...change, at: '2026-05-04T08:00:00.000Z', ref: 'v0' }, change]
      },
    })
    expect(asked).toEqual([['checkout', 'gateway', 'edge'], { from: '2026-05-02T10:00:00.000Z', to: NOW }])
    expect(SERVICE.dependsOn).toContain('own:gateway')
    expect(evidence.signals.map((signal) => (signal as ChangeSignal).ref)).toEqual(['v1', 'v0'])
    expect(evidence.signals[0]).toMatchObject({ changeKind: 'deploy', summary: 'password=<secret:password:0000>' })
  })
})

describe('GitHub deployments', () => {
  it('reads recent ones as changes', async () => {
    const http = answering({ status: 200, body: fixture('github-deployments/deployments.json') })
    const evidence = await collectedOne({ ...SAMPLES['github-deployments'], environment: 'production' }, http)
    expect(http.asked[0]?.url).toBe(
      'https://api.github.com/repos/acme/checkout/deployments?per_page=50&environment=production',
    )
    expect(http.asked[0]?.headers).toMatchObject({
      authorization: 'Bearer hunter2',
      accept: 'application/vnd.github+json',
    })
    expect(evidence.id).toBe('changes:acme/checkout')
    expect(evidence.signals.map((signal) => (signal as ChangeSignal).ref)).toEqual([
      'v4.2.0 a84d88e755',
      'main 0000000000',
    ])
    expect(evidence.signals[0]).toMatchObject({
      changeKind: 'deploy',
      service: 'checkout',
      summary: 'production: Release v4.2.0',
    })
  })
})

describe('GitHub’s limit', () => {
  it('is told from missing rights', async () => {
    const spent = { status: 403, headers: { 'x-ratelimit-remaining': '0' } }
    expect((await collectedOne(SAMPLES['github-deployments'], answering(spent))).error?.kind).toBe('rate_limited')
    expect((await collectedOne(SAMPLES['github-deployments'], answering({ status: 403 }))).error?.kind).toBe('auth')
  })
})

describe('the readiness feed', () => {
  const options = { source: 'readiness-feed', url: 'https://feeds.example/readiness' } as const

  it('tells a target that is not there from one that was not measured', async () => {
    const body = JSON.parse(fixture('feeds/readiness.json')) as { targets: Record<string, unknown> }
    const [dr, secondary] = await collected(options, answering(body))
    expect(secondary?.signals[0]).toMatchObject({
      exists: true,
      healthy: true,
      capacity: 'ok',
      replicationLagSeconds: 0.9,
    })
    expect(dr?.signals[0]).toMatchObject({
      exists: false,
      healthy: null,
      capacity: 'unknown',
      replicationLagSeconds: null,
    })
    body.targets.secondary = { error: { kind: 'timeout' } }
    const [, failed] = await collected(options, answering(body))
    expect(failed).toMatchObject({ id: 'readiness:secondary', status: 'failed', error: { kind: 'timeout' } })
    delete body.targets.secondary
    const [, missing] = await collected(options, answering(body))
    expect(missing?.status).toBe('empty')
  })

  it.each([-1, 'none', null, undefined])('takes a lag of %s for unknown', async (replicationLagSeconds) => {
    const evidence = await collectedOne(
      { ...options, targets: ['dr'] },
      answering({ targets: { dr: { healthy: true, replicationLagSeconds } } }),
    )
    expect(evidence.signals[0]).toMatchObject({ replicationLagSeconds: null, capacity: 'unknown', checkedAt: null })
  })
})
