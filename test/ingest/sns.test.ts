import { describe, expect, it } from 'vitest'
import { snsReceiver } from '../../agent/ingest/sns.ts'
import type { HttpResponse } from '../../agent/lib/http.ts'
import { webhookBody, webhookText } from '../fixtures/webhooks/read.ts'

const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:alarms'
const SENT = Date.parse('2027-03-01T12:00:02.345Z')
const ok = (body: string): HttpResponse => ({ status: 200, headers: {}, body })
const abort = new AbortController().signal

function receiver({
  now = SENT + 1000,
  topics = [TOPIC],
  answer = () => ok(webhookText('sns-signing.pem')),
}: {
  now?: number
  topics?: string[]
  answer?: (url: string) => HttpResponse
} = {}) {
  const fetched: string[] = []
  const clock = { now }
  const { receive } = snsReceiver({
    now: () => clock.now,
    topicArns: topics,
    http: async ({ url }) => {
      fetched.push(url)
      return answer(url)
    },
  })
  return { receive: (body: unknown) => receive(body, abort), fetched, clock }
}

describe('a CloudWatch alarm through SNS', () => {
  it.each(['sns-alarm-v1.json', 'sns-alarm-v2.json'])('with a true signature becomes an alert (%s)', async (name) => {
    const { delivery, outcome } = await receiver().receive(webhookBody(name))
    expect(outcome).toBe('notification')
    expect(delivery.alerts).toMatchObject([
      {
        name: 'checkout-5xx',
        status: 'firing',
        severity: 'critical',
        startsAt: '2027-03-01T12:00:01.987Z',
        labels: {
          alertname: 'checkout-5xx',
          provider: 'aws',
          region: 'eu-west-1',
          account: '123456789012',
          namespace: 'AWS/ApplicationELB',
          metric: 'HTTPCode_Target_5XX_Count',
          dimension_LoadBalancer: 'app/checkout/50dc6c495c0c9188',
        },
      },
    ])
    expect(delivery.deliveryId).toBe(webhookBody(name).MessageId)
  })

  it('that is OK again resolves the same alert', async () => {
    const { receive } = receiver()
    const [fired] = (await receive(webhookBody('sns-alarm-v2.json'))).delivery.alerts
    const [resolved] = (await receive(webhookBody('sns-ok-v2.json'))).delivery.alerts
    expect(resolved).toMatchObject({
      status: 'resolved',
      fingerprint: fired?.fingerprint,
      endsAt: '2027-03-01T12:20:01.000Z',
    })
  })

  it('without data is no recovery', async () => {
    const [alert] = (await receiver().receive(webhookBody('sns-insufficient-v2.json'))).delivery.alerts
    expect(alert).toMatchObject({ status: 'firing', severity: 'unknown', labels: { state: 'INSUFFICIENT_DATA' } })
  })

  it('fetches the certificate once', async () => {
    const { receive, fetched, clock } = receiver()
    await receive(webhookBody('sns-alarm-v2.json'))
    await receive(webhookBody('sns-alarm-v1.json'))
    expect(fetched).toHaveLength(1)
    clock.now += 30 * 60_000
    await receive(webhookBody('sns-alarm-v2.json'))
    expect(fetched).toHaveLength(1)
  })

  it('whose message is no alarm is refused with the reason', async () => {
    await expect(receiver().receive(webhookBody('sns-text-v2.json'))).rejects.toMatchObject({
      code: 'payload_invalid',
      message: expect.stringContaining('expected a CloudWatch alarm as JSON'),
    })
  })
})

describe('an SNS message is refused', () => {
  const tampered: [string, Record<string, unknown>][] = [
    [
      'with a changed message',
      { Message: '{"AlarmName":"x","NewStateValue":"ALARM","StateChangeTime":"2027-03-01T12:00:00Z"}' },
    ],
    ['with a changed subject', { Subject: 'other' }],
    ['without its subject', { Subject: undefined }],
    ['with a changed id', { MessageId: 'replayed' }],
    ['with a changed time', { Timestamp: '2027-03-01T12:00:03.345Z' }],
    ['with version 1 for a signature of version 2', { SignatureVersion: '1' }],
    ['with a signature that is not base64', { Signature: '!!!' }],
  ]
  it.each(tampered)('%s', async (_what, change) => {
    await expect(receiver().receive({ ...webhookBody('sns-alarm-v2.json'), ...change })).rejects.toMatchObject({
      code: 'unauthenticated',
      message: 'the SNS signature does not match the message',
    })
  })

  it.each([
    'https://sns.eu-west-1.amazonaws.com.attacker.example/SimpleNotificationService-7506a1e35b36ef5a.pem',
    'https://attacker.example/SimpleNotificationService-7506a1e35b36ef5a.pem',
    'https://attacker.example/sns.eu-west-1.amazonaws.com/SimpleNotificationService-7506a1e35b36ef5a.pem',
    'http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-7506a1e35b36ef5a.pem',
    'https://sns.eu-west-1.amazonaws.com@attacker.example/SimpleNotificationService-7506a1e35b36ef5a.pem',
    'https://user:pw@sns.eu-west-1.amazonaws.com/SimpleNotificationService-7506a1e35b36ef5a.pem',
    'https://sns.eu-west-1.amazonaws.com:8443/SimpleNotificationService-7506a1e35b36ef5a.pem',
    'https://sns.eu-west-1.amazonaws.com/?Action=Anything&x=.pem',
    'https://sns.eu-west-1.amazonaws.com/../evil.pem',
    'https://s3.eu-west-1.amazonaws.com/bucket/SimpleNotificationService-7506a1e35b36ef5a.pem',
    'https://sns.evil.eu-west-1.amazonaws.com/SimpleNotificationService-7506a1e35b36ef5a.pem',
    'file:///etc/passwd',
    '',
  ])('when its certificate lies at %j, and nothing is fetched', async (SigningCertURL) => {
    const { receive, fetched } = receiver()
    const message = { ...webhookBody('sns-alarm-v2.json'), SigningCertURL }
    await expect(receive(message)).rejects.toMatchObject({ code: 'unauthenticated' })
    expect(fetched).toEqual([])
  })

  it('when its topic is not ours, although Amazon signed it, and nothing is fetched', async () => {
    const { receive, fetched } = receiver()
    await expect(receive(webhookBody('sns-other-topic-v2.json'))).rejects.toMatchObject({ code: 'forbidden' })
    expect(fetched).toEqual([])
  })

  it('when it is replayed hours later, or comes from the future', async () => {
    for (const now of [SENT + 2 * 3600_000, SENT - 10 * 60_000])
      await expect(receiver({ now }).receive(webhookBody('sns-alarm-v2.json'))).rejects.toMatchObject({
        code: 'unauthenticated',
      })
  })

  it('when another certificate lies there', async () => {
    const other = receiver({ answer: () => ok(webhookText('sns-signing-other.pem')) })
    await expect(other.receive(webhookBody('sns-alarm-v2.json'))).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it.each<[string, HttpResponse, string]>([
    ['a missing certificate', { status: 404, headers: {}, body: '' }, 'answered 404'],
    ['a page instead of a certificate', ok('<html>'), 'cannot be read'],
  ])('for now because of %s, so that SNS tries again', async (_what, response, why) => {
    await expect(receiver({ answer: () => response }).receive(webhookBody('sns-alarm-v2.json'))).rejects.toMatchObject({
      code: 'upstream_refused',
      retryable: true,
      message: expect.stringContaining(why),
    })
  })

  it('while its certificate is not valid yet', async () => {
    const early = receiver({ now: Date.parse('2026-03-01T12:00:05Z') })
    await expect(early.receive(webhookBody('sns-alarm-before-certificate-v2.json'))).rejects.toMatchObject({
      message: expect.stringContaining('not valid at this time'),
    })
  })
})

describe('an SNS subscription', () => {
  it('to a configured topic is confirmed by calling Amazon back', async () => {
    const { receive, fetched } = receiver()
    const message = webhookBody('sns-subscription-v2.json')
    expect((await receive(message)).outcome).toBe('subscribed')
    expect(fetched[1]).toBe(message.SubscribeURL)
  })

  it('to another topic is not', async () => {
    const { receive, fetched } = receiver({ topics: ['arn:aws:sns:eu-west-1:123456789012:other'] })
    await expect(receive(webhookBody('sns-subscription-v2.json'))).rejects.toMatchObject({ code: 'forbidden' })
    expect(fetched).toEqual([])
  })

  it('that asks to call somebody else is not, signed or not', async () => {
    const { receive, fetched } = receiver()
    await expect(receive(webhookBody('sns-subscription-elsewhere-v2.json'))).rejects.toMatchObject({
      code: 'unauthenticated',
    })
    expect(fetched.filter((url) => url.includes('attacker'))).toEqual([])
    const forged = {
      ...webhookBody('sns-subscription-v2.json'),
      SubscribeURL: 'https://sns.us-east-1.amazonaws.com/?Action=X',
    }
    await expect(receive(forged)).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it('whose confirmation Amazon refuses is tried again by SNS', async () => {
    const answer = (url: string) =>
      url.includes('Confirm') ? { status: 500, headers: {}, body: '' } : ok(webhookText('sns-signing.pem'))
    await expect(receiver({ answer }).receive(webhookBody('sns-subscription-v2.json'))).rejects.toMatchObject({
      retryable: true,
    })
  })

  it('that ends is not confirmed anew', async () => {
    const { receive, fetched } = receiver()
    expect(await receive(webhookBody('sns-unsubscribe-v2.json'))).toMatchObject({
      outcome: 'unsubscribed',
      delivery: { alerts: [], notes: [{ kind: 'ignored' }] },
    })
    expect(fetched).toHaveLength(1)
  })
})
