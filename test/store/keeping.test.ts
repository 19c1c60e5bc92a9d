import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Fault } from '../../agent/lib/errors.ts'
import { anchorFile, keepAnchors, parseAnchors, readAnchors } from '../../agent/store/anchors.ts'
import { storeFault } from '../../agent/store/faults.ts'
import { DEFAULT_RETENTION } from '../../agent/store/retention.ts'
import { agentSelf, claimed, decisionOf, OTHERS_LIVE } from './samples.ts'
import { openFolder, type TestStore, testServer } from './test-database.ts'

const server = testServer()

function score(test: TestStore, offsetMs: number, value: number, level: 'none' | 'self_heal' = 'none') {
  return {
    scope: 'checkout',
    at: test.at(offsetMs),
    score: value,
    maximum: 22,
    level,
    unknownWeight: 3,
    contributions: [],
  }
}

describe('scores', () => {
  it('know how long a level stands, and ignore what comes late', async () => {
    const test = await server.open()
    await test.store.scores.append([score(test, 0, 2)])
    await test.store.scores.append([score(test, 30_000, 5, 'self_heal')])
    await test.store.scores.append([score(test, 60_000, 6, 'self_heal')])
    await test.store.scores.append([score(test, 45_000, 0)])
    expect(await test.store.scores.current(['checkout', 'unknown'])).toMatchObject([
      { score: 6, level: 'self_heal', levelSince: test.at(30_000), evaluations: 2 },
    ])
  })

  it('that do not change are written as a sign of life only', async () => {
    const test = await server.open()
    for (let round = 0; round <= 20; round += 1) await test.store.scores.append([score(test, round * 30_000, 2)])
    expect(await test.sql('select count(*)::int as rows from score_points')).toEqual([{ rows: 3 }])
    expect(await test.store.scores.current()).toMatchObject([{ at: test.at(600_000), evaluations: 21 }])
  })

  it('are condensed with age, step by step, and the history tells each time once', async () => {
    const test = await server.open()
    const rounds = Array.from({ length: 240 }, (_, round) => score(test, round * 30_000, round % 2 === 0 ? 4 : 8))
    for (const round of rounds) await test.store.scores.append([round])
    const window = { from: test.at(-1), to: test.at(100 * 86_400_000) }
    expect(await test.store.scores.history('checkout', window)).toHaveLength(240)
    test.clock.advance(49 * 3_600_000 + 7_200_000)
    expect(await test.store.maintenance.prune(DEFAULT_RETENTION)).toMatchObject({ rawScores: 240 })
    const fine = await test.store.scores.history('checkout', window)
    expect(fine).toHaveLength(24)
    expect(fine[0]).toMatchObject({ minimum: 4, maximum: 8, samples: 10 })
    expect(fine[0]!.mean).toBeCloseTo(6, 1)
    test.clock.advance(15 * 86_400_000)
    await test.store.maintenance.prune(DEFAULT_RETENTION)
    const coarse = await test.store.scores.history('checkout', window)
    expect(coarse.map((bucket) => bucket.samples)).toEqual([120, 120])
    test.clock.advance(366 * 86_400_000)
    await test.store.maintenance.prune(DEFAULT_RETENTION)
    expect(await test.store.scores.history('checkout', window)).toEqual([])
  })

  it('of ten thousand scopes are stored in one round', async () => {
    const test = await server.open()
    const points = Array.from({ length: 10_000 }, (_, place) => ({
      ...score(test, 0, place % 7),
      scope: `scope-${place}`,
    }))
    await test.store.scores.append(points)
    expect(await test.store.scores.current()).toHaveLength(10_000)
  })

  it('metrics of a health event replace older ones only', async () => {
    const { store, at } = await server.open()
    const metrics = { scope: 'checkout', sourceCloud: 'aws', severity: 'warning', metrics: { cpu: 0.9 } }
    await store.scores.recordMetrics({ ...metrics, at: at(1000) })
    await store.scores.recordMetrics({ ...metrics, at: at(), metrics: { cpu: 0.1 } })
    expect(await store.scores.metrics('checkout')).toMatchObject([{ metrics: { cpu: 0.9 }, at: at(1000) }])
  })
})

describe('retention', () => {
  it('prunes raw bodies, and the record keeps their hashes and verifies', async () => {
    const test = await server.open()
    const bytes = Buffer.from('raw')
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const body = { sha256, source: 'loki', contentType: 'application/json', bytes }
    const given = decisionOf(test, await claimed(test), { bodies: { loki: [body] } })
    const { id } = await test.store.decisions.record(given)
    test.clock.advance(31 * 86_400_000)
    expect(await test.store.maintenance.prune(DEFAULT_RETENTION)).toMatchObject({ rawBodies: 1 })
    expect(await test.store.bodies.get(sha256)).toBeNull()
    expect((await test.store.decisions.get(id))?.bodies).toEqual({ loki: [sha256] })
    expect(await test.store.audit.verify(test.anchors)).toMatchObject({ ok: true })
  })
})

describe('the outbox', () => {
  it('keeps one message per key, hands each out once, and tries again when told', async () => {
    const test = await server.open()
    const message = { dedupeKey: 'page-1', channel: 'webhook', payload: { text: 'hello' }, incidentId: null }
    expect(await test.store.outbox.enqueue(message)).toBe(true)
    expect(await test.store.outbox.enqueue(message)).toBe(false)
    const claims = await Promise.all([test.store.outbox.claim(5, 60_000), test.store.outbox.claim(5, 60_000)])
    const [claim] = claims.flat()
    expect(claims.flat()).toHaveLength(1)
    await test.store.outbox.markFailed(claim!.id, 'HTTP 500', test.at(5000))
    expect(await test.store.outbox.claim(5, 60_000)).toEqual([])
    test.clock.advance(5000)
    expect(await test.store.outbox.claim(5, 60_000)).toMatchObject([{ attempts: 2, lastError: 'HTTP 500' }])
    await test.sql(`update notifications set lease_until = now() - interval '1 s'`)
    expect(await test.store.outbox.claim(5, 60_000)).toMatchObject([{ attempts: 3 }])
    await test.store.outbox.markSent(claim!.id)
    expect(await test.store.outbox.list({ state: 'sent' })).toHaveLength(1)
    await expect(test.store.outbox.markSent('msg_none')).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('agents', () => {
  it('are known while they give signs of life, and locks are held by one', async () => {
    const test = await server.open()
    await test.store.agents.register(agentSelf('agent-a'), OTHERS_LIVE)
    expect(await test.store.agents.dead(60_000)).toEqual([])
    await test.sql(`update agents set heartbeat_at = now() - interval '2 minutes'`)
    expect(await test.store.agents.dead(60_000)).toMatchObject([{ id: 'agent-a' }])
    expect(await test.store.agents.heartbeat(agentSelf('agent-a'))).toBe('known')
    expect(await test.store.agents.dead(60_000)).toEqual([])
    await test.store.agents.remove('agent-a')
    expect(await test.store.agents.list()).toEqual([])
    expect(await test.store.agents.heartbeat(agentSelf('agent-a'))).toBe('was_taken_for_dead')
    expect(await test.store.agents.list()).toMatchObject([{ id: 'agent-a' }])
    const nested = await test.store.agents.alone('sweep', () => test.store.agents.alone('sweep', async () => 'inner'))
    expect(nested).toBeNull()
    expect(await test.store.agents.alone('sweep', async () => 'free again')).toBe('free again')
    const bug = new Error('a bug of the caller')
    await expect(test.store.agents.alone('sweep', () => Promise.reject(bug))).rejects.toBe(bug)
  })

  it('see each delivery once', async () => {
    const { store } = await server.open()
    const seen = await Promise.all([store.agents.isFirstDelivery('sns', '1'), store.agents.isFirstDelivery('sns', '1')])
    expect(seen.sort()).toEqual([false, true])
  })
})

describe('changes', () => {
  it('are stored once and found by service and time', async () => {
    const { store, at } = await server.open()
    const change = {
      id: 'deploy-1',
      service: 'checkout',
      changeKind: 'deploy',
      at: at(),
      ref: 'abc',
      summary: 's',
      rolloutPercent: 50,
      source: 'ci',
    }
    expect(await store.changes.record(change)).toBe(true)
    expect(await store.changes.record(change)).toBe(false)
    expect(await store.changes.within(['checkout'], { from: at(), to: at(1) })).toMatchObject([
      { ref: 'abc', rolloutPercent: 50 },
    ])
    expect(await store.changes.within(['checkout'], { from: at(-1), to: at() })).toEqual([])
    expect(await store.changes.within([], { from: at(), to: at(1) })).toEqual([])
  })
})

describe('anomaly models', () => {
  const modelAt = (id: string, trainedAt: string, service = 'checkout') => {
    return { id, service, version: id, trainedAt, metadata: { samples: 3 } }
  }

  it('are kept in their newest versions', async () => {
    const { store, at, sql } = await server.open()
    const model = modelAt('m1', at())
    await store.anomalyModels.save(model, new Uint8Array([1, 0, 255]))
    await store.anomalyModels.save(modelAt('m2', at(1)), new Uint8Array([2]))
    expect((await store.anomalyModels.latest('checkout'))?.model.version).toBe('m2')
    expect([...(await store.anomalyModels.get('m1'))!.bytes]).toEqual([1, 0, 255])
    await expect(store.anomalyModels.save(model, new Uint8Array())).rejects.toMatchObject({ code: 'conflict' })
    await store.anomalyModels.save(modelAt('other', at(), 'search'), new Uint8Array([9]))
    for (const n of [3, 4, 5, 6]) await store.anomalyModels.save(modelAt(`m${n}`, at(n)), new Uint8Array([n]))
    expect(await store.anomalyModels.get('m1')).toBeNull()
    expect(await sql('select count(*)::int as kept from anomaly_models')).toEqual([{ kept: 6 }])
  })

  it('keep where their stream was left, and never go back', async () => {
    const { store, at } = await server.open()
    expect(await store.anomalyModels.stream('checkout')).toBeNull()
    await store.anomalyModels.save(modelAt('m1', at()), new Uint8Array([1]))
    expect(await store.anomalyModels.stream('checkout')).toEqual({ modelId: 'm1', at: null, bytes: null })
    const read = (modelId: string, ms: number) =>
      store.anomalyModels.saveStream('checkout', { modelId, at: at(ms), bytes: new Uint8Array([7, ms]) })
    expect(await read('m1', 20)).toBe(true)
    expect(await read('m1', 10)).toBe(false)
    expect(await store.anomalyModels.stream('checkout')).toMatchObject({ at: at(20) })
    await store.anomalyModels.save(modelAt('m2', at(30)), new Uint8Array([2]))
    expect(await read('m1', 40)).toBe(false)
    expect(await store.anomalyModels.stream('checkout')).toEqual({ modelId: 'm2', at: null, bytes: null })
  })

  it('are listed with why the last training gave none', async () => {
    const { store, at } = await server.open()
    await store.anomalyModels.refuse('young', at(), 'too little history')
    await store.anomalyModels.save(modelAt('m1', at()), new Uint8Array([1]))
    await store.anomalyModels.refuse('checkout', at(5), 'its metrics are away')
    const [checkout, young] = await store.anomalyModels.scopes()
    expect(checkout).toMatchObject({ model: modelAt('m1', at()), attemptedAt: at(5), refusal: 'its metrics are away' })
    expect(young).toMatchObject({ service: 'young', model: null, refusal: 'too little history' })
    expect(await store.anomalyModels.scopes(['young'])).toEqual([young])
    expect(await store.anomalyModels.scopes([])).toEqual([])
    expect((await store.anomalyModels.latest('checkout'))?.model.id).toBe('m1')
    expect(await store.anomalyModels.latest('young')).toBeNull()
  })
})

describe('anchors', () => {
  const head = (seq: number) => ({ seq, hash: String(seq).repeat(64).slice(0, 64), at: '2026-03-01T12:00:00.000Z' })

  it('are read back from files and log lines, past torn and foreign lines', async () => {
    const file = `${await openFolder()}/anchors/heads.ndjson`
    await anchorFile(file)(head(1))
    await anchorFile(file)(head(2))
    expect(await readAnchors(file)).toEqual([head(1), head(2)])
    expect(await readAnchors(`${file}.none`)).toEqual([])
    const log = `{"level":30,"auditHead":${JSON.stringify(head(3))}}\nnot json "hash"\n{"seq":4,"hash":`
    expect(parseAnchors(log)).toEqual([head(3)])
  })

  it('under load write the newest head, and a failing writer is told about, not waited for', async () => {
    const written: number[] = []
    const faults: Fault[] = []
    const keeper = keepAnchors(
      [
        async ({ seq }) => void written.push(seq),
        async () => {
          throw new Error('no such folder')
        },
      ],
      (fault) => faults.push(fault),
    )
    for (const seq of [1, 2, 5, 4]) keeper.anchor(head(seq))
    await keeper.settle()
    keeper.anchor(head(5))
    await keeper.settle()
    expect(written).toEqual([5])
    expect(faults).toHaveLength(1)
  })
})

describe('faults of the database', () => {
  const answered = (code: string) => Object.assign(new Error('x'), { code, severity: 'ERROR' })
  it.each([
    ['connection refused', Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 'store_unavailable'],
    ['a connection that ended', new Error('x'), 'store_unavailable'],
    ['a server going down', answered('57P01'), 'store_unavailable'],
    ['too many connections', answered('53300'), 'store_unavailable'],
    ['a full disk', answered('53100'), 'store_unavailable'],
    ['a wrong password', answered('28P01'), 'store_unavailable'],
    ['a duplicate', answered('23505'), 'conflict'],
  ])('%s', (_name, error, code) => {
    expect(storeFault(error)).toMatchObject({ code })
    expect((storeFault(error) as Fault).cause).toBe(error)
  })

  it('leave programming errors and faults as they are', () => {
    for (const error of [new TypeError('x'), new Fault('conflict', 'x'), answered('42703')])
      expect(storeFault(error)).toBe(error)
  })
})
