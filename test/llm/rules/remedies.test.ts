import { describe, expect, it } from 'vitest'
import type { Evidence } from '../../../agent/domain/evidence.ts'
import { readProviderCalls } from '../../../agent/llm/rules/provider-calls.ts'
import { WORDS } from '../../../agent/llm/rules/vocabulary.ts'
import {
  ago,
  CALM,
  changes,
  check,
  errors,
  event,
  evidence,
  HALF_FAIL,
  logs,
  READY,
  ready,
  SERVICE,
  series,
  traffic,
  verdictOn,
} from './hand-made.ts'

const step = (before: number, after: number, at: number) => (minutesAgo: number) => (minutesAgo <= at ? after : before)
const busy = (labels: Record<string, string>, level: number): Evidence =>
  series(`errors_${Object.values(labels).join('_')}`, step(0.002, level, 10), {
    query: 'errors_by_part{}',
    labels,
    name: 'error_ratio',
  })

describe('what the check of provider calls says', () => {
  const read = (detail: string) => readProviderCalls(detail, SERVICE)

  it('is about the home cloud unless another vendor alone is named', () => {
    expect(read('ec2 and rds calls fail 14 of 20').fault).toBe('home')
    expect(read('cloudflare API 500 for 20 of 20; aws calls ok').fault).toBe('foreign')
  })

  it('is our own trouble when we are refused or beyond our allowance', () => {
    expect(read('secrets: 429 RESOURCE_EXHAUSTED for our project, 15 of 20').fault).toBe('ours')
    expect(read('401 for 20 of 20 calls').fault).toBe('ours')
    expect(read('401 for 20 of 20 calls, the same from an unrelated account').fault).toBe('home')
  })

  it('is the home cloud’s trouble when nobody there takes a connection', () => {
    expect(read('2 of 2 tries failed: the connection to ec2.example failed (ECONNREFUSED)').fault).toBe('home')
    expect(read('12 of 20 calls: connection refused').fault).toBe('home')
    expect(read('12 of 20 calls refused').fault).toBe('ours')
  })

  it('knows whether others or other places meet it', () => {
    expect(read('rds calls 500; the same from our sandbox account')).toMatchObject({ othersToo: true })
    expect(read('rds calls fail 9 of 20; eu-central-1 all ok')).toMatchObject({ worksElsewhere: true })
    expect(read('rds calls fail 9 of 20; eu-central-1 fails too')).toMatchObject({ worksElsewhere: false })
  })

  it('does not take our own resolver for the cloud', () => {
    expect(read('s3 and sts: lookup timed out, 20 of 20').onlyNamesHere).toBe(true)
    expect(read('s3: SERVFAIL, from a public resolver too').onlyNamesHere).toBe(false)
    expect(read('s3: 503 for 12 of 20').onlyNamesHere).toBe(false)
  })
})

describe('remedies in place', () => {
  it('drain the one zone that fails while calls to the provider succeed', () => {
    const verdict = verdictOn(
      errors(step(0.002, 0.33, 10)),
      ...CALM,
      ...READY,
      busy({ zone: 'eu-west-1a' }, 0.002),
      busy({ zone: 'eu-west-1b' }, 0.98),
      busy({ zone: 'eu-west-1c' }, 0.002),
      changes(),
    )
    expect(verdict.recommendedAction).toBe('self_heal')
  })

  it('give room to a crowd that is still served for the most part', () => {
    const crowd = [
      errors(step(0.002, 0.4, 8)),
      series('request_rate', step(300, 2400, 8), { unit: 'per_second' }),
      series('cpu_utilization', step(0.4, 0.98, 8)),
      traffic(step(10, 30, 8)),
    ]
    expect(verdictOn(...crowd, ...CALM, ...READY).recommendedAction).toBe('self_heal')
    const flattened = [errors(step(0.002, 0.97, 8)), ...crowd.slice(1)]
    expect(verdictOn(...flattened, ...CALM, ...READY).recommendedAction).toBe('page_human')
  })

  it('use a switch where every place to go to is behind the same front', () => {
    const front = [
      errors(HALF_FAIL(10)),
      series('edge_5xx', HALF_FAIL(10)),
      series('origin_5xx', () => 0.001),
      ...CALM,
      check('internal_services', 'ok'),
      check('external_uptime', 'error', 'through the edge 503, origin asked directly: 200'),
      changes(),
    ]
    const shared = [
      ready('secondary', { sharedDependencies: ['cloudflare:cdn'] }),
      ready('dr', { sharedDependencies: ['cloudflare:cdn'] }),
    ]
    const lever = logs('a', { text: 'weights first=100 second=0; second is warm', level: 'info', from: 50 })
    expect(verdictOn(...front, ...shared, lever).recommendedAction).toBe('self_heal')
    expect(verdictOn(...front, ...shared).recommendedAction).toBe('page_human')
  })

  it('restart what holds an old certificate, if lines say that a restart renews it', () => {
    const refused = { text: 'x509: certificate has expired or is not yet valid', from: 9 }
    const renews = { text: 'no push to running pods; restart picks up the new leaf', level: 'warn', from: 50 } as const
    const on = (...lines: Parameters<typeof logs>[1][]) =>
      verdictOn(errors(HALF_FAIL(10)), ...CALM, ...READY, changes(), logs('a', ...lines))
    expect(on(refused, renews)).toMatchObject({
      recommendedAction: 'self_heal',
      rootCause: { category: 'internal_certificate' },
    })
    expect(on(refused).recommendedAction).toBe('page_human')
  })

  it('end work of our own that still runs, where a release would be undone', () => {
    const on = (kind: string) =>
      verdictOn(
        errors(HALF_FAIL(10)),
        ...CALM,
        ...READY,
        changes({ at: 12, kind, service: 'till', ref: 'rebuild-2020', summary: 'rebuild of receipts' }),
        logs('a', { text: 'quota exceeded, largest caller rebuild-2020', from: 10 }),
      )
    expect(on('job')).toMatchObject({ recommendedAction: 'self_heal', rootCause: { category: 'internal_capacity' } })
    expect(on('config').recommendedAction).toBe('rollback_change')
  })

  it('take another kind of machine when one is out of stock and what runs is well', () => {
    const on = (calls: string) =>
      verdictOn(
        errors(step(0.002, 0.1, 10)),
        check('node_states', 'ok'),
        check('provider_api', 'degraded', calls),
        logs('a', { text: 'creating instance: InsufficientInstanceCapacity', app: 'autoscaler', from: 12 }),
        ready('secondary', { capacity: 'low' }),
        ready('dr', { capacity: 'low' }),
        changes(),
      )
    expect(on('launches of kind a fail 9 of 10; launches of kind b pass').recommendedAction).toBe('self_heal')
    expect(on('launches fail 9 of 10').recommendedAction).toBe('page_human')
  })

  it('let the standby of one broken resource take over, if there is one', () => {
    const notice = event({ isAccountSpecific: true, affectedEntities: ['till-main'], category: 'notification' })
    const on = (detail: string) =>
      verdictOn(errors(HALF_FAIL(10)), ...CALM, ...READY, notice, check('db_replication_lag', 'ok', detail))
    expect(on('multi-AZ standby in sync').recommendedAction).toBe('self_heal')
    expect(on('no copies').recommendedAction).toBe('page_human')
  })
})

describe('a place to go to', () => {
  const outage = [
    errors(HALF_FAIL(10)),
    event(),
    check('external_uptime', 'error'),
    check('cross_cloud_probe', 'error'),
    changes(),
  ]
  const calls = (detail: string) => check('provider_api', 'error', detail)
  const there = (text: string) =>
    evidence('loki:there', 'loki', 'own_telemetry', [
      {
        kind: 'log_pattern',
        id: 'loki:there:pattern-1',
        query: 'there',
        stream: { app: 'watch', region: 'eu-central-1' },
        level: 'error',
        pattern: text,
        sample: text,
        count: 9,
        firstAt: ago(9),
        lastAt: ago(1),
      },
    ])

  it('is not ill because somebody stands there and misses others', () => {
    const failing = [...outage, calls('ec2 calls fail 14 of 20'), ...READY]
    expect(verdictOn(...failing, there('no heartbeat from 10.0.0.7')).recommendedAction).toBe('region_failover')
    expect(verdictOn(...failing, there('cannot write ledger, volume is gone')).recommendedAction).toBe('dr_failover')
  })

  it('is not free of a fault that its own calls meet, or whose product it needs as well', () => {
    const both = calls('s3 503 in eu-west-1 7 of 10, s3 503 in eu-central-1 6 of 10')
    expect(verdictOn(...outage, both, ...READY).recommendedAction).toBe('dr_failover')
    const shared = [ready('secondary', { sharedDependencies: ['aws:rds'] }), ready('dr')]
    expect(verdictOn(...outage, calls('ec2 calls fail 14 of 20'), ...shared).recommendedAction).toBe('dr_failover')
  })
})

it('a check that finds damaged data hands the matter to people', () => {
  const ledger = check('ledger_invariants', 'error', 'checksum mismatch in 3 of 40 tables')
  expect(verdictOn(errors(HALF_FAIL(10)), event(), ...READY, ledger).rootCause.category).toBe('internal_data')
})

describe('a change of ours', () => {
  const background = [errors(HALF_FAIL(10)), ...CALM, ...READY]

  it('is blamed for the name that its run handled and that errors complain about', () => {
    const run = {
      text: 'rotated till_app, version 7 written',
      app: 'rotator',
      namespace: 'ops',
      from: 12,
      level: 'info',
    } as const
    const complaint = (name: string) => ({ text: `password authentication failed for user "${name}"`, from: 10 })
    const rotation = changes({ at: 12, kind: 'config', service: 'rotator', ref: 'rot-8', summary: 'monthly passwords' })
    expect(verdictOn(...background, logs('a', run, complaint('till_app')), rotation).recommendedAction).toBe(
      'rollback_change',
    )
  })

  it('is blamed when only lines of its version are errors, and not when the old one writes them too', () => {
    const release = changes({ at: 400, ref: '7.2', summary: 'cache of totals', percent: 80 })
    const old = { text: 'paid ver=7.1', level: 'info', from: 55 } as const
    const fresh = { text: 'cannot close totals ver=7.2', from: 10 }
    const weight = (...lines: Parameters<typeof logs>[1][]) =>
      verdictOn(...background, logs('a', ...lines), release).reasoning
    expect(weight(old, fresh)).toContain('only lines of the new version are errors')
    expect(weight(old, fresh, { text: 'cannot close totals ver=7.1', from: 10 })).not.toContain('only lines of the new')
  })
})

describe('users', () => {
  it('are served when one meter of latency stands alone against all others, since the meter was changed', () => {
    const verdict = verdictOn(
      series('p95', step(0.3, 300, 20), { unit: 'seconds', sli: { role: 'latency', badWhen: 'high', objective: 1 } }),
      series('lb_latency_p95', () => 0.3, { unit: 'seconds' }),
      errors(() => 0.001),
      traffic(() => 40),
      check('external_uptime', 'ok'),
      check('cross_cloud_probe', 'ok'),
      check('internal_services', 'error', 'p95 300 s'),
      ...CALM,
      changes({ at: 22, kind: 'config', service: 'otel-collector', summary: 'new names of metrics' }),
    )
    expect(verdict.rootCause.category).toBe('monitoring_fault')
  })

  it('are not fewer because their retries have ended', () => {
    const verdict = verdictOn(
      errors((minutesAgo) => (minutesAgo > 20 ? 0.9 : 0.002)),
      traffic((minutesAgo) => (minutesAgo > 20 ? 300 : 225)),
      check('external_uptime', 'ok'),
      check('provider_api', 'error', 'ec2 launches fail 6 of 20'),
      event({ startedAt: ago(90) }),
      ...READY,
    )
    expect(verdict.recommendedAction).toBe('observe')
  })

  it('that get through from everywhere outside are not moved', () => {
    const failing = [
      errors(HALF_FAIL(10)),
      event(),
      check('provider_api', 'error', 'ec2 calls fail 14 of 20'),
      ...READY,
    ]
    const outside = (status: 'ok' | 'error') => [check('external_uptime', status), check('cross_cloud_probe', status)]
    expect(verdictOn(...failing, ...outside('error'), changes()).recommendedAction).toBe('region_failover')
    expect(verdictOn(...failing, ...outside('ok'), changes()).recommendedAction).toBe('page_human')
  })
})

describe('words of the trade', () => {
  it.each([
    ['providerFault', 'KMSInternalException', true],
    ['denied', 'password authentication failed for user "app"', true],
    ['capacity', 'export finished in 3600 s', false],
    ['capacity', 'shedding load', true],
    ['hardware', 'INFO: task jbd2/sda1-8:311 blocked for more than 120 seconds', true],
    ['certificate', 'The provided client secret keys are expired', true],
  ] as const)('%s: %s is %s', (topic, text, expected) => {
    expect(WORDS[topic].test(text)).toBe(expected)
  })
})
