import { z } from 'zod'
import type { Alert } from '../domain/alert.ts'
import type { Instant } from '../domain/time.ts'
import { cleanText, fingerprintOf, payloadFault, quote, readPayload, Texts, VendorInstant } from './payload.ts'

/** Values that one event may carry; the rest is refused rather than silently dropped. */
const METRIC_LIMIT = 200

const Value = z.union([z.number(), z.string(), z.boolean(), z.null()])
const Metrics = z.record(z.string(), z.union([Value, z.record(z.string(), Value)]))

const SEVERITIES = ['ok', 'info', 'warning', 'critical'] as const

/** The event that other agents and scripts send about the place where they run. */
export const InfrastructureHealthBody = z.object({
  event_type: z.literal('infrastructure_health'),
  timestamp: VendorInstant,
  source_cloud: z.string().min(1),
  severity: z.preprocess((value) => (typeof value === 'string' ? value.toLowerCase() : value), z.enum(SEVERITIES)),
  metrics: Metrics.default({}),
  /** Optional, to say more precisely what it is about. */
  service: z.string().min(1).optional(),
  region: z.string().min(1).optional(),
  labels: Texts.optional(),
})

/** Measured values of a place, and an alert when they are critical. */
export interface HealthEvent {
  readonly at: Instant
  readonly severity: (typeof SEVERITIES)[number]
  /** What it is about, in the same labels that alerts carry, so that the same matchers find the service. */
  readonly labels: Readonly<Record<string, string>>
  /** Nested metrics are flattened with a dot. */
  readonly metrics: Readonly<Record<string, number | string | boolean | null>>
  /** Present when the severity is critical: it opens an assessment as any alert does. */
  readonly alert: Alert | null
}

const Envelope = z.object({ event_type: z.unknown().optional() })

/** Reads an `infrastructure_health` event. */
export function readInfrastructureHealth(body: unknown): HealthEvent {
  const { event_type } = readPayload(Envelope, body, 'event')
  if (event_type !== 'infrastructure_health')
    throw payloadFault(`event_type: expected "infrastructure_health", not ${quote(event_type)}`)
  const event = readPayload(InfrastructureHealthBody, body, 'infrastructure_health')
  const cloud = cleanText(event.source_cloud, 200).toLowerCase()
  const labels: Record<string, string> = { ...event.labels, source_cloud: cloud }
  if (event.service) labels.service = cleanText(event.service, 1024)
  if (event.region) labels.region = cleanText(event.region, 200)
  const metrics = flatten(event.metrics)
  const isCritical = event.severity === 'critical'
  return {
    at: event.timestamp,
    severity: event.severity,
    labels,
    metrics,
    alert: isCritical ? toAlert(labels, metrics, event.timestamp) : null,
  }
}

function toAlert(labels: Record<string, string>, metrics: HealthEvent['metrics'], startsAt: Instant): Alert {
  const named = { alertname: 'InfrastructureHealthCritical', ...labels }
  return {
    fingerprint: fingerprintOf(named),
    name: 'InfrastructureHealthCritical',
    status: 'firing',
    severity: 'critical',
    labels: named,
    annotations: { metrics: cleanText(JSON.stringify(metrics)) },
    startsAt,
    endsAt: null,
    source: 'infrastructure_health',
  }
}

function flatten(metrics: z.infer<typeof Metrics>): Record<string, number | string | boolean | null> {
  const flat: Record<string, number | string | boolean | null> = {}
  const put = (name: string, value: number | string | boolean | null) => {
    flat[cleanText(name, 200)] = typeof value === 'string' ? cleanText(value, 1024) : value
  }
  for (const [name, value] of Object.entries(metrics)) {
    if (value === null || typeof value !== 'object') put(name, value)
    else for (const [inner, leaf] of Object.entries(value)) put(`${name}.${inner}`, leaf)
  }
  const count = Object.keys(flat).length
  if (count > METRIC_LIMIT) throw payloadFault(`metrics: at most ${METRIC_LIMIT} values per event, not ${count}`)
  return flat
}
