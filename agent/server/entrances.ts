import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { ServerOptions } from '../config/server-options.ts'
import { AlertmanagerBody, readAlertmanager } from '../ingest/alertmanager.ts'
import { CloudWatchAlarm, isRawAlarm, readCloudWatch } from '../ingest/cloudwatch.ts'
import { GenericBody, readGeneric } from '../ingest/generic.ts'
import { GrafanaBody, readGrafana } from '../ingest/grafana.ts'
import { PagerDutyBody, readPagerDuty, verifyPagerDuty } from '../ingest/pagerduty.ts'
import type { Delivery } from '../ingest/payload.ts'
import { SnsBody } from '../ingest/sns.ts'
import { Fault } from '../lib/errors.ts'
import { verifySignedBody } from '../lib/signature.ts'
import type { ServerDeps } from './deps.ts'

/** How long fetching SNS's certificate or confirming a subscription may take. */
const SNS_TIMEOUT_MS = 5000

/** A sender's own proof of who it is, checked over the body's bytes. */
export interface Proof {
  /** The header whose presence announces it. */
  readonly header: string
  verify(request: FastifyRequest): void
}

/** One webhook. */
export interface Entrance {
  readonly path: string
  readonly source: string
  readonly summary: string
  readonly body: z.ZodType
  /** Null when only tokens are accepted. */
  readonly proof: Proof | null
  read(request: FastifyRequest): Delivery | Promise<Delivery>
}

/** Proof by X-Failwise-Signature; null when no secret is configured. */
export function signatureProof(deps: ServerDeps, options: ServerOptions): Proof | null {
  if (options.signingSecrets.length === 0) return null
  const header = 'x-failwise-signature'
  return {
    header,
    verify: (request) =>
      verifySignedBody(bytesOf(request), headerOf(request, header), {
        secrets: options.signingSecrets,
        nowMs: deps.clock.now(),
        windowSeconds: options.signatureWindowSeconds,
      }),
  }
}

function pagerDutyProof({ pagerDutySecrets }: ServerOptions): Proof | null {
  if (pagerDutySecrets.length === 0) return null
  const header = 'x-pagerduty-signature'
  return { header, verify: (request) => verifyPagerDuty(bytesOf(request), headerOf(request, header), pagerDutySecrets) }
}

/** Every webhook that alerts come through. */
export function entrances(deps: ServerDeps, options: ServerOptions): readonly Entrance[] {
  return [
    {
      path: '/v1/alerts/alertmanager',
      source: 'alertmanager',
      summary: 'Alertmanager webhook, version 4',
      body: AlertmanagerBody,
      proof: null,
      read: (request) => readAlertmanager(request.body),
    },
    {
      path: '/v1/alerts/grafana',
      source: 'grafana',
      summary: 'Grafana unified alerting webhook',
      body: GrafanaBody,
      proof: null,
      read: (request) => readGrafana(request.body),
    },
    {
      path: '/v1/alerts/pagerduty',
      source: 'pagerduty',
      summary: 'PagerDuty v3 webhook subscription',
      body: PagerDutyBody,
      proof: pagerDutyProof(options),
      read: (request) => readPagerDuty(request.body),
    },
    {
      path: '/v1/alerts/sns',
      source: 'sns',
      summary: 'CloudWatch alarms through SNS, signed, or raw with a token',
      body: z.union([SnsBody, CloudWatchAlarm]),
      // The proof is the signature inside the message; it is checked while reading.
      proof: deps.sns === null ? null : { header: 'x-amz-sns-message-type', verify: () => {} },
      read: (request) => readSns(request, deps),
    },
    {
      path: '/v1/alerts/generic',
      source: 'generic',
      summary: 'One alert, or several under "alerts"; n8n and scripts',
      body: GenericBody,
      proof: signatureProof(deps, options),
      read: (request) => readGeneric(request.body),
    },
  ]
}

async function readSns(request: FastifyRequest, { sns, log }: ServerDeps): Promise<Delivery> {
  const isByToken = request.principal !== null && !request.principal.startsWith('signature:')
  if (isRawAlarm(request.body)) {
    if (!isByToken)
      throw new Fault(
        'unauthenticated',
        'an alarm with raw message delivery carries no signature, so it needs a token',
        {
          hint: 'turn raw message delivery off, or put the token into the subscription URL as basic authentication',
        },
      )
    return readCloudWatch(request.body)
  }
  if (!sns)
    throw new Fault('forbidden', 'no SNS topics are configured', { hint: 'list the topic ARNs in the configuration' })
  const { topicArn, outcome, delivery } = await sns.receive(request.body, AbortSignal.timeout(SNS_TIMEOUT_MS))
  if (outcome === 'subscribed') log.info({ topicArn }, 'subscription to SNS topic confirmed')
  if (outcome === 'unsubscribed') log.warn({ topicArn }, 'SNS topic will send no more alarms')
  return delivery
}

function bytesOf(request: FastifyRequest): Buffer {
  return request.rawBody ?? Buffer.alloc(0)
}

function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(',') : value
}
