import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { readPagerDuty, verifyPagerDuty } from '../../agent/ingest/pagerduty.ts'
import { webhookBody, webhookText } from '../fixtures/webhooks/read.ts'

interface Body {
  event: { event_type: string; occurred_at: string; data: Record<string, unknown> }
}

function body(change: (body: Body) => void): unknown {
  const parsed = webhookBody('pagerduty-triggered.json') as unknown as Body
  change(parsed)
  return parsed
}

describe('a PagerDuty v3 webhook', () => {
  it('becomes an alert about its service', () => {
    const { alerts, deliveryId } = readPagerDuty(webhookBody('pagerduty-triggered.json'))
    expect(alerts).toMatchObject([
      {
        fingerprint: 'pagerduty:PGR0VU2',
        name: 'Checkout journey fails from 4 of 5 locations',
        status: 'firing',
        severity: 'critical',
        labels: { service: 'checkout', urgency: 'high', priority: 'P1', pagerduty_service: 'PF9KMXH' },
        startsAt: '2026-03-01T11:59:00.000Z',
        endsAt: null,
      },
    ])
    expect(deliveryId).toBe('01BZ5X7T3QK7GZV7XWJYVN1Q5M')
  })

  it('that resolves ends when the event occurred', () => {
    const resolved = body(({ event }) => {
      event.event_type = 'incident.resolved'
      event.occurred_at = '2026-03-01T12:30:00Z'
      event.data.status = 'resolved'
    })
    expect(readPagerDuty(resolved).alerts).toMatchObject([{ status: 'resolved', endsAt: '2026-03-01T12:30:00.000Z' }])
  })

  it('that reopens starts anew', () => {
    const reopened = body(({ event }) => {
      event.event_type = 'incident.reopened'
      event.occurred_at = '2026-03-01T13:00:00Z'
    })
    expect(readPagerDuty(reopened).alerts).toMatchObject([{ status: 'firing', startsAt: '2026-03-01T13:00:00.000Z' }])
  })

  it('about one of our own pages is no alert, or the agent would answer itself', () => {
    const own = body(({ event }) => {
      event.data.incident_key = 'failwise:incident:inc-1'
    })
    expect(readPagerDuty(own)).toMatchObject({ alerts: [], notes: [{ kind: 'ignored' }] })
  })

  it('that tells nothing about trouble is accepted without an alert', () => {
    expect(readPagerDuty(webhookBody('pagerduty-annotated.json'))).toMatchObject({
      alerts: [],
      notes: [{ kind: 'ignored' }],
    })
    const ping = body(({ event }) => {
      event.event_type = 'pagey.ping'
      event.data = { message: 'Hello from your friend Pagey!', type: 'ping' }
    })
    expect(readPagerDuty(ping).alerts).toEqual([])
  })

  it('of version 2 is refused by name', () => {
    expect(() => readPagerDuty(webhookBody('pagerduty-v2.json'))).toThrow(/version 1 or 2; only v3/)
  })

  it('with an unknown incident state is refused rather than guessed', () => {
    const odd = body(({ event }) => {
      event.data.status = 'merged'
    })
    expect(() => readPagerDuty(odd)).toThrow(/status: .*"triggered"\|"acknowledged"\|"resolved"/)
  })
})

describe('a PagerDuty signature', () => {
  const raw = webhookText('pagerduty-triggered.json')
  const sign = (secret: string, text = raw) => `v1=${createHmac('sha256', secret).update(text).digest('hex')}`
  const secrets = ['first-secret-0123', 'second-secret-012']

  it('is accepted from any configured secret and among several signatures', () => {
    expect(() => verifyPagerDuty(raw, sign('second-secret-012'), secrets)).not.toThrow()
    expect(() =>
      verifyPagerDuty(raw, `${sign('retired-secret-01')}, ${sign('first-secret-0123')}`, secrets),
    ).not.toThrow()
  })

  it.each([
    ['a wrong secret', sign('guessed-secret-01')],
    ['another body', sign('first-secret-0123', `${raw} `)],
    ['no version', sign('first-secret-0123').slice(3)],
    ['another version', sign('first-secret-0123').replace('v1', 'v2')],
    ['an empty digest', 'v1='],
    ['nothing', ''],
    ['no header', undefined],
    ['an upper-case copy cut short', sign('first-secret-0123').slice(0, 40)],
  ])('with %s is refused', (_what, header) => {
    expect(() => verifyPagerDuty(raw, header, secrets)).toThrow(expect.objectContaining({ code: 'unauthenticated' }))
  })

  it('is refused when no secret is configured', () => {
    expect(() => verifyPagerDuty(raw, sign(''), [])).toThrow(expect.objectContaining({ code: 'unauthenticated' }))
  })

  it('among thousands of guesses is not looked for', () => {
    const flood = [...Array(5000).fill(`v1=${'0'.repeat(64)}`), sign('first-secret-0123')].join(',')
    expect(() => verifyPagerDuty(raw, flood, secrets)).toThrow()
  })
})
