import { z } from 'zod'
import { hashOf } from '../domain/canonical.ts'
import type { Http } from '../lib/http.ts'
import type { Notification, Notifier } from './notifier.ts'
import { plainLine } from './plain-text.ts'
import { checkReceipt } from './receipt.ts'

export const Options = z.strictObject({
  name: z.string().min(1).default('pagerduty'),
  /** Integration key of an Events API v2 integration. */
  routingKey: z.string().regex(/^[0-9A-Za-z]{32}$/, 'a PagerDuty integration key has 32 letters and digits'),
  /** https://events.eu.pagerduty.com/v2/enqueue in the EU region. */
  url: z.url({ protocol: /^https?$/ }).default('https://events.pagerduty.com/v2/enqueue'),
})
export type Options = z.infer<typeof Options>

/** Webhooks about incidents under such keys are our own pages coming back, and are recognised by it. */
const DEDUP_PREFIX = 'failwise:'
/** Limits of the Events API (https://developer.pagerduty.com/docs/events-api-v2/trigger-events/). */
const SUMMARY_LIMIT = 1024
const KEY_LIMIT = 255

/** Sends events to PagerDuty; all messages about one incident share a dedup key, so that repeats never page twice. */
export function pagerDuty(options: Options, http: Http): Notifier {
  return {
    name: options.name,
    async send(notification, abort) {
      const body = JSON.stringify(eventOf(notification, options.routingKey))
      const headers = { 'content-type': 'application/json' }
      checkReceipt(options.name, await http({ method: 'POST', url: options.url, headers, body }, abort))
    },
  }
}

function eventOf(notification: Notification, routingKey: string): Record<string, unknown> {
  const common = { routing_key: routingKey, dedup_key: dedupKeyOf(notification) }
  if (notification.kind === 'resolve') return { ...common, event_action: 'resolve' }
  const { runbookUrl, recordUrl, title, service, severity, at, kind, reasonLines, overrideCommand } = notification
  const links: { href: string; text: string }[] = []
  if (runbookUrl) links.push({ href: runbookUrl, text: 'Runbook' })
  if (recordUrl) links.push({ href: recordUrl, text: 'Why: the record' })
  return {
    ...common,
    event_action: 'trigger',
    client: 'Failwise',
    ...(recordUrl ? { client_url: recordUrl } : {}),
    links,
    payload: {
      summary: plainLine(title, SUMMARY_LIMIT),
      source: plainLine(service, 255),
      severity,
      timestamp: at,
      component: plainLine(service, 255),
      class: kind,
      custom_details: {
        reasons: reasonLines.slice(0, 40).map((line) => plainLine(line, 500)),
        ...(overrideCommand ? { override: plainLine(overrideCommand, 500) } : {}),
      },
    },
  }
}

function dedupKeyOf({ dedupeKey }: Notification): string {
  const key = `${DEDUP_PREFIX}${dedupeKey}`
  return key.length <= KEY_LIMIT ? key : `${DEDUP_PREFIX}${hashOf(dedupeKey)}`
}
