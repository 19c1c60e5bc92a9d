import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { beforeAll, describe, expect, it } from 'vitest'
import { canonicalJson } from '../../agent/domain/canonical.ts'
import { Snapshot, snapshotHash } from '../../agent/domain/snapshot.ts'
import { epochMs, instantOf } from '../../agent/domain/time.ts'
import { collectEvidence } from '../../agent/engine/collect.ts'
import { systemClock } from '../../agent/lib/clock.ts'
import { asFault } from '../../agent/lib/errors.ts'
import { HttpClientOptions, httpClient } from '../../agent/lib/http-client.ts'
import { collectorsFor } from '../../collectors/index.ts'
import { httpOnlyPorts } from '../../collectors/shared/ports.ts'
import { loadRecordedIncidents, type RecordedIncident } from '../../evals/recorded-incident.ts'
import { recordedEntry } from '../../evals/recorded-scope.ts'
import { snapshotOf } from '../../evals/recorded-snapshot.ts'
import { recordedHttp, recordedUpstream } from '../../evals/recorded-upstream.ts'

let incidents: RecordedIncident[] = []
let snapshots: Snapshot[] = []

beforeAll(async () => {
  incidents = await loadRecordedIncidents(new URL('../../evals/incidents', import.meta.url).pathname)
  snapshots = await Promise.all(incidents.map((incident) => snapshotOf(incident)))
})

describe('the snapshot of a recorded incident', () => {
  it('is a snapshot, the same every time', async () => {
    for (const [index, incident] of incidents.entries()) {
      const snapshot = snapshots[index] as Snapshot
      expect(Snapshot.parse(snapshot)).toEqual(snapshot)
      expect(snapshot.takenAt).toBe(incident.decidedAt)
      expect(snapshot.alerts.length).toBeGreaterThan(0)
      expect(snapshotHash(await snapshotOf(incident))).toBe(snapshotHash(snapshot))
    }
  })

  it('says of every upstream what the file says of it, and fails only where the file does', () => {
    for (const [index, { upstream }] of incidents.entries()) {
      const evidence = snapshots[index]?.evidence ?? []
      const recorded = JSON.stringify(upstream)
      for (const one of evidence) {
        if (one.status !== 'failed') continue
        expect(['malformed', 'unknown', 'too_large', 'cancelled']).not.toContain(one.error?.kind)
        expect(recorded).toContain('"error"')
      }
      const idsOf = (prefix: string) => evidence.filter(({ id }) => id.startsWith(prefix)).length
      if (Array.isArray(upstream.prometheus)) expect(idsOf('prometheus:')).toBe(upstream.prometheus.length)
      if (Array.isArray(upstream.loki)) expect(idsOf('loki:')).toBe(upstream.loki.length)
      if (Array.isArray(upstream.statusPages)) expect(idsOf('status:')).toBe(upstream.statusPages.length)
      expect([idsOf('health:'), idsOf('readiness:'), idsOf('changes'), idsOf('aws-health')]).toEqual([6, 2, 1, 1])
    }
  })

  it('holds every recorded point, line and change', () => {
    for (const [index, { upstream }] of incidents.entries()) {
      const signals = (snapshots[index]?.evidence ?? []).flatMap((one) => one.signals)
      const recorded = JSON.stringify(upstream)
      const points = signals.flatMap((signal) => (signal.kind === 'series' ? signal.points : []))
      expect(points).toHaveLength([...recorded.matchAll(/\[\d{10},"[^"]*"\]/g)].length)
      const lines = signals.reduce((sum, signal) => sum + (signal.kind === 'log_pattern' ? signal.count : 0), 0)
      expect(lines).toBe([...recorded.matchAll(/\["\d{19}",/g)].length)
      const changes = signals.filter((signal) => signal.kind === 'change')
      expect(changes).toHaveLength(Array.isArray(upstream.changes) ? upstream.changes.length : 0)
    }
  })

  it('does not depend on anything that is for people and scorers only', async () => {
    for (const [index, incident] of incidents.entries()) {
      const { format, decidedAt, service, alert, upstream } = incident
      const bare = { format, decidedAt, service, alert, upstream, id: 'other', title: '', tags: [], provenance: null }
      expect(canonicalJson(await snapshotOf(bare))).toBe(canonicalJson(snapshots[index]))
    }
  })

  it('holds no secret of its upstreams', async () => {
    const [first] = incidents
    if (!first) throw new Error('there are no incidents')
    const key = 'AKIAQ3EGRS7XW4PLDN2C'
    const healthChecks = [{ signal: 'internal_services', status: 'error', detail: `key ${key} is refused` }]
    const alerts = (first.alert.alerts as Record<string, unknown>[]).map((alert) => ({
      ...alert,
      annotations: { summary: `with ${key}` },
    }))
    const snapshot = await snapshotOf({ ...first, alert: { ...first.alert, alerts }, upstream: { healthChecks } })
    expect(snapshot.alerts[0]?.annotations.summary).toMatch(/^with </)
    expect(JSON.stringify(snapshot)).toContain('is refused')
    expect(JSON.stringify(snapshot)).not.toContain(key)
  })

  it('works for an incident whose upstreams all failed, and for one that has none', async () => {
    const [first] = incidents
    if (!first) throw new Error('there are no incidents')
    const error = { error: { kind: 'timeout' } }
    const sections = ['healthChecks', 'awsHealth', 'statusPages', 'prometheus', 'loki', 'changes', 'readiness'] as const
    const dark = await snapshotOf({ ...first, upstream: Object.fromEntries(sections.map((name) => [name, error])) })
    expect(new Set(dark.evidence.map((one) => one.error?.kind))).toEqual(new Set(['timeout']))
    expect(dark.evidence.map(({ id }) => id)).toContain('prometheus:all')
    expect((await snapshotOf({ ...first, upstream: {} })).evidence).toEqual([])
  })

  it.each([
    ['subscription_required', 'subscription_required'],
    ['network', 'network'],
    ['auth', 'auth'],
    ['rate_limited', 'rate_limited'],
    ['malformed', 'malformed'],
    ['too_large', 'too_large'],
    ['http', 'http'],
    ['solar_flare', 'http'],
  ])('tells a recorded failure of kind %s as %s', async (recorded, kind) => {
    const [first] = incidents
    if (!first) throw new Error('there are no incidents')
    const error = { error: { kind: recorded } }
    const { evidence } = await snapshotOf({ ...first, upstream: { awsHealth: error, loki: error, changes: error } })
    expect(evidence.map((one) => one.error?.kind)).toEqual([kind, kind, kind])
  })
})

describe('the upstreams of a recorded incident', () => {
  const never = new AbortController().signal

  it('refuse what the recording cannot answer', async () => {
    const [incident] = incidents
    if (!incident) throw new Error('there are no incidents')
    const { http, unanswered } = recordedUpstream(incident, 'http://x.example/base')
    const asks = ['/feeds/horoscope', '/prometheus/nothing/api/v1/query_range?query=1', '/../feeds/health']
    for (const path of asks)
      await expect(http({ method: 'GET', url: `http://x.example/base${path}` }, never)).rejects.toMatchObject({
        code: 'internal',
      })
    await expect(http({ method: 'POST', url: 'http://x.example/base/aws-health' }, never)).rejects.toMatchObject({
      code: 'internal',
    })
    expect(unanswered).toHaveLength(4)
  })

  it('give the same evidence over real HTTP as in process', async () => {
    for (const incident of incidents.filter((_incident, index) => index % 12 === 0)) {
      const http = recordedHttp(incident)
      const server = createServer((request, response) => {
        let body = ''
        request.on('data', (chunk) => {
          body += chunk
        })
        request.on('end', async () => {
          const headers = request.headers as Record<string, string>
          const method = request.method as 'GET' | 'POST'
          try {
            const answer = await http({ method, url: `http://recorded.invalid${request.url}`, headers, body }, never)
            response.writeHead(answer.status, { ...answer.headers }).end(answer.body)
          } catch (error) {
            // A recorded silence is told by its code, as this test does not wait.
            response.destroy(asFault(error))
          }
        })
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      const nowMs = epochMs(incident.decidedAt)
      const { service, collectors } = recordedEntry(incident, base)
      const evidence = await collectEvidence(
        collectorsFor({ collectors }, httpOnlyPorts(systemClock)),
        { service },
        {
          window: { from: instantOf(nowMs - 3_600_000), to: incident.decidedAt },
          http: httpClient(HttpClientOptions.parse({})),
          mask: async (text) => text,
          clock: { ...systemClock, now: () => nowMs },
        },
        10_000,
      )
      server.close()
      server.closeAllConnections()
      const inProcess = (await snapshotOf(incident)).evidence
      const silent = (list: typeof evidence) =>
        list.map((one) => (['timeout', 'network'].includes(one.error?.kind ?? '') ? { ...one, error: 'silence' } : one))
      expect(silent(evidence)).toEqual(silent(inProcess))
    }
  })
})
