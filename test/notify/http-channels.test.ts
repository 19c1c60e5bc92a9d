import { describe, expect, it } from 'vitest'
import { readPagerDuty } from '../../agent/ingest/pagerduty.ts'
import type { Fault } from '../../agent/lib/errors.ts'
import { HttpClientOptions, httpClient } from '../../agent/lib/http-client.ts'
import { verifySignedBody } from '../../agent/lib/signature.ts'
import type { Notifier } from '../../agent/notify/notifier.ts'
import { Options as PagerDutyOptions, pagerDuty } from '../../agent/notify/pagerduty.ts'
import { Options as WebhookOptions, webhook } from '../../agent/notify/webhook.ts'
import { webhookBody } from '../fixtures/webhooks/read.ts'
import { httpReceiver } from './http-receiver.ts'
import { page } from './notification.ts'

const http = httpClient(HttpClientOptions.parse({}))
const never = new AbortController().signal
const NOW = Date.parse('2026-03-01T12:01:05Z')
const SECRET = 'a-shared-secret-0123'
const ROUTING_KEY = 'R0123456789012345678901234567890'

function webhookTo(url: string): Notifier {
  const options = WebhookOptions.parse({
    url,
    secret: SECRET,
    headers: { authorization: 'Bearer receivers-own' },
  })
  return webhook(options, { http, clock: { now: () => NOW } })
}
function pagerDutyTo(url: string): Notifier {
  return pagerDuty(PagerDutyOptions.parse({ url, routingKey: ROUTING_KEY }), http)
}

async function faultOf(sending: Promise<void>): Promise<Fault> {
  return sending.then(
    () => Promise.reject(new Error('it was accepted')),
    (fault: Fault) => fault,
  )
}

describe('the webhook channel', () => {
  it('posts the message signed, with its id for receivers that drop repeats', async () => {
    const { url, received } = await httpReceiver((response) => response.writeHead(204).end())
    await webhookTo(url).send(page(), never)
    const [{ headers, body } = { headers: {}, body: '' }] = received
    expect(headers).toMatchObject({
      'idempotency-key': 'decision:dec-1',
      authorization: 'Bearer receivers-own',
      'content-type': 'application/json; charset=utf-8',
    })
    const signature = headers['x-failwise-signature'] as string
    expect(() => verifySignedBody(body, signature, { secrets: [SECRET], nowMs: NOW, windowSeconds: 300 })).not.toThrow()
    expect(() =>
      verifySignedBody(`${body} `, signature, { secrets: [SECRET], nowMs: NOW, windowSeconds: 300 }),
    ).toThrow()
    expect(JSON.parse(body)).toMatchObject({
      version: 1,
      kind: 'page',
      service: 'checkout',
      text: expect.stringContaining('Runbook: https://wiki.example'),
    })
  })
})

describe('the PagerDuty channel', () => {
  it('triggers with a dedup key, links and the reasons', async () => {
    const { url, received } = await httpReceiver((response) => response.writeHead(202).end('{"status":"success"}'))
    await pagerDutyTo(url).send(page(), never)
    expect(JSON.parse(received[0]?.body ?? '')).toEqual({
      routing_key: ROUTING_KEY,
      dedup_key: 'failwise:incident:inc-1',
      event_action: 'trigger',
      client: 'Failwise',
      client_url: 'https://failwise.example/decisions/dec-1',
      links: [
        { href: 'https://wiki.example/runbooks/checkout', text: 'Runbook' },
        { href: 'https://failwise.example/decisions/dec-1', text: 'Why: the record' },
      ],
      payload: {
        summary: 'checkout: a person is needed',
        source: 'checkout',
        severity: 'critical',
        timestamp: '2026-03-01T12:01:00.000Z',
        component: 'checkout',
        class: 'page',
        custom_details: { reasons: page().reasonLines, override: 'failwise explain dec-1' },
      },
    })
  })

  it('resolves under the same key', async () => {
    const { url, received } = await httpReceiver((response) => response.writeHead(202).end())
    await pagerDutyTo(url).send(page({ kind: 'resolve' }), never)
    expect(JSON.parse(received[0]?.body ?? '')).toEqual({
      routing_key: ROUTING_KEY,
      dedup_key: 'failwise:incident:inc-1',
      event_action: 'resolve',
    })
  })

  it('keeps within the limits of the API', async () => {
    const { url, received } = await httpReceiver((response) => response.writeHead(202).end())
    await pagerDutyTo(url).send(
      page({ title: 'x'.repeat(5000), dedupeKey: 'k'.repeat(500), reasonLines: Array(500).fill('y'.repeat(5000)) }),
      never,
    )
    const event = JSON.parse(received[0]?.body ?? '')
    expect(event.payload.summary.length).toBe(1024)
    expect(event.dedup_key.length).toBeLessThanOrEqual(255)
    expect(received[0]?.body.length).toBeLessThan(64 * 1024)
  })

  it('uses keys by which its incidents, coming back as webhooks, are known for our own', async () => {
    const { url, received } = await httpReceiver((response) => response.writeHead(202).end())
    await pagerDutyTo(url).send(page(), never)
    const body = webhookBody('pagerduty-triggered.json') as { event: { data: Record<string, unknown> } }
    body.event.data.incident_key = JSON.parse(received[0]?.body ?? '').dedup_key
    expect(readPagerDuty(body).alerts).toEqual([])
  })

  it('refuses a routing key that cannot be one', () => {
    expect(PagerDutyOptions.safeParse({ routingKey: 'short' }).success).toBe(false)
  })
})

describe.each([
  ['webhook', webhookTo],
  ['pagerduty', pagerDutyTo],
])('the %s channel', (_name, channelTo) => {
  it.each([
    [429, { 'retry-after': '17' }, { code: 'rate_limited', retryable: true, retryAfterMs: 17_000 }],
    [503, { 'retry-after': '3' }, { code: 'upstream_refused', retryable: true, retryAfterMs: 3000 }],
    [500, {}, { code: 'upstream_refused', retryable: true, retryAfterMs: undefined }],
    [408, {}, { retryable: true }],
    [400, {}, { code: 'upstream_refused', retryable: false }],
    [401, {}, { retryable: false }],
    [404, {}, { retryable: false }],
    [302, { location: 'http://127.0.0.1:1/' }, { retryable: false }],
  ])('answered by %i %j', async (status, headers, fault) => {
    const { url } = await httpReceiver((response) =>
      response.writeHead(status, headers).end(`echo ${ROUTING_KEY} ${SECRET}`),
    )
    const found = await faultOf(channelTo(url).send(page(), never))
    expect(found).toMatchObject(fault)
    expect(JSON.stringify([found.message, found.details, found.hint])).not.toMatch(
      new RegExp(`${ROUTING_KEY}|${SECRET}`),
    )
  })

  it('answered by silence gives up when its time is over', async () => {
    const { url, arrived } = await httpReceiver(() => undefined)
    const time = new AbortController()
    const sending = faultOf(channelTo(url).send(page(), time.signal))
    await arrived
    time.abort()
    expect(await sending).toMatchObject({ code: 'deadline', retryable: true })
  })

  it('answered by nobody can be tried again', async () => {
    expect(await faultOf(channelTo('http://127.0.0.1:1/').send(page(), never))).toMatchObject({
      code: 'upstream_unreachable',
      retryable: true,
    })
  })
})
