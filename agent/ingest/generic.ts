import { z } from 'zod'
import type { Alert } from '../domain/alert.ts'
import { instantOf } from '../domain/time.ts'
import { severityOf, UNKNOWN_START } from './alertmanager.ts'
import {
  cleanText,
  type Delivery,
  fingerprintOf,
  type Note,
  OptionalInstant,
  payloadFault,
  quote,
  readPayload,
  Texts,
  usableFingerprint,
} from './payload.ts'

/** Times may also be numbers, because n8n and scripts have them at hand: seconds or milliseconds since 1970. */
const LooseInstant = z.preprocess((value) => {
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) return value
  const ms = value < 1e11 ? value * 1000 : value
  return ms > 253_402_300_799_999 ? 'a number too large' : instantOf(ms)
}, OptionalInstant)

const SHAPE = {
  name: z.string().min(1).optional(),
  status: z.enum(['firing', 'resolved']).default('firing'),
  severity: z.string().optional(),
  service: z.string().min(1).optional(),
  labels: Texts.optional(),
  annotations: Texts.optional(),
  summary: z.string().optional(),
  startsAt: LooseInstant,
  endsAt: LooseInstant,
  fingerprint: z.string().min(1).optional(),
}
const GenericAlert = z.looseObject(SHAPE)
type GenericAlert = z.infer<typeof GenericAlert>

/** One alert, or several under `alerts`. */
export const GenericBody = z.union([z.looseObject({ alerts: z.array(GenericAlert) }), GenericAlert])

const Several = z.object({ alerts: z.array(GenericAlert) })
const Envelope = z.object({ version: z.unknown().optional(), alerts: z.unknown().optional() })

/** Reads the generic body that scripts, n8n and monitoring systems without an entrance of their own send. */
export function readGeneric(body: unknown): Delivery {
  const { version, alerts } = readPayload(Envelope, body, 'generic')
  if (version !== undefined && version !== 1 && version !== '1')
    throw payloadFault(`version: the generic body must be of version 1 (or carry none), not ${quote(version)}`)
  const found =
    alerts === undefined ? [readPayload(GenericAlert, body, 'generic')] : readPayload(Several, body, 'generic').alerts
  const notes: Note[] = []
  return {
    alerts: found.map((alert, index) => {
      const unknown = Object.keys(alert).filter((key) => !Object.hasOwn(SHAPE, key) && key !== 'version')
      // A misspelt "service" would otherwise make an alert about nothing, and nobody would learn why.
      if (unknown.length > 0)
        notes.push({
          kind: 'ignored',
          detail: `alert ${index}: unknown fields ${unknown.slice(0, 5).map(quote).join(', ')}`,
        })
      return toAlert(alert, index)
    }),
    notes,
  }
}

function toAlert(alert: GenericAlert, index: number): Alert {
  const labels: Record<string, string> = { ...alert.labels }
  if (alert.service) labels.service = cleanText(alert.service, 1024)
  const name = cleanText(alert.name ?? labels.alertname ?? '', 1024)
  if (name === '')
    throw payloadFault(`alerts[${index}].name: expected a text that names the rule (or a label "alertname")`)
  labels.alertname ??= name
  const annotations: Record<string, string> = { ...alert.annotations }
  if (alert.summary) annotations.summary = cleanText(alert.summary)
  return {
    fingerprint: alert.fingerprint ? usableFingerprint(alert.fingerprint) : fingerprintOf(labels),
    name,
    status: alert.status,
    severity: alert.severity ? cleanText(alert.severity, 60).trim().toLowerCase() || 'unknown' : severityOf(labels),
    labels,
    annotations,
    startsAt: alert.startsAt ?? UNKNOWN_START,
    endsAt: alert.status === 'resolved' ? alert.endsAt : null,
    source: 'generic',
  }
}
