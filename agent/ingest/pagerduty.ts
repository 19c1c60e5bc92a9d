import { z } from 'zod'
import type { Alert } from '../domain/alert.ts'
import { Fault } from '../lib/errors.ts'
import { hmacHex, matchesAny } from '../lib/signature.ts'
import {
  cleanText,
  type Delivery,
  payloadFault,
  quote,
  readPayload,
  usableFingerprint,
  VendorInstant,
} from './payload.ts'

/** Incidents that our own pages opened carry this prefix in their key; an alert made of one would answer itself for ever. */
const OWN_KEY_PREFIX = 'failwise:'

const Reference = z.object({ id: z.string().nullish(), summary: z.string().nullish() }).nullish()

/** What a PagerDuty v3 webhook subscription posts: one event per request. */
export const PagerDutyBody = z.object({
  event: z.object({
    id: z.string(),
    event_type: z.string(),
    resource_type: z.string().nullish(),
    occurred_at: VendorInstant,
    data: z.looseObject({ type: z.string().nullish() }).nullish(),
  }),
})

const PagerDutyIncident = z.object({
  id: z.string().min(1),
  status: z.enum(['triggered', 'acknowledged', 'resolved']),
  title: z.string().nullish(),
  incident_key: z.string().nullish(),
  html_url: z.string().nullish(),
  created_at: VendorInstant,
  urgency: z.string().nullish(),
  priority: Reference,
  service: Reference,
})
type PagerDutyIncident = z.infer<typeof PagerDutyIncident>

const Envelope = z.object({ event: z.unknown().optional(), messages: z.unknown().optional() })

/** Reads a PagerDuty v3 webhook (https://developer.pagerduty.com/docs/webhooks-overview). */
export function readPagerDuty(body: unknown): Delivery {
  const envelope = readPayload(Envelope, body, 'PagerDuty')
  if (envelope.event === undefined && envelope.messages !== undefined)
    throw payloadFault('this is a PagerDuty webhook of version 1 or 2; only v3 webhook subscriptions are supported')
  const { event } = readPayload(PagerDutyBody, body, 'PagerDuty')
  // Notes, responder requests, service edits and the test ping tell nothing about whether something is down.
  if (event.data?.type !== 'incident')
    return {
      alerts: [],
      notes: [{ kind: 'ignored', detail: `PagerDuty event ${quote(event.event_type)} is no alert` }],
    }
  const incident = readPayload(PagerDutyIncident, event.data, 'PagerDuty incident')
  if (incident.incident_key?.startsWith(OWN_KEY_PREFIX))
    return { alerts: [], notes: [{ kind: 'ignored', detail: 'this PagerDuty incident is a page of our own' }] }
  // A reopened incident keeps its creation time; its new trouble starts now.
  const startsAt = event.event_type === 'incident.reopened' ? event.occurred_at : incident.created_at
  return {
    alerts: [toAlert(incident, startsAt, event.occurred_at)],
    notes: [],
    deliveryId: cleanText(event.id, 200),
  }
}

function toAlert(incident: PagerDutyIncident, startsAt: string, occurredAt: string): Alert {
  const title = cleanText(incident.title || 'PagerDuty incident', 300)
  const labels: Record<string, string> = { alertname: title, incident: cleanText(incident.id, 200) }
  const known = {
    service: incident.service?.summary,
    pagerduty_service: incident.service?.id,
    urgency: incident.urgency,
    priority: incident.priority?.summary,
  }
  for (const [name, value] of Object.entries(known)) if (value) labels[name] = cleanText(value, 300)
  const isResolved = incident.status === 'resolved'
  return {
    fingerprint: usableFingerprint(`pagerduty:${incident.id}`),
    name: title,
    status: isResolved ? 'resolved' : 'firing',
    severity: incident.urgency === 'low' ? 'warning' : incident.urgency === 'high' ? 'critical' : 'unknown',
    labels,
    annotations: incident.html_url ? { url: cleanText(incident.html_url, 2048) } : {},
    startsAt,
    endsAt: isResolved ? occurredAt : null,
    source: 'pagerduty',
  }
}

/**
 * Throws `unauthenticated` unless the header carries an HMAC of these bytes by one of the subscription secrets. PagerDuty sends several,
 * comma-separated, while a secret is being replaced, and signs no time: repeats are harmless because alerts are deduplicated.
 */
export function verifyPagerDuty(
  body: Uint8Array | string,
  header: string | undefined,
  secrets: readonly string[],
): void {
  const given = (header ?? '')
    .split(',')
    .map((field) => field.trim())
    .filter((field) => /^v1=[0-9a-f]{64}$/.test(field))
    .map((field) => field.slice(3))
  if (given.length === 0)
    throw new Fault('unauthenticated', 'the X-PagerDuty-Signature header is missing or carries no v1 signature')
  if (
    !matchesAny(
      given,
      secrets.map((secret) => hmacHex(secret, body)),
    )
  )
    throw new Fault(
      'unauthenticated',
      'the X-PagerDuty-Signature header does not match the body and the configured secret',
      {
        hint: 'compare the secret with the one that PagerDuty showed when the subscription was made',
      },
    )
}
