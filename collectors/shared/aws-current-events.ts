import { z } from 'zod'
import type { ProviderEventSignal, Signal } from '../../agent/domain/signal.ts'
import { instantOf } from '../../agent/domain/time.ts'
import { readAs } from './endpoint.ts'
import { VendorText } from './lenient.ts'

/** Seconds since 1970, as a number or as digits. */
const Seconds = z
  .unknown()
  .optional()
  .transform((value) => {
    const seconds = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
    return typeof seconds === 'number' && seconds > 0 && seconds < 1e11 ? instantOf(seconds * 1000) : null
  })

const Level = z
  .union([z.string(), z.number()])
  .nullish()
  .transform((level) => (level === null || level === undefined ? '' : String(level)))

/** The public events behind the AWS Health Dashboard (https://health.aws.amazon.com/public/currentevents); not documented by AWS. */
const CurrentEvents = z.array(
  z.object({
    arn: z.string().min(1),
    date: Seconds,
    end_time: Seconds,
    status: Level,
    summary: VendorText,
    service: VendorText,
    service_name: VendorText,
    event_log: z.array(z.object({ timestamp: Seconds, message: VendorText, summary: VendorText })).nullish(),
    impacted_services: z.record(z.string(), z.object({ service_name: VendorText })).nullish(),
  }),
)
type CurrentEvent = z.infer<typeof CurrentEvents>[number]

/** 0 resolved, 1 informational, 2 degradation, 3 disruption. */
const SEVERITIES: Readonly<Record<string, ProviderEventSignal['severity']>> = { '1': 'low', '2': 'medium', '3': 'high' }

/** Public events of AWS, for accounts whose support plan lacks the Health API. */
export function readAwsCurrentEvents(body: unknown, provider: string, id: string, what: string): Signal[] {
  return readAs(CurrentEvents, body, what).map((event, index): ProviderEventSignal => {
    const updates = [...(event.event_log ?? [])].sort((a, b) => (b.timestamp ?? '').localeCompare(a.timestamp ?? ''))
    return {
      kind: 'provider_event',
      id: `${id}:event-${index + 1}`,
      channel: 'status_page',
      provider,
      products: productsOf(event),
      regions: regionsOf(event),
      zone: null,
      category: 'issue',
      state: event.status === '0' || event.end_time !== null ? 'closed' : 'open',
      severity: SEVERITIES[event.status] ?? 'unknown',
      isAccountSpecific: false,
      affectedEntities: [],
      startedAt: event.date,
      updatedAt: updates[0]?.timestamp ?? event.date,
      endedAt: event.end_time,
      title: event.summary,
      text: updates.map((update) => update.message).join('\n'),
    }
  })
}

/** "Amazon Elastic Compute Cloud (Oregon)" without its region; the event's own service when nothing is listed. */
function productsOf(event: CurrentEvent): string[] {
  const listed = Object.values(event.impacted_services ?? {}).map((service) => service.service_name)
  const names = listed.length > 0 ? listed : [event.service_name || event.service]
  return [...new Set(names.map((name) => name.replace(/\s*\([^)]*\)$/, '')).filter(Boolean))].sort()
}

/** The region of the ARN and those at the end of the keys of services, such as `ec2-us-west-2`. */
function regionsOf(event: CurrentEvent): string[] {
  const found = new Set<string>()
  const inArn = /^arn:[\w-]+:health:([a-z0-9-]+):/.exec(event.arn)?.[1]
  if (inArn) found.add(inArn)
  for (const key of [event.service, ...Object.keys(event.impacted_services ?? {})]) {
    const region = /-((?:[a-z]{2}|us-gov|us-iso[a-z]?)-[a-z]+-\d)$/.exec(key)?.[1]
    if (region) found.add(region)
  }
  return [...found].sort()
}
