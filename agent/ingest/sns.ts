import { createVerify, type KeyObject, X509Certificate } from 'node:crypto'
import { z } from 'zod'
import { epochMs } from '../domain/time.ts'
import { Fault } from '../lib/errors.ts'
import type { Http } from '../lib/http.ts'
import { readCloudWatchMessage } from './cloudwatch.ts'
import { cleanText, type Delivery, quote, readPayload, VendorInstant } from './payload.ts'

/** SNS retries a delivery for up to an hour; what is older was recorded and is being replayed. */
const MAX_AGE_SECONDS = 3900
const SKEW_SECONDS = 300
const CERTIFICATE_LIMIT = 32
const CERTIFICATE_AGE_MS = 24 * 3600 * 1000

/** The JSON that SNS posts to an HTTP endpoint (https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html). */
export const SnsBody = z.object({
  Type: z.enum(['Notification', 'SubscriptionConfirmation', 'UnsubscribeConfirmation']),
  MessageId: z.string().min(1),
  TopicArn: z.string().min(1),
  Subject: z.string().nullish(),
  Message: z.string(),
  Timestamp: z.string(),
  SignatureVersion: z.enum(['1', '2']),
  Signature: z.string().min(1),
  SigningCertURL: z.string(),
  SubscribeURL: z.string().nullish(),
  Token: z.string().nullish(),
})
export type SnsBody = z.infer<typeof SnsBody>

export interface SnsOptions {
  readonly http: Http
  readonly now: () => number
  /** Topics that we subscribed to. Anybody with an AWS account can have SNS sign a message to us, so the signature alone proves nothing. */
  readonly topicArns: readonly string[]
}

/** What came through SNS; `delivery` is empty for the messages that manage the subscription. */
interface SnsReceipt {
  readonly topicArn: string
  readonly outcome: 'notification' | 'subscribed' | 'unsubscribed'
  readonly delivery: Delivery
}

export interface SnsReceiver {
  receive(body: unknown, abort: AbortSignal): Promise<SnsReceipt>
}

/** Receives SNS messages: checks topic, age and signature, confirms subscriptions to our own topics, and reads CloudWatch alarms. */
export function snsReceiver({ http, now, topicArns }: SnsOptions): SnsReceiver {
  const certificates = new Map<string, { readonly key: KeyObject; readonly usableUntil: number }>()

  async function keyOf(url: string, abort: AbortSignal): Promise<KeyObject> {
    const known = certificates.get(url)
    if (known && known.usableUntil > now()) return known.key
    const response = await http({ method: 'GET', url }, abort)
    if (response.status !== 200) throw unavailable(`the signing certificate's host answered ${response.status}`)
    const { key, validUntil } = readCertificate(response.body, now())
    if (certificates.size >= CERTIFICATE_LIMIT) certificates.clear()
    certificates.set(url, { key, usableUntil: Math.min(validUntil, now() + CERTIFICATE_AGE_MS) })
    return key
  }

  return {
    async receive(body, abort) {
      const message = readPayload(SnsBody, body, 'SNS')
      // The topic comes first: nothing is fetched for strangers.
      if (!topicArns.includes(message.TopicArn))
        throw new Fault('forbidden', `topic ${quote(message.TopicArn)} is not among the configured topics`, {
          hint: 'add its ARN to the SNS topics in the configuration if it is yours',
        })
      checkAge(message, now())
      const url = certificateUrl(message.SigningCertURL)
      if (!isSignedBy(message, await keyOf(url, abort)))
        throw new Fault('unauthenticated', 'the SNS signature does not match the message')
      const nothing: Delivery = { alerts: [], notes: [] }
      if (message.Type === 'SubscriptionConfirmation') {
        await confirm(message, http, abort)
        return { topicArn: message.TopicArn, outcome: 'subscribed', delivery: nothing }
      }
      if (message.Type === 'UnsubscribeConfirmation') {
        const note = {
          kind: 'ignored',
          detail: 'SNS ended this subscription: no alarms will come until it is subscribed again',
        } as const
        return { topicArn: message.TopicArn, outcome: 'unsubscribed', delivery: { alerts: [], notes: [note] } }
      }
      return {
        topicArn: message.TopicArn,
        outcome: 'notification',
        delivery: { ...readCloudWatchMessage(message.Message), deliveryId: cleanText(message.MessageId, 200) },
      }
    },
  }
}

/** The lines that SNS signs, in its order; each a name and a value. */
function snsSignedText(message: SnsBody): string {
  const isNotification = message.Type === 'Notification'
  const names = isNotification
    ? (['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'] as const)
    : (['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'] as const)
  let text = ''
  for (const name of names) {
    const value = message[name]
    if (value !== null && value !== undefined) text += `${name}\n${value}\n`
  }
  return text
}

function isSignedBy(message: SnsBody, key: KeyObject): boolean {
  const verifier = createVerify(message.SignatureVersion === '2' ? 'RSA-SHA256' : 'RSA-SHA1')
  return verifier.update(snsSignedText(message), 'utf8').verify(key, message.Signature, 'base64')
}

/** Only Amazon's SNS hosts may name a certificate or be called back; anything else would let the sender choose whom to trust. */
function amazonUrl(text: string, what: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  const isAmazon =
    url !== null &&
    url.protocol === 'https:' &&
    url.port === '' &&
    url.username === '' &&
    url.password === '' &&
    /^sns\.[a-z0-9-]{3,40}\.amazonaws\.com(\.cn)?$/.test(url.hostname)
  if (!isAmazon) throw new Fault('unauthenticated', `${what} does not lie on an SNS host of amazonaws.com`)
  return url
}

function certificateUrl(text: string): string {
  const url = amazonUrl(text, 'SigningCertURL')
  if (!/^\/SimpleNotificationService-[0-9A-Za-z]{8,64}\.pem$/.test(url.pathname) || url.search !== '')
    throw new Fault('unauthenticated', 'SigningCertURL does not name an SNS signing certificate')
  return url.href
}

function readCertificate(pem: string, nowMs: number): { readonly key: KeyObject; readonly validUntil: number } {
  try {
    const certificate = new X509Certificate(pem)
    const validUntil = certificate.validToDate.getTime()
    if (nowMs > validUntil || nowMs < certificate.validFromDate.getTime())
      throw unavailable('the signing certificate is not valid at this time')
    return { key: certificate.publicKey, validUntil }
  } catch (error) {
    if (error instanceof Fault) throw error
    throw unavailable('the signing certificate cannot be read')
  }
}

/** Retryable: SNS sends the message again, and the certificate may be readable by then. */
function unavailable(why: string): Fault {
  return new Fault('upstream_refused', `the SNS signature could not be checked: ${why}`, { retryable: true })
}

function checkAge(message: SnsBody, nowMs: number): void {
  const sent = VendorInstant.safeParse(message.Timestamp)
  if (!sent.success) throw new Fault('payload_invalid', 'Timestamp: expected an ISO 8601 time')
  const ageSeconds = Math.round((nowMs - epochMs(sent.data)) / 1000)
  if (ageSeconds > MAX_AGE_SECONDS || ageSeconds < -SKEW_SECONDS)
    throw new Fault(
      'unauthenticated',
      `the SNS message is ${ageSeconds} s old; between -${SKEW_SECONDS} and ${MAX_AGE_SECONDS} s are accepted`,
    )
}

async function confirm(message: SnsBody, http: Http, abort: AbortSignal): Promise<void> {
  const url = amazonUrl(message.SubscribeURL ?? '', 'SubscribeURL')
  const response = await http({ method: 'GET', url: url.href }, abort)
  if (response.status < 200 || response.status > 299)
    throw new Fault('upstream_refused', `SNS answered ${response.status} to the confirmation of the subscription`, {
      retryable: true,
    })
}
