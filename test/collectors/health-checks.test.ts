import { describe, expect, it } from 'vitest'
import { Fault } from '../../agent/lib/errors.ts'
import { answering, collectedOne, manualClock } from './round.ts'
import { fixture, SAMPLES } from './samples.ts'

const reset = () =>
  Promise.reject(new Fault('upstream_unreachable', 'the connection to shop.example failed (ECONNRESET)'))

describe('the HTTP check', () => {
  it('is ok on the first good answer', async () => {
    const http = answering({ status: 204 })
    const evidence = await collectedOne(SAMPLES['health-http'], http)
    expect(evidence).toMatchObject({ id: 'health:internal_services', observer: 'own_telemetry', status: 'ok' })
    expect(evidence.signals[0]).toMatchObject({ check: 'internal_services', status: 'ok', latencyMs: 0 })
    expect(http.asked).toHaveLength(1)
  })

  it('takes a refusal for an answer: it looked, and it is down', async () => {
    const evidence = await collectedOne(SAMPLES['health-http'], answering(reset))
    expect(evidence.status).toBe('ok')
    expect(evidence.signals[0]).toMatchObject({
      status: 'error',
      latencyMs: null,
      detail: '2 of 2 tries failed: the connection to shop.example failed (ECONNRESET)',
    })
  })

  it('is degraded when one try fails and the next does not', async () => {
    let tries = 0
    const evidence = await collectedOne(
      SAMPLES['health-http'],
      answering(() => ({ status: ++tries === 1 ? 503 : 200 })),
    )
    expect(evidence.signals[0]).toMatchObject({ status: 'degraded', detail: '1 of 2 tries failed: status 503' })
  })

  it('misses a text, and counts time', async () => {
    const missing = await collectedOne(
      { ...SAMPLES['health-http'], bodyContains: 'ready' },
      answering({ status: 200, body: 'down' }),
    )
    expect(missing.signals[0]).toMatchObject({
      status: 'error',
      detail: '2 of 2 tries failed: the expected text is missing',
    })
    const clock = manualClock()
    const slowly = answering(async () => {
      await clock.advance(900)
      return { status: 200 }
    })
    const slow = await collectedOne({ ...SAMPLES['health-http'], degradedAboveMs: 500 }, slowly, { clock })
    expect(slow.signals[0]).toMatchObject({ status: 'degraded', latencyMs: 900, detail: 'slow' })
  })

  it('takes silence for an error, before its own time is over', async () => {
    const clock = manualClock()
    const collecting = collectedOne(
      SAMPLES['health-http'],
      answering(() => new Promise(() => {})),
      { clock },
    )
    for (let wait = 0; wait < 19; wait++) await clock.advance(250)
    const evidence = await collecting
    expect(evidence.signals[0]).toMatchObject({
      status: 'error',
      detail: '2 of 2 tries failed: no answer within 2250 ms',
    })
  })
})

describe('the provider API check', () => {
  it('takes a refusal of an unsigned call for a working front', async () => {
    const evidence = await collectedOne(SAMPLES['health-provider-api'], answering({ status: 403 }))
    expect(evidence).toMatchObject({ id: 'health:provider_api', observer: 'provider' })
    expect(evidence.signals[0]).toMatchObject({ status: 'ok' })
    const down = await collectedOne(SAMPLES['health-provider-api'], answering({ status: 503 }))
    expect(down.signals[0]).toMatchObject({ status: 'error' })
  })
})

describe('the TCP check', () => {
  it('connects, or says why not', async () => {
    const up = await collectedOne(SAMPLES['health-tcp'], answering({}), { connectTcp: async () => {} })
    expect(up.signals[0]).toMatchObject({ check: 'broker', status: 'ok', detail: 'connected' })
    const refused = Object.assign(new Error('secret'), { code: 'ECONNREFUSED' })
    const down = await collectedOne(SAMPLES['health-tcp'], answering({}), { connectTcp: () => Promise.reject(refused) })
    expect(down.signals[0]).toMatchObject({
      status: 'error',
      detail: 'broker.example:5671 does not accept connections (ECONNREFUSED)',
    })
  })
})

describe('the TLS check', () => {
  const served = (validTo: string, problem: string | null = null) =>
    collectedOne(SAMPLES['health-tls'], answering({}), {
      certificateOf: async () => ({ validFrom: '2026-01-01T00:00:00.000Z', validTo, problem }),
    })

  it.each([
    ['2026-08-01T00:00:00.000Z', null, 'ok'],
    ['2026-05-09T00:00:00.000Z', null, 'degraded'],
    ['2026-05-04T09:59:59.000Z', 'CERT_HAS_EXPIRED', 'error'],
    ['2026-08-01T00:00:00.000Z', 'SELF_SIGNED_CERT_IN_CHAIN', 'error'],
  ])('a certificate to %s with problem %s is %s', async (validTo, problem, status) => {
    expect((await served(validTo, problem)).signals[0]).toMatchObject({ check: 'tls_certificate', status })
  })

  it('does not take a failed handshake for an expired certificate', async () => {
    const certificateOf = () => Promise.reject(Object.assign(new Error('x'), { code: 'ECONNRESET' }))
    const evidence = await collectedOne(SAMPLES['health-tls'], answering({}), { certificateOf })
    expect(evidence.signals[0]).toMatchObject({ status: 'unknown' })
  })
})

describe('the replication lag check', () => {
  const measured = (row: Record<string, unknown>) =>
    collectedOne(SAMPLES['health-postgres-lag'], answering({}), { queryPostgres: async () => [row] })
  const standby = { in_recovery: true, silence: 0.2, misses_known_data: false, last_transaction_age: 300 }

  it.each([
    ['an idle standby that hears its source', standby, 'ok'],
    ['one whose source fell silent', { ...standby, silence: 40 }, 'degraded'],
    // Cut off, it has replayed all it got and cannot know what it lacks.
    ['one that is cut off', { ...standby, silence: null, misses_known_data: null }, 'error'],
    ['one that receives slowly', { ...standby, misses_known_data: true }, 'error'],
    ['one that is nearly there', { ...standby, misses_known_data: true, last_transaction_age: 4 }, 'ok'],
    ['one that has seen nothing', { ...standby, silence: null, last_transaction_age: null }, 'unknown'],
    ['a primary', { ...standby, in_recovery: false }, 'unknown'],
    ['no row', {}, 'unknown'],
  ])('%s is judged by the recovery point objective', async (_title, row, status) => {
    expect((await measured(row)).signals[0]).toMatchObject({ check: 'db_replication_lag', status })
  })

  it('is failed evidence when nobody answers', async () => {
    const queryPostgres = () =>
      Promise.reject(new Fault('upstream_unreachable', 'PostgreSQL at db.example cannot be reached'))
    const evidence = await collectedOne(SAMPLES['health-postgres-lag'], answering({}), { queryPostgres })
    expect(evidence.error?.kind).toBe('network')
  })
})

describe('the SQL assertion', () => {
  const of = (expect: object, rows: Record<string, unknown>[]) =>
    collectedOne({ ...SAMPLES['health-sql'], expect } as (typeof SAMPLES)['health-sql'], answering({}), {
      queryPostgres: async () => rows,
    })

  it.each([
    [{ equals: true }, true, 'ok'],
    [{ equals: true }, false, 'error'],
    [{ equals: 5 }, '5', 'ok'],
    [{ equals: 'ab' }, 'ab', 'ok'],
    [{ min: 1, max: 10 }, '7', 'ok'],
    [{ min: 1 }, 0, 'error'],
    [{ max: 10 }, 'text', 'error'],
    [{ equals: 5 }, null, 'unknown'],
  ])('expects %o and finds %s', async (expected, value, status) => {
    expect((await of(expected, [{ value }])).signals[0]).toMatchObject({ check: 'orders_sum', status })
  })

  it('masks the value that it shows, and refuses tables', async () => {
    const evidence = await of({ equals: 'x' }, [{ value: 'hunter2' }])
    expect(evidence.signals[0]).toMatchObject({ detail: '<secret:password:0000> instead of {"equals":"x"}' })
    expect((await of({ equals: 'x' }, [{ a: 1, b: 2 }])).error?.kind).toBe('malformed')
    expect((await of({ equals: 'x' }, [])).error?.kind).toBe('malformed')
  })
})

describe('the node check', () => {
  it('counts a node whose state is unknown as not ready, and tells the zones', async () => {
    const http = answering({ status: 200, body: fixture('health-kubernetes/nodes.json') })
    const evidence = await collectedOne(SAMPLES['health-kubernetes'], http)
    expect(evidence.signals[0]).toMatchObject({
      check: 'node_states',
      status: 'error',
      detail: '1 of 4 nodes Ready, not ready: 1 in eu-west-1a, 1 in eu-west-1b, 1 in no zone',
    })
  })

  it('follows pages', async () => {
    const node = (status: string) => ({ metadata: {}, status: { conditions: [{ type: 'Ready', status }] } })
    const http = answering(({ url }: { url: string }) =>
      url.includes('continue=p2')
        ? { kind: 'NodeList', items: [node('False')] }
        : { kind: 'NodeList', metadata: { continue: 'p2' }, items: Array.from({ length: 19 }, () => node('True')) },
    )
    const evidence = await collectedOne(SAMPLES['health-kubernetes'], http)
    expect(evidence.signals[0]).toMatchObject({
      status: 'degraded',
      detail: '19 of 20 nodes Ready, not ready: 1 in no zone',
    })
  })

  it('knows nothing of a cluster without nodes', async () => {
    const evidence = await collectedOne(SAMPLES['health-kubernetes'], answering({ kind: 'NodeList', items: [] }))
    expect(evidence.signals[0]).toMatchObject({ status: 'unknown' })
  })
})

describe('the remote probe', () => {
  it('asks the prober over there', async () => {
    const http = answering({ status: 200, body: fixture('health-remote-probe/probe.txt') })
    const evidence = await collectedOne(SAMPLES['health-remote-probe'], http)
    expect(http.asked[0]?.url).toBe('https://prober.example/probe?target=https%3A%2F%2Fshop.example&module=http_2xx')
    expect(evidence).toMatchObject({ id: 'health:cross_cloud_probe', observer: 'outside_probe' })
    expect(evidence.signals[0]).toMatchObject({ status: 'ok', latencyMs: 321, detail: 'reached, status 200' })
    const failed = fixture('health-remote-probe/probe.txt').replace('probe_success 1', 'probe_success 0')
    const down = await collectedOne(SAMPLES['health-remote-probe'], answering({ status: 200, body: failed }))
    expect(down.signals[0]).toMatchObject({ status: 'error' })
  })
})
