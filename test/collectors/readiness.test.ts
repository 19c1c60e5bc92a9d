import { describe, expect, it } from 'vitest'
import { Fault } from '../../agent/lib/errors.ts'
import type { HttpRequest } from '../../agent/lib/http.ts'
import { answering, collectedOne } from './round.ts'
import { fixture } from './samples.ts'

const options = {
  source: 'readiness' as const,
  target: 'secondary' as const,
  health: { url: 'https://dr.example/ready' },
  capacity: { url: 'https://metrics.example', query: 'min(capacity)' },
  lag: { postgres: { host: 'db.example', user: 'failwise' } },
  sharedDependencies: ['cloudflare:dns'],
  lastBackup: { url: 'https://backup.example/info.json', field: '0.backup.-1.timestamp.stop' },
  lastRestoreTest: { file: '/var/lib/restore-test' },
}

const backups = [{ backup: [{ timestamp: { stop: 1777000000 } }, { timestamp: { stop: 1777880000 } }] }]

function upstreams(changed: Record<string, unknown> = {}) {
  return answering(({ url }: HttpRequest) => {
    const { host } = new URL(url)
    if (host in changed) return changed[host]
    if (host === 'metrics.example') return { status: 200, body: fixture('prometheus/vector.json') }
    return host === 'backup.example' ? backups : { status: 200, body: 'ready' }
  })
}

const ports = {
  queryPostgres: async () => [{ in_recovery: true, silence: 0, misses_known_data: false, last_transaction_age: 1 }],
  readText: async () => '2026-04-20T08:00:00Z\n',
}

describe('readiness', () => {
  it('is measured part by part', async () => {
    const evidence = await collectedOne(options, upstreams(), ports)
    expect(evidence).toMatchObject({ id: 'readiness:secondary', observer: 'target', status: 'ok' })
    expect(evidence.signals[0]).toEqual({
      kind: 'readiness',
      id: 'readiness:secondary:1',
      target: 'secondary',
      exists: true,
      healthy: true,
      capacity: 'ok',
      replicationLagSeconds: 0,
      sharedDependencies: ['cloudflare:dns'],
      lastBackupAt: '2026-05-04T07:33:20.000Z',
      lastRestoreTestAt: '2026-04-20T08:00:00.000Z',
      checkedAt: '2026-05-04T10:00:00.000Z',
      detail: 'lag: streaming, heard of its source 0.0 s ago',
    })
  })

  it('leaves unknown what could not be measured, and tells it', async () => {
    const evidence = await collectedOne(
      options,
      upstreams({ 'metrics.example': { status: 500 }, 'backup.example': '<html>' }),
      ports,
    )
    expect(evidence.signals[0]).toMatchObject({ healthy: true, capacity: 'unknown', lastBackupAt: null })
    expect(evidence.signals[0]).toMatchObject({
      detail: expect.stringContaining('capacity: the capacity query answered 500'),
    })
  })

  it('has not looked when no part could be measured', async () => {
    const evidence = await collectedOne(
      { source: 'readiness', target: 'secondary', lastRestoreTest: options.lastRestoreTest },
      upstreams(),
      { readText: () => Promise.reject(new Error('ENOENT /secret')) },
    )
    expect(evidence).toMatchObject({ status: 'failed', error: { kind: 'network' } })
    expect(evidence.error?.message).not.toContain('/secret')
  })

  it('does not measure a place that the service does not have', async () => {
    const http = upstreams()
    const evidence = await collectedOne({ ...options, target: 'dr' }, http, ports)
    expect(evidence.signals[0]).toMatchObject({ exists: false, healthy: null, sharedDependencies: [] })
    expect(http.asked).toEqual([])
  })

  it.each([
    ['0.5', 'low'],
    ['0.01', 'none'],
    ['NaN', 'unknown'],
    ['1', 'ok'],
  ])('takes a share of %s for capacity %s', async (share, capacity) => {
    const answer = { status: 'success', data: { resultType: 'vector', result: [{ metric: {}, value: [1, share] }] } }
    const evidence = await collectedOne(options, upstreams({ 'metrics.example': answer }), ports)
    expect(evidence.signals[0]).toMatchObject({ capacity })
  })

  it('never takes an unhealthy, unreachable or flapping place for healthy', async () => {
    const down = await collectedOne(options, upstreams({ 'dr.example': { status: 503 } }), ports)
    expect(down.signals[0]).toMatchObject({ healthy: false })
    const gone = { queryPostgres: () => Promise.reject(new Fault('deadline', 'late')), readText: ports.readText }
    const cut = await collectedOne(options, upstreams(), gone)
    expect(cut.signals[0]).toMatchObject({ replicationLagSeconds: null })
  })

  it('does not believe a backup from the future', async () => {
    const evidence = await collectedOne(options, upstreams(), {
      ...ports,
      readText: async () => '2027-01-01T00:00:00Z',
    })
    expect(evidence.signals[0]).toMatchObject({ lastRestoreTestAt: null })
  })
})
