import { describe, expect, it } from 'vitest'
import { Fault } from '../../agent/lib/errors.ts'
import { escapeHtml, PAGE_SECURITY_POLICY, renderDecisionPage } from '../../agent/server/decision-page.ts'
import type { DecisionRecord } from '../../agent/server/deps.ts'
import { prefersHtml } from '../../agent/server/record-routes.ts'
import { serverUnderTest } from './harness.ts'

const EVIL = `<script>alert(1)</script><img src=x onerror=alert(1)>"'&`

const record: DecisionRecord = {
  id: 'dec-1',
  incidentId: 'inc-1',
  service: `checkout${EVIL}`,
  mode: 'shadow',
  decision: {
    action: 'page_human',
    disposition: 'notify',
    target: null,
    planHash: null,
    blocked: [{ action: 'region_failover', rules: ['two_observers', EVIL] }],
    reasons: [
      {
        rule: 'two_observers',
        action: 'region_failover',
        ceiling: 'none',
        outcome: 'block',
        detail: `1 observer class agrees ${EVIL}`,
      },
      { rule: 'frozen', action: null, ceiling: 'act', outcome: 'pass', detail: 'nothing is frozen' },
    ],
    decidedAt: '2026-03-01T12:01:00.000Z',
    snapshotHash: 'aa',
    factsHash: 'bb',
    policyHash: 'cc',
    expiresAt: null,
  },
  opinion: {
    analyst: 'rules',
    verdict: {
      rootCause: { category: 'aws_infrastructure', provider: 'aws', summary: EVIL },
      recommendedAction: 'region_failover',
      confidence: 0.82,
      reasoning: EVIL,
      citations: [{ evidence: `loki${EVIL}`, stance: 'supports', note: EVIL }],
      alternatives: [],
      unknowns: [EVIL],
    },
    abstained: null,
    calibratedConfidence: null,
    promptHash: null,
    notes: [EVIL],
    usage: null,
  },
  healthScore: {
    score: 9,
    maximum: 22,
    level: 'region_failover',
    contributions: [{ check: EVIL, status: 'error', weight: 5, points: 5, signal: null }],
  },
  snapshot: {
    alerts: [
      {
        fingerprint: 'f',
        name: EVIL,
        status: 'firing',
        severity: EVIL,
        labels: {},
        annotations: {},
        startsAt: '2026-03-01T11:58:00.000Z',
        endsAt: null,
        source: 'alertmanager',
      },
    ],
    evidence: [
      {
        id: 'loki:errors',
        source: 'loki',
        observer: 'own_telemetry',
        status: 'failed',
        observedAt: '2026-03-01T12:00:00.000Z',
        signals: [],
        error: { kind: 'timeout', message: EVIL },
      },
      {
        id: 'status',
        source: 'status-page',
        observer: 'provider',
        status: 'empty',
        observedAt: '2026-03-01T12:00:00.000Z',
        signals: [],
      },
      {
        id: 'logs',
        source: 'loki',
        observer: 'own_telemetry',
        status: 'ok',
        observedAt: '2026-03-01T12:00:00.000Z',
        signals: Array.from({ length: 30 }, (_, i) => ({
          kind: 'log_pattern' as const,
          id: `logs:${i}`,
          query: 'errors',
          stream: {},
          level: 'error' as const,
          pattern: EVIL,
          sample: EVIL,
          count: 3,
          firstAt: '2026-03-01T11:58:00.000Z',
          lastAt: '2026-03-01T12:00:00.000Z',
        })),
      },
    ],
  },
}

const getDecision = async (id: string) => (id === 'dec-1' ? record : null)
const browser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }

describe('a decision', () => {
  it('is JSON for programs, complete', async () => {
    const { app } = await serverUnderTest({}, { getDecision })
    for (const headers of [{}, { accept: '*/*' }, { accept: 'application/json' }]) {
      const response = await app.inject({ url: '/v1/decisions/dec-1', headers })
      expect(response.headers['content-type']).toContain('application/json')
      expect(response.json()).toEqual(JSON.parse(JSON.stringify(record)))
    }
  })

  it('is a page for people, without any script and with a policy that would stop one', async () => {
    const { app } = await serverUnderTest({}, { getDecision })
    const response = await app.inject({ url: '/v1/decisions/dec-1', headers: browser })
    expect(response.headers['content-type']).toContain('text/html')
    expect(response.headers['content-security-policy']).toBe(PAGE_SECURITY_POLICY)
    expect(PAGE_SECURITY_POLICY).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
    )
    expect(response.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    })
    expect(response.body).toContain('page_human')
    expect(response.body).toContain('two_observers')
    expect(response.body).toContain('nothing is frozen')
    expect(response.body).toContain('could not look (timeout)')
    expect(response.body).toContain('looked, nothing reported')
    expect(response.body).toContain('and 5 more')
    expect(response.body).toContain('Shadow mode')
  })

  it('shows hostile text as text', () => {
    const page = renderDecisionPage(record)
    expect(page).not.toMatch(/<script|<img|onerror=alert\(1\)>(?!&)/)
    expect(page).toContain(escapeHtml(EVIL))
    const tags = new Set([...page.matchAll(/<\/?([a-z0-9]+)/g)].map(([, tag]) => tag))
    const harmless = 'body code h1 h2 head html li meta p span strong style table tbody td th thead title tr ul'.split(
      ' ',
    )
    expect([...tags].filter((tag) => !harmless.includes(tag ?? ''))).toEqual([])
  })

  it('explains an abstention, a decision without an opinion, and one without blocks', () => {
    const abstained = { ...record.opinion, verdict: null, abstained: { reason: 'deadline', detail: 'took 31 s' } }
    expect(renderDecisionPage({ ...record, opinion: abstained as DecisionRecord['opinion'] })).toContain(
      'deadline: took 31 s',
    )
    expect(renderDecisionPage({ ...record, opinion: null, healthScore: null })).toContain('No analyst was asked')
    expect(renderDecisionPage({ ...record, decision: { ...record.decision, blocked: [] } })).toContain(
      'Nothing that was considered was blocked',
    )
  })

  it('shows what the anomaly model said, as text', () => {
    const at = record.decision.decidedAt
    const anomaly = {
      ...{ status: 'ok', scope: 'shop', at, score: 3, percentile: 0.99, threshold: 2, isAnomalous: true, since: at },
      ...{ missing: [], risk30: { probability: 0.6, baseRate: 0.055 }, modelVersion: 'v1' },
      contributions: [{ metric: '<b>errors</b>', share: 0.8, since: null }],
      trainedOn: { from: at, to: at, rows: 2000 },
    }
    const page = renderDecisionPage({ ...record, anomaly })
    expect(page).toContain('<h2>Against its own past</h2>')
    expect(page).toContain('&lt;b&gt;errors&lt;/b&gt;')
    expect(page).not.toContain('<b>errors')
    for (const older of [null, { risk: 0.4 }])
      expect(renderDecisionPage({ ...record, anomaly: older })).not.toContain('Against its own past')
  })

  it('that does not exist is 404, for browsers too', async () => {
    const { app } = await serverUnderTest({}, { getDecision })
    const response = await app.inject({ url: '/v1/decisions/dec-9', headers: browser })
    expect(response.statusCode).toBe(404)
    expect(response.json().error).toMatchObject({ code: 'not_found', message: 'there is no decision "dec-9"' })
  })

  it('is replayed from the record', async () => {
    const { app } = await serverUnderTest()
    expect((await app.inject({ method: 'POST', url: '/v1/decisions/dec-1/replay' })).json()).toEqual({
      id: 'dec-1',
      same: true,
    })
    const gone = async () => Promise.reject(new Fault('not_found', 'there is no decision "dec-9"'))
    const { app: other } = await serverUnderTest({}, { replay: gone })
    expect((await other.inject({ method: 'POST', url: '/v1/decisions/dec-9/replay' })).statusCode).toBe(404)
  })
})

describe('the accept header', () => {
  it.each([
    [browser.accept, true],
    ['text/html', true],
    ['application/json, text/html;q=0.9', false],
    ['application/json;q=0.5, text/html', true],
    ['text/html;q=0', false],
    ['*/*', false],
    [undefined, false],
    ['text/html;q=nonsense', false],
  ])('%j means a page: %s', (accept, expected) => {
    expect(prefersHtml(accept)).toBe(expected)
  })
})

describe('lists', () => {
  it('pass limit, cursor and filters on', async () => {
    const { app } = await serverUnderTest()
    expect((await app.inject('/v1/incidents')).json()).toEqual({
      items: [{ id: 'inc-1', limit: 50, cursor: null, state: null, service: null }],
      next: null,
    })
    expect(
      (await app.inject('/v1/incidents?limit=5&cursor=abc&state=open&service=checkout')).json().items[0],
    ).toMatchObject({ limit: 5, cursor: 'abc', state: 'open', service: 'checkout' })
    expect((await app.inject('/v1/decisions?incident=inc-1')).json()).toMatchObject({
      items: [{ incidentId: 'inc-1' }],
      next: 'dec-0',
    })
    expect((await app.inject('/v1/audit')).json()).toMatchObject({ items: [{ seq: 1 }] })
  })

  it.each(['limit=0', 'limit=501', 'limit=ten', 'state=broken', `cursor=${'x'.repeat(201)}`])(
    'refuse %s and say what is allowed',
    async (query) => {
      const { app } = await serverUnderTest()
      const response = await app.inject(`/v1/incidents?${query}`)
      expect(response.statusCode).toBe(400)
      expect(response.json().error.message).toMatch(new RegExp(`the querystring is not valid: ${query.split('=')[0]}:`))
    },
  )

  it('show one incident or say that there is none', async () => {
    const { app } = await serverUnderTest()
    expect((await app.inject('/v1/incidents/inc-1')).json()).toEqual({ incident: { id: 'inc-1' } })
    expect((await app.inject('/v1/incidents/inc-2')).statusCode).toBe(404)
  })
})

describe('the audit log', () => {
  it('is verified and exported line by line', async () => {
    const { app } = await serverUnderTest()
    expect((await app.inject('/v1/audit/verify')).json()).toEqual({ ok: true })
    const response = await app.inject('/v1/audit/export')
    expect(response.headers['content-type']).toBe('application/x-ndjson')
    expect(response.body).toBe('{"seq":1}\n')
  })

  it('hands filters, order and format on, and refuses what it does not know', async () => {
    const asked: unknown[] = []
    const { app } = await serverUnderTest(
      {},
      {
        listAudit: async (query) => {
          asked.push(query)
          return { items: [], next: null }
        },
        exportAudit: async (_to, format, query) => void asked.push({ format, ...query }),
      },
    )
    const filters = 'kind=freeze_set&service=checkout&text=x&from=2026-03-01T12:00:00Z&order=oldest'
    await app.inject(`/v1/audit?${filters}`)
    await app.inject(`/v1/audit/export?${filters}&format=csv&sort=service&columns=seq,words`)
    const filter = { kinds: ['freeze_set'], service: 'checkout', text: 'x', from: '2026-03-01T12:00:00.000Z' }
    expect(asked).toEqual([
      { filter, order: 'oldest', sort: 'seq', limit: 50, cursor: null },
      { format: 'csv', filter, order: 'oldest', sort: 'service', columns: ['seq', 'words'] },
    ])
    for (const wrong of [
      'kind=nothing',
      'order=random',
      'from=yesterday',
      'text=',
      'format=xml',
      'columns=secret',
      'sort=hash',
    ])
      expect((await app.inject(`/v1/audit/export?${wrong}`)).statusCode).toBe(400)
  })

  it('that cannot be read is 503, not an empty log', async () => {
    const exportAudit = async () => Promise.reject(new Fault('store_unavailable', 'the database went away'))
    const { app } = await serverUnderTest({}, { exportAudit })
    expect((await app.inject('/v1/audit/export')).statusCode).toBe(503)
  })
})

describe('operations', () => {
  it('announce a change', async () => {
    const { app, changes } = await serverUnderTest()
    const payload = { kind: 'deploy', service: 'checkout', ref: 'v42', summary: 'new\u0000 cart', rolloutPercent: 10 }
    const response = await app.inject({ method: 'POST', url: '/v1/changes', payload })
    expect(response.statusCode).toBe(202)
    expect(response.json()).toEqual({ id: 'chg-1' })
    expect(changes).toEqual([{ ...payload, summary: 'new\ufffd cart', at: '2026-03-01T12:00:10.000Z' }])
  })

  it('freeze and unfreeze with a reason, on somebody’s name', async () => {
    const { app, acts } = await serverUnderTest()
    const send = (method: 'POST' | 'DELETE', payload: object) => app.inject({ method, url: '/v1/freezes', payload })
    expect((await send('POST', { reason: 'load test' })).statusCode).toBe(201)
    expect((await send('DELETE', { service: 'checkout', reason: 'done' })).json()).toEqual({ unfrozen: 'checkout' })
    expect(acts).toEqual([
      {
        act: 'freeze',
        service: null,
        reason: 'load test',
        caller: { principal: 'local', requestId: 'req-1', person: null },
      },
      {
        act: 'unfreeze',
        service: 'checkout',
        reason: 'done',
        caller: { principal: 'local', requestId: 'req-2', person: null },
      },
    ])
  })

  it.each([
    ['/v1/changes', { kind: 'deploy' }, /service/],
    ['/v1/changes', { kind: 'deploy', service: 'x', at: 'today' }, /at: expected an ISO 8601 time/],
    ['/v1/changes', { kind: 'deploy', service: 'x', rolloutPercent: 101 }, /rolloutPercent/],
    ['/v1/freezes', {}, /reason/],
    ['/v1/freezes', { reason: '   ' }, /reason/],
  ])('%s refuses %j', async (url, payload, message) => {
    const { app, acts, changes } = await serverUnderTest()
    const response = await app.inject({ method: 'POST', url, payload })
    expect(response.statusCode).toBe(400)
    expect(response.json().error.message).toMatch(message)
    expect([...acts, ...changes]).toEqual([])
  })
})

describe('probes', () => {
  it('tell alive from ready', async () => {
    const readiness = async () => ({ isReady: false, checks: { store: 'cannot be reached' } })
    const { app } = await serverUnderTest({}, { readiness })
    expect((await app.inject('/healthz')).json()).toEqual({ status: 'ok' })
    const response = await app.inject('/readyz')
    expect(response.statusCode).toBe(503)
    expect(response.headers['retry-after']).toBe('5')
    expect(response.json()).toEqual({ status: 'not ready', checks: { store: 'cannot be reached' } })
  })

  it('give metrics in the format that Prometheus reads', async () => {
    const { app } = await serverUnderTest()
    const response = await app.inject('/metrics')
    expect(response.headers['content-type']).toContain('text/plain; version=0.0.4')
    expect(response.body).toContain('# TYPE failwise_alerts_total counter')
  })

  it('serve the documentation of every route', async () => {
    const { app } = await serverUnderTest()
    const docs = (await app.inject('/docs/json')).json()
    expect(docs.openapi).toBe('3.1.0')
    expect(Object.keys(docs.paths)).toContain('/v1/approvals/{id}/answer')
    const body = docs.paths['/v1/alerts/alertmanager'].post.requestBody.content['application/json'].schema
    expect(body.properties.alerts.items.properties).toHaveProperty('startsAt')
    const page = await app.inject('/docs')
    expect(page.statusCode).toBe(200)
    expect(String(page.headers['content-security-policy'])).not.toMatch(/upgrade-insecure-requests|validator/)
  })
})

describe('an unknown address', () => {
  it('is 404 with a hint, and its query is not repeated', async () => {
    const { app, logLines } = await serverUnderTest()
    const response = await app.inject('/v1/nothing?token=hunter2')
    expect(response.json()).toEqual({
      error: {
        code: 'not_found',
        message: 'there is nothing at GET /v1/nothing',
        hint: 'GET /docs lists the routes',
        requestId: 'req-1',
      },
    })
    expect(logLines.join('')).not.toContain('hunter2')
  })
})
