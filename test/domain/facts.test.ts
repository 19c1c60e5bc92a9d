import { describe, expect, it } from 'vitest'
import { deriveFacts, Facts, factsHash, quantisedFacts } from '../../agent/domain/facts.ts'
import { Snapshot } from '../../agent/domain/snapshot.ts'

const now = '2026-03-01T12:00:00.000Z'
const ago = (minutes: number) => new Date(Date.parse(now) - minutes * 60_000).toISOString()

function points(value: (minutesAgo: number) => number | null): [number, number | null][] {
  return Array.from({ length: 121 }, (_, index) => {
    const minutesAgo = (120 - index) / 2
    return [Date.parse(now) / 1000 - minutesAgo * 60, value(minutesAgo)]
  })
}

function snapshotWith(evidence: unknown[], extra: Record<string, unknown> = {}): Snapshot {
  return Snapshot.parse({
    version: 1,
    takenAt: now,
    service: {
      name: 'shop',
      primary: { provider: 'aws', region: 'eu-west-1' },
      secondary: { provider: 'aws', region: 'eu-central-1' },
      dr: { provider: 'gcp', region: 'europe-west4' },
      dependsOn: ['aws:rds', 'cloudflare:cdn', 'third_party:paymate'],
      slo: { availability: 0.999, rtoMinutes: 15, rpoMinutes: 1 },
    },
    alerts: [
      {
        fingerprint: 'a',
        name: 'Errors',
        status: 'firing',
        severity: 'critical',
        labels: {},
        startsAt: ago(9),
        source: 'alertmanager',
      },
    ],
    evidence,
    ...extra,
  })
}

const errorRate = (value: (minutesAgo: number) => number | null, id = 'prometheus:error_rate') => ({
  id,
  source: 'prometheus',
  observer: 'own_telemetry',
  status: 'ok',
  observedAt: now,
  signals: [
    {
      kind: 'series',
      id: `${id}:1`,
      name: 'error_rate',
      query: 'q',
      labels: {},
      sli: { role: 'errors', badWhen: 'high', objective: 0.01 },
      stepSeconds: 30,
      points: points(value),
    },
  ],
})

const readiness = (target: string, extra: Record<string, unknown> = {}) => ({
  id: `readiness:${target}`,
  source: 'readiness',
  observer: 'target',
  status: 'ok',
  observedAt: now,
  signals: [
    {
      kind: 'readiness',
      id: `readiness:${target}:1`,
      target,
      exists: true,
      healthy: true,
      capacity: 'ok',
      replicationLagSeconds: 2,
      sharedDependencies: ['cloudflare:cdn'],
      lastBackupAt: ago(30),
      lastRestoreTestAt: ago(60 * 24 * 5),
      checkedAt: ago(0.3),
      ...extra,
    },
  ],
})

const event = (extra: Record<string, unknown>) => ({
  id: 'aws-health',
  source: 'aws-health',
  observer: 'provider',
  status: 'ok',
  observedAt: now,
  signals: [
    {
      kind: 'provider_event',
      id: 'aws-health:event-1',
      channel: 'health_api',
      provider: 'aws',
      products: ['EC2'],
      regions: ['eu-west-1'],
      category: 'issue',
      state: 'open',
      startedAt: ago(11),
      updatedAt: ago(1),
      title: 't',
      text: 't',
      ...extra,
    },
  ],
})

describe('facts', () => {
  it('are valid by their own schema', () => {
    const facts = deriveFacts(snapshotWith([errorRate((m) => (m <= 10 ? 0.6 : 0.002)), readiness('dr'), event({})]))
    expect(Facts.parse(facts)).toEqual(facts)
  })

  it('say that users are hurt, since when and for how long', () => {
    const view = deriveFacts(snapshotWith([errorRate((m) => (m <= 10 ? 0.6 : 0.002))])).hurt.own_telemetry
    expect(view).toMatchObject({ state: 'yes', since: ago(10), sustainedSeconds: 600, isRecovering: false })
    expect(view.worstRatio).toBeCloseTo(60)
  })

  it('reset the sustained time at one good value', () => {
    const facts = deriveFacts(snapshotWith([errorRate((m) => (m <= 10 && m !== 1 ? 0.6 : 0.002))]))
    expect(facts.hurt.own_telemetry.sustainedSeconds).toBe(30)
  })

  it('know nothing of users when a series vanished, and something when it is merely good', () => {
    const gone = deriveFacts(snapshotWith([errorRate((m) => (m > 15 ? 0.002 : null))]))
    expect(gone.hurt.overall).toBe('unknown')
    expect(gone.vanished).toEqual(['prometheus:error_rate:1'])
    expect(deriveFacts(snapshotWith([errorRate(() => 0.002)])).hurt.own_telemetry.state).toBe('no')
  })

  it('see a recovery only when it is steady', () => {
    const healing = errorRate((m) => (m > 30 ? 0.6 : Math.max(0.03, 0.6 * (m / 30))))
    expect(deriveFacts(snapshotWith([healing])).hurt.own_telemetry.isRecovering).toBe(true)
    const waves = errorRate((m) => (Math.floor(m / 5) % 2 === 0 ? 0.002 : 0.6))
    expect(deriveFacts(snapshotWith([waves])).hurt.own_telemetry).toMatchObject({ state: 'yes', isRecovering: false })
  })

  it('place provider events', () => {
    const placed = (extra: Record<string, unknown>) => deriveFacts(snapshotWith([event(extra)])).providerEvents[0]
    expect(placed({})).toMatchObject({ primary: 'region', secondary: 'no', isElsewhere: false, isOpen: true })
    expect(placed({ zone: 'eu-west-1a' })).toMatchObject({ primary: 'zone' })
    expect(placed({ regions: ['global'] })).toMatchObject({ primary: 'provider', secondary: 'provider', dr: 'no' })
    expect(placed({ regions: ['eu-central-1'] })).toMatchObject({
      primary: 'no',
      secondary: 'region',
      isElsewhere: true,
    })
    expect(placed({ provider: 'paymate', regions: [], products: [] })).toMatchObject({
      dependencies: ['third_party:paymate'],
    })
    expect(placed({ provider: 'cloudflare', regions: [], products: ['Workers KV'] })).toMatchObject({
      isElsewhere: true,
    })
  })

  it('count every reason against a target', () => {
    const facts = deriveFacts(
      snapshotWith([
        readiness('dr', {
          healthy: null,
          capacity: 'low',
          replicationLagSeconds: 900,
          lastRestoreTestAt: ago(60 * 24 * 40),
        }),
        readiness('secondary', { replicationLagSeconds: null, checkedAt: ago(30), lastBackupAt: null }),
        event({ regions: ['eu-central-1'] }),
      ]),
    )
    expect(facts.targets.dr.blocks).toEqual(['health_unknown', 'low_capacity', 'lag_over_rpo', 'restore_test_old'])
    expect(facts.targets.secondary.blocks).toEqual([
      'lag_unknown',
      'stale_check',
      'no_backup',
      'provider_event_at_target',
    ])
  })

  it('hash the same under noise and differently when a target stops being ready', () => {
    const at = (level: number, extra = {}) =>
      factsHash(deriveFacts(snapshotWith([errorRate((m) => (m <= 10 ? level : 0.002)), readiness('dr', extra)])))
    expect(at(0.61)).toBe(at(0.6))
    expect(at(0.6, { healthy: false })).not.toBe(at(0.6))
  })

  it('say the same in buckets whatever the order of equal answers', () => {
    const one = deriveFacts(snapshotWith([errorRate((m) => (m <= 10 ? 0.6 : 0.002)), event({})]))
    expect(quantisedFacts(one)).toEqual(quantisedFacts(structuredClone(one)))
    expect(JSON.stringify(quantisedFacts(one))).not.toContain('takenAt')
  })
})

describe('an own change', () => {
  const DEPLOY = { kind: 'change', id: 'changes:1', changeKind: 'deploy', service: 'shop', ref: 'r', summary: '' }
  const deployed = (minutesAgo: number) => ({
    id: 'changes',
    source: 'changes-feed',
    observer: 'change',
    status: 'ok',
    observedAt: now,
    signals: [{ ...DEPLOY, at: ago(minutesAgo) }],
  })
  const firingSince = (minutesAgo: number) => ({
    alerts: [
      {
        fingerprint: 'a',
        name: 'Disk',
        status: 'firing',
        severity: 'warning',
        labels: {},
        startsAt: ago(minutesAgo),
        source: 'alertmanager',
      },
    ],
  })
  const badFor = errorRate((minutesAgo) => (minutesAgo <= 5 ? 0.6 : 0.002))
  const distance = (change: number, alert: number) =>
    deriveFacts(snapshotWith([deployed(change), badFor], firingSince(alert))).changes[0]?.minutesBeforeOnset

  it('is measured against what users feel, too, where an alert has fired for days', () => {
    expect(distance(8, 3 * 24 * 60)).toBe(3)
    expect(distance(2, 3 * 24 * 60)).toBe(-3)
  })

  it('keeps its distance to the onset where it came before that', () => {
    expect(distance(12, 9)).toBe(3)
    expect(distance(12, 4)).toBe(7)
  })
})
