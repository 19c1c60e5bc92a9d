import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { snsReceiver } from '../../agent/ingest/sns.ts'
import { Fault } from '../../agent/lib/errors.ts'
import { signBody } from '../../agent/lib/signature.ts'
import { webhookText } from '../fixtures/webhooks/read.ts'
import { bearer, INGEST_TOKEN, NOW, READ_TOKEN, serverUnderTest, TOKENS } from './harness.ts'

const json = { 'content-type': 'application/json' }
const post = (url: string, payload: string, headers: Record<string, string> = json) => ({
  method: 'POST' as const,
  url,
  payload,
  headers,
})
const secret = 'a-shared-secret-0123'

describe('each entrance', () => {
  it.each([
    ['/v1/alerts/alertmanager', 'alertmanager.json', 2],
    ['/v1/alerts/grafana', 'grafana.json', 2],
    ['/v1/alerts/pagerduty', 'pagerduty-triggered.json', 1],
    ['/v1/alerts/sns', 'cloudwatch-raw.json', 1],
  ])('%s takes a recorded body and answers 202', async (url, fixture, count) => {
    const { app, ingested } = await serverUnderTest()
    const response = await app.inject(post(url, webhookText(fixture)))
    expect(response.statusCode).toBe(202)
    expect(response.json()).toMatchObject({ accepted: count, incidents: ['inc-1'], requestId: 'req-1' })
    expect(response.headers['x-request-id']).toBe('req-1')
    expect(ingested).toHaveLength(1)
    expect(ingested[0]?.meta).toMatchObject({
      principal: 'local',
      receivedAt: '2026-03-01T12:00:10.000Z',
      raw: webhookText(fixture),
    })
  })

  it('for scripts takes one alert or several', async () => {
    const { app, ingested } = await serverUnderTest()
    await app.inject(post('/v1/alerts/generic', '{"name":"Down","service":"checkout"}'))
    await app.inject(post('/v1/alerts/generic', '{"alerts":[{"name":"A"},{"name":"B"}]}'))
    expect(ingested.map(({ alerts }) => alerts.length)).toEqual([1, 2])
  })

  it('accepts a delivery without alerts and stores nothing', async () => {
    const { app, ingested } = await serverUnderTest()
    const response = await app.inject(post('/v1/alerts/pagerduty', webhookText('pagerduty-annotated.json')))
    expect(response.statusCode).toBe(202)
    expect(response.json()).toMatchObject({ accepted: 0, notes: [{ kind: 'ignored' }] })
    expect(ingested).toEqual([])
  })

  it('reports alerts that fit no service, in the answer, the log and the metrics', async () => {
    const { app, registry, logLines } = await serverUnderTest()
    const response = await app.inject(post('/v1/alerts/generic', '{"name":"Lost","fingerprint":"lost-1"}'))
    expect(response.json()).toMatchObject({ accepted: 1, unmatched: ['lost-1'] })
    expect(logLines.join('')).toContain('lost-1')
    expect(await registry.metrics()).toContain('failwise_alerts_unmatched_total{source="generic"} 1')
  })

  it.each([
    'text/plain; charset=UTF-8',
    'application/x-www-form-urlencoded',
    'application/cloudevents+json',
    'nonsense',
    '',
  ])('reads JSON under the content type %j', async (type) => {
    const { app } = await serverUnderTest()
    const headers: Record<string, string> = type === '' ? {} : { 'content-type': type }
    const response = await app.inject(
      post('/v1/alerts/alertmanager', `\ufeff${webhookText('alertmanager.json')}`, headers),
    )
    expect(response.statusCode).toBe(202)
  })
})

describe('the answer', () => {
  it('waits until the alerts are stored', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const order: string[] = []
    const { app } = await serverUnderTest(
      {},
      {
        ingest: async () => {
          await promise
          order.push('stored')
          return { incidents: [], unmatched: [] }
        },
      },
    )
    const answer = app
      .inject(post('/v1/alerts/alertmanager', webhookText('alertmanager.json')))
      .then(() => order.push('answered'))
    resolve()
    await answer
    expect(order).toEqual(['stored', 'answered'])
  })

  it('is 503 with Retry-After while the store is away, so that the sender retries', async () => {
    const faults = [
      new Fault('store_unavailable', 'the database cannot be reached', { retryAfterMs: 12_000 }),
      new Fault('store_unavailable', 'the database cannot be reached'),
    ]
    const { app } = await serverUnderTest({}, { ingest: async () => Promise.reject(faults.shift()) })
    const first = await app.inject(post('/v1/alerts/alertmanager', webhookText('alertmanager.json')))
    expect(first.statusCode).toBe(503)
    expect(first.headers['retry-after']).toBe('12')
    expect(first.json()).toMatchObject({ error: { code: 'store_unavailable', requestId: 'req-1' } })
    const second = await app.inject(post('/v1/alerts/alertmanager', webhookText('alertmanager.json')))
    expect(second.headers['retry-after']).toBe('5')
  })

  it('to a fault of our own is 500 and tells nothing about the inside', async () => {
    const broken = async () => Promise.reject(new TypeError('cannot read password of postgres://user:hunter2@db'))
    const { app, logLines } = await serverUnderTest({}, { ingest: broken })
    const response = await app.inject(post('/v1/alerts/alertmanager', webhookText('alertmanager.json')))
    expect(response.statusCode).toBe(500)
    expect(response.body).not.toMatch(/hunter2|TypeError|\.ts:/)
    expect(response.json()).toMatchObject({ error: { code: 'internal', requestId: 'req-1' } })
    expect(logLines.join('')).toContain('req-1')
    expect(logLines.join('')).not.toContain('hunter2')
  })

  it.each([
    ['{"version":"4",', /not JSON: it ends too early/],
    ['{"version":"4",,}', /not JSON: unexpected text at line 1, column 16/],
    ['<html>', /not JSON/],
    ['', /expected object, received/],
    ['[]', /expected object, received array/],
    ['"4"', /expected object, received string/],
    [
      JSON.stringify({ ...JSON.parse(webhookText('alertmanager.json')), version: '3' }),
      /must be of version "4".*not "3"/,
    ],
    ['{"version":"4","alerts":[{}]}', /alerts\[0\]\.status/],
  ])('to %j is 400 and says what was expected', async (payload, message) => {
    const { app, ingested } = await serverUnderTest()
    const response = await app.inject(post('/v1/alerts/alertmanager', payload))
    expect(response.statusCode).toBe(400)
    expect(response.json().error).toMatchObject({ code: 'payload_invalid', message: expect.stringMatching(message) })
    expect(ingested).toEqual([])
  })

  it('does not repeat a body that did not parse, since it may hold secrets', async () => {
    const { app, logLines } = await serverUnderTest()
    const response = await app.inject(post('/v1/alerts/generic', '{"name": hunter2-password}'))
    expect(response.body + logLines.join('')).not.toContain('hunter2')
  })

  it('to a compressed body says that it should not be', async () => {
    const { app } = await serverUnderTest()
    const response = await app.inject(post('/v1/alerts/generic', 'x', { ...json, 'content-encoding': 'gzip' }))
    expect(response.json().error.message).toContain('content-encoding "gzip" is not supported')
  })

  it('to a body over the limit is 413', async () => {
    const { app } = await serverUnderTest({ bodyLimitBytes: 1000 })
    const response = await app.inject(post('/v1/alerts/generic', JSON.stringify({ name: 'x'.repeat(2000) })))
    expect(response.statusCode).toBe(413)
    expect(response.json().error).toMatchObject({
      code: 'payload_too_large',
      hint: expect.stringContaining('max_alerts'),
    })
  })
})

describe('signatures', () => {
  const body = '{"name":"Down","service":"checkout"}'

  it('of the generic entrance stand in for a token', async () => {
    const { app, ingested } = await serverUnderTest({ tokens: TOKENS, signingSecrets: [secret] })
    const response = await app.inject(
      post('/v1/alerts/generic', body, { 'x-failwise-signature': signBody(body, secret, NOW) }),
    )
    expect(response.statusCode).toBe(202)
    expect(ingested[0]?.meta.principal).toBe('signature:x-failwise-signature')
  })

  it.each([
    ['of another secret', signBody(body, 'another-secret-01234', NOW)],
    ['of another body', signBody(`${body} `, secret, NOW)],
    ['replayed after the window', signBody(body, secret, NOW - 301_000)],
    ['from the future', signBody(body, secret, NOW + 301_000)],
    ['with its time changed', signBody(body, secret, NOW - 301_000).replace(/t=\d+/, `t=${NOW / 1000}`)],
    ['without a time', signBody(body, secret, NOW).replace(/t=\d+,/, '')],
    ['that is empty', ''],
  ])('%s are refused', async (_what, header) => {
    const { app, ingested } = await serverUnderTest({ tokens: TOKENS, signingSecrets: [secret] })
    const response = await app.inject(post('/v1/alerts/generic', body, { 'x-failwise-signature': header }))
    expect(response.statusCode).toBe(401)
    expect(ingested).toEqual([])
  })

  it('within the window are accepted again, because a sender that got 503 repeats itself', async () => {
    const { app } = await serverUnderTest({ tokens: TOKENS, signingSecrets: [secret] })
    const request = post('/v1/alerts/generic', body, { 'x-failwise-signature': signBody(body, secret, NOW - 200_000) })
    expect((await app.inject(request)).statusCode).toBe(202)
    expect((await app.inject(request)).statusCode).toBe(202)
  })

  it('that nobody configured do not open the door', async () => {
    const { app } = await serverUnderTest({ tokens: TOKENS })
    const headers = { 'x-failwise-signature': signBody(body, '', NOW), 'x-pagerduty-signature': `v1=${'0'.repeat(64)}` }
    expect((await app.inject(post('/v1/alerts/generic', body, headers))).statusCode).toBe(401)
    expect((await app.inject(post('/v1/alerts/pagerduty', body, headers))).statusCode).toBe(401)
    expect((await app.inject(post('/v1/events', body, headers))).statusCode).toBe(401)
  })

  it('of PagerDuty are checked over the bytes as they came', async () => {
    const { app } = await serverUnderTest({ tokens: TOKENS, pagerDutySecrets: [secret] })
    const raw = webhookText('pagerduty-triggered.json')
    const sign = (key: string) => ({
      'x-pagerduty-signature': `v1=${createHmac('sha256', key).update(raw).digest('hex')}`,
    })
    expect((await app.inject(post('/v1/alerts/pagerduty', raw, sign(secret)))).statusCode).toBe(202)
    expect((await app.inject(post('/v1/alerts/pagerduty', raw, sign('another-secret-01234')))).statusCode).toBe(401)
    expect(
      (await app.inject(post('/v1/alerts/pagerduty', JSON.stringify(JSON.parse(raw)), sign(secret)))).statusCode,
    ).toBe(401)
    expect((await app.inject(post('/v1/alerts/pagerduty', raw, bearer(INGEST_TOKEN)))).statusCode).toBe(202)
    expect((await app.inject(post('/v1/alerts/pagerduty', raw))).statusCode).toBe(401)
  })
})

describe('SNS', () => {
  const sns = () =>
    snsReceiver({
      now: () => Date.parse('2027-03-01T12:00:05Z'),
      topicArns: ['arn:aws:sns:eu-west-1:123456789012:alarms'],
      http: async () => ({ status: 200, headers: {}, body: webhookText('sns-signing.pem') }),
    })
  const headers = { 'content-type': 'text/plain; charset=UTF-8', 'x-amz-sns-message-type': 'Notification' }

  it('needs no token when Amazon signed for a configured topic', async () => {
    const { app, ingested } = await serverUnderTest({ tokens: TOKENS }, { sns: sns() })
    const response = await app.inject(post('/v1/alerts/sns', webhookText('sns-alarm-v2.json'), headers))
    expect(response.statusCode).toBe(202)
    expect(ingested[0]).toMatchObject({
      alerts: [{ name: 'checkout-5xx' }],
      meta: { deliveryId: expect.stringContaining('0b5a7c5e') },
    })
  })

  it('confirms a subscription', async () => {
    const { app, ingested, logLines } = await serverUnderTest({ tokens: TOKENS }, { sns: sns() })
    const response = await app.inject(
      post('/v1/alerts/sns', webhookText('sns-subscription-v2.json'), {
        ...headers,
        'x-amz-sns-message-type': 'SubscriptionConfirmation',
      }),
    )
    expect(response.statusCode).toBe(202)
    expect(ingested).toEqual([])
    expect(logLines.join('')).toContain('subscription to SNS topic confirmed')
  })

  it('is refused for other topics, forged messages, and raw alarms that only pretend', async () => {
    const { app, ingested } = await serverUnderTest({ tokens: TOKENS }, { sns: sns() })
    const send = async (payload: string, extra: Record<string, string> = headers) =>
      (await app.inject(post('/v1/alerts/sns', payload, extra))).statusCode
    expect(await send(webhookText('sns-other-topic-v2.json'))).toBe(403)
    expect(await send(webhookText('sns-alarm-v2.json').replace('checkout-5xx', 'checkout-4xx'))).toBe(401)
    expect(await send(webhookText('cloudwatch-raw.json'))).toBe(401)
    expect(await send(webhookText('cloudwatch-raw.json'), json)).toBe(401)
    expect(await send(webhookText('cloudwatch-raw.json'), bearer(READ_TOKEN))).toBe(403)
    expect(ingested).toEqual([])
    expect(await send(webhookText('cloudwatch-raw.json'), bearer(INGEST_TOKEN))).toBe(202)
  })

  it('with a token is still refused when no topics are configured', async () => {
    const { app } = await serverUnderTest({ tokens: TOKENS })
    const response = await app.inject(post('/v1/alerts/sns', webhookText('sns-alarm-v2.json'), bearer(INGEST_TOKEN)))
    expect(response.json().error).toMatchObject({ code: 'forbidden', message: 'no SNS topics are configured' })
  })

  it('is told to come again while the certificate cannot be fetched', async () => {
    const away = snsReceiver({
      now: () => Date.parse('2027-03-01T12:00:05Z'),
      topicArns: ['arn:aws:sns:eu-west-1:123456789012:alarms'],
      http: async () =>
        Promise.reject(new Fault('upstream_unreachable', 'sns.eu-west-1.amazonaws.com could not be reached')),
    })
    const { app } = await serverUnderTest({ tokens: TOKENS }, { sns: away })
    const response = await app.inject(post('/v1/alerts/sns', webhookText('sns-alarm-v2.json'), headers))
    expect(response.statusCode).toBe(502)
    expect(response.headers['retry-after']).toBe('5')
  })
})

describe('infrastructure_health events', () => {
  it('that are critical update the metrics and open an assessment', async () => {
    const { app, ingested, measured } = await serverUnderTest()
    const response = await app.inject(post('/v1/events', webhookText('infrastructure-health.json')))
    expect(response.statusCode).toBe(202)
    expect(measured).toMatchObject([{ metrics: { error_rate: 0.42 } }])
    expect(ingested).toMatchObject([
      { alerts: [{ name: 'InfrastructureHealthCritical' }], meta: { source: 'infrastructure_health' } },
    ])
  })

  it('that warn update the metrics only', async () => {
    const { app, ingested, measured } = await serverUnderTest()
    const warning = webhookText('infrastructure-health.json').replace('"critical"', '"warning"')
    expect((await app.inject(post('/v1/events', warning))).json()).toMatchObject({ accepted: 0 })
    expect(measured).toHaveLength(1)
    expect(ingested).toEqual([])
  })

  it('of another type are refused', async () => {
    const { app } = await serverUnderTest()
    expect((await app.inject(post('/v1/events', '{"event_type":"deploy"}'))).json().error.message).toContain(
      'expected "infrastructure_health"',
    )
  })
})
