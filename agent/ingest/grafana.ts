import { z } from 'zod'
import { PrometheusAlert, toAlert, truncationNote } from './alertmanager.ts'
import { cleanText, type Delivery, payloadFault, quote, readPayload, Texts } from './payload.ts'

const GrafanaAlert = PrometheusAlert.extend({
  values: Texts.nullish().catch(null),
  dashboardURL: z.string().nullish(),
  panelURL: z.string().nullish(),
})

const Envelope = z.object({ version: z.unknown().optional(), ruleId: z.unknown().optional() })

/** What Grafana's unified alerting posts. */
export const GrafanaBody = z.object({
  alerts: z.array(GrafanaAlert),
  truncatedAlerts: z.number().int().min(0).nullish(),
})

/**
 * Reads a Grafana unified-alerting webhook (https://grafana.com/docs/grafana/latest/alerting/). `DatasourceNoData` and `DatasourceError`
 * alerts come through as what they are: firing alerts under that name, never a resolution.
 */
export function readGrafana(body: unknown): Delivery {
  const { version, ruleId } = readPayload(Envelope, body, 'Grafana')
  if (version === undefined && ruleId !== undefined)
    throw payloadFault(
      'this is a webhook of Grafana legacy alerting; only unified alerting is supported (Grafana 9 and later)',
    )
  if (version !== '1')
    throw payloadFault(`version: the Grafana webhook must be of version "1" (a text), not ${quote(version)}`)
  const { alerts, truncatedAlerts } = readPayload(GrafanaBody, body, 'Grafana')
  return {
    alerts: alerts.map((alert) => {
      const extra: Record<string, string> = {}
      if (alert.values) extra.values = cleanText(JSON.stringify(alert.values), 2048)
      const page = alert.panelURL || alert.dashboardURL
      if (page) extra.dashboard_url = cleanText(page, 2048)
      return toAlert(alert, 'grafana', extra)
    }),
    notes: truncationNote(truncatedAlerts),
  }
}
