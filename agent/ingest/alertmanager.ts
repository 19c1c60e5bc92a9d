import { z } from 'zod'
import type { Alert } from '../domain/alert.ts'
import {
  cleanText,
  type Delivery,
  fingerprintOf,
  isZeroTime,
  type Note,
  payloadFault,
  quote,
  readInstant,
  readPayload,
  Texts,
  usableFingerprint,
  VendorInstant,
} from './payload.ts'

/** Stands for a start that the sender did not know; `settle` replaces it by the time of receipt. */
export const UNKNOWN_START = '1970-01-01T00:00:00.000Z'

/** One alert, in the shape that Alertmanager fixed and Grafana extends. */
export const PrometheusAlert = z.object({
  status: z.enum(['firing', 'resolved']),
  labels: Texts,
  annotations: Texts.nullish(),
  startsAt: z.preprocess(
    (value) => (typeof value === 'string' && isZeroTime(value) ? UNKNOWN_START : value),
    VendorInstant,
  ),
  endsAt: z.string().nullish(),
  generatorURL: z.string().nullish(),
  fingerprint: z.string().nullish(),
})
type PrometheusAlert = z.infer<typeof PrometheusAlert>

const Versioned = z.object({ version: z.unknown().optional() })

/** What Alertmanager posts. */
export const AlertmanagerBody = z.object({
  alerts: z.array(PrometheusAlert),
  truncatedAlerts: z.number().int().min(0).nullish(),
})

/** Reads an Alertmanager webhook of version 4 (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config). */
export function readAlertmanager(body: unknown): Delivery {
  const { version } = readPayload(Versioned, body, 'Alertmanager')
  if (version !== '4')
    throw payloadFault(`version: the Alertmanager webhook must be of version "4" (a text), not ${quote(version)}`)
  const { alerts, truncatedAlerts } = readPayload(AlertmanagerBody, body, 'Alertmanager')
  return { alerts: alerts.map((alert) => toAlert(alert, 'alertmanager')), notes: truncationNote(truncatedAlerts) }
}

/** The alerts of an Alertmanager webhook of version 4. */
export function parseAlertmanager(body: unknown): Alert[] {
  return readAlertmanager(body).alerts
}

/** Alerts left out by the sender are still firing somewhere: the note says how many nobody here has seen. */
export function truncationNote(truncated: number | null | undefined): Note[] {
  if (!truncated) return []
  return [{ kind: 'truncated', detail: `the sender left out ${truncated} alerts (max_alerts); raise it to see them` }]
}

/** An alert in the house's form. */
export function toAlert(alert: PrometheusAlert, source: string, extra: Readonly<Record<string, string>> = {}): Alert {
  const { labels } = alert
  const annotations: Record<string, string> = { ...extra, ...alert.annotations }
  if (alert.generatorURL) annotations.generator_url ??= cleanText(alert.generatorURL, 2048)
  return {
    fingerprint: alert.fingerprint ? usableFingerprint(alert.fingerprint) : fingerprintOf(labels),
    name: labels.alertname || 'unnamed',
    status: alert.status,
    severity: severityOf(labels),
    labels,
    annotations,
    startsAt: alert.startsAt,
    endsAt: endOf(alert),
    source,
  }
}

/** The severity label in lower case, or `unknown`. */
export function severityOf(labels: Readonly<Record<string, string>>): string {
  return labels.severity?.trim().toLowerCase() || 'unknown'
}

/** A firing alert has no end yet, whatever the sender guesses; an unreadable end is unknown, the alert stands all the same. */
function endOf(alert: PrometheusAlert): string | null {
  if (alert.status === 'firing' || !alert.endsAt || isZeroTime(alert.endsAt)) return null
  return readInstant(alert.endsAt)
}
