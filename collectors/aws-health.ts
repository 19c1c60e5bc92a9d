import {
  DescribeAffectedEntitiesCommand,
  DescribeEventDetailsCommand,
  DescribeEventsCommand,
  HealthClient,
} from '@aws-sdk/client-health'
import { z } from 'zod'
import type { ProviderEventSignal } from '../agent/domain/signal.ts'
import { epochMs, instantOf } from '../agent/domain/time.ts'
import { isFault } from '../agent/lib/errors.ts'
import type { CollectContext, Collector } from './collector.ts'
import {
  type AffectedEntity,
  EntityPage,
  type Event,
  type EventDetails,
  EventDetailsPage,
  EventPage,
} from './shared/aws-health-answers.ts'
import { awsFault, requestHandlerOver } from './shared/aws-transport.ts'
import { readAs } from './shared/endpoint.ts'
import type { CollectorPorts } from './shared/ports.ts'

/** The AWS Health API of one account; it needs a Business, Enterprise On-Ramp or Enterprise support plan. */
export const Options = z.strictObject({
  source: z.literal('aws-health'),
  name: z.string().min(1).default('aws-health'),
  /** A fixed endpoint and signing region; without one, the active region is looked up, as AWS asks. */
  endpoint: z.url({ protocol: /^https?$/ }).optional(),
  region: z.string().min(1).optional(),
  /** Keys; without them the SDK's own chain is used (environment, profile, instance role). */
  credentials: z
    .strictObject({
      accessKeyId: z.string().min(1),
      secretAccessKey: z.string().min(1),
      sessionToken: z.string().min(1).optional(),
    })
    .optional(),
  /** How far back an event may have been updated last; open events that stayed silent for longer are not about this alert. */
  lookbackHours: z.number().positive().default(336),
  maxEvents: z.number().int().min(1).max(1000).default(100),
  timeoutMs: z.number().int().min(100).max(60_000).default(10_000),
})
export type Options = z.infer<typeof Options>

type Ports = Pick<CollectorPorts, 'resolveCname'>

/** The API answers from one of two regions; this name points at the one in charge (https://docs.aws.amazon.com/health/latest/ug/health-api.html). */
const GLOBAL_HOST = 'global.health.amazonaws.com'
const DEFAULT_REGION = 'us-east-1'
/** DescribeEventDetails and DescribeAffectedEntities take ten events at a time. */
const BATCH = 10
/** What ended a day ago no longer explains an alert. */
const CLOSED_FOR_MS = 24 * 3_600_000

/** Reads events, their descriptions and our own affected resources from AWS Health. */
export function awsHealth(options: Options, ports: Ports): Collector {
  return {
    name: options.name,
    source: 'aws-health',
    observer: 'provider',
    timeoutMs: options.timeoutMs,
    async collect(_scope, ctx) {
      const client = await clientFor(options, ports, ctx)
      try {
        const events = await describeEvents(client, options, ctx)
        if (events.length === 0) return []
        const details = await describeDetails(client, events, ctx)
        const entities = await describeEntities(client, events, options, ctx)
        return events.map((event, index) => signalOf(event, `${options.name}:event-${index + 1}`, details, entities))
      } finally {
        client.destroy()
      }
    },
  }
}

async function clientFor(options: Options, ports: Ports, ctx: CollectContext): Promise<HealthClient> {
  const active = options.endpoint ? { endpoint: options.endpoint } : await activeEndpoint(options, ports)
  return new HealthClient({
    region: options.region ?? DEFAULT_REGION,
    ...active,
    ...(options.credentials && { credentials: withoutUndefined(options.credentials) }),
    // One retry for all upstreams lives outside the SDK.
    maxAttempts: 1,
    retryMode: 'standard',
    defaultsMode: 'standard',
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    requestHandler: requestHandlerOver(ctx, 'AWS Health'),
  })
}

function withoutUndefined(credentials: NonNullable<Options['credentials']>) {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) }
}

async function activeEndpoint(options: Options, ports: Ports): Promise<{ endpoint: string; region: string }> {
  let region = options.region
  try {
    const names = region ? [] : await ports.resolveCname(GLOBAL_HOST)
    for (const name of names) region ??= /^health\.([a-z0-9-]+)\.amazonaws\.com\.?$/.exec(name)?.[1]
  } catch {
    // Without DNS for the alias, the default region's own name may still resolve.
  }
  region ??= DEFAULT_REGION
  return { endpoint: `https://health.${region}.amazonaws.com`, region }
}

/** Runs one call, and again when AWS throttles it. */
function call<T>(ctx: CollectContext, send: () => Promise<T>): Promise<T> {
  return ctx.retry(async () => {
    try {
      return await send()
    } catch (error) {
      throw isFault(error) ? error : awsFault(error, 'AWS Health')
    }
  }, ctx.abort)
}

async function describeEvents(client: HealthClient, options: Options, ctx: CollectContext) {
  const now = epochMs(ctx.window.to)
  const filter = { lastUpdatedTimes: [{ from: new Date(now - options.lookbackHours * 3_600_000) }] }
  const events: Event[] = []
  let nextToken: string | undefined
  do {
    const answer = await call(ctx, () =>
      client.send(new DescribeEventsCommand({ filter, maxResults: 100, ...(nextToken && { nextToken }) }), {
        abortSignal: ctx.abort,
      }),
    )
    const page = readAs(EventPage, answer, 'AWS Health (DescribeEvents)')
    events.push(...page.events)
    nextToken = page.nextToken
  } while (nextToken && events.length < options.maxEvents)
  const relevant = events.filter((event) => {
    return event.statusCode !== 'closed' || !event.endTime || event.endTime.getTime() >= now - CLOSED_FOR_MS
  })
  if (nextToken || relevant.length > options.maxEvents) ctx.truncated(`the first ${options.maxEvents} events`)
  return relevant.slice(0, options.maxEvents)
}

/** Descriptions by event; one that AWS could not give (failedSet) is said, and costs its text only. */
async function describeDetails(client: HealthClient, events: Event[], ctx: CollectContext) {
  const details = new Map<string, EventDetails>()
  for (const eventArns of batchesOf(events)) {
    const answer = await call(ctx, () =>
      client.send(new DescribeEventDetailsCommand({ eventArns }), { abortSignal: ctx.abort }),
    )
    const output = readAs(EventDetailsPage, answer, 'AWS Health (DescribeEventDetails)')
    for (const detail of output.successfulSet) if (detail.event?.arn) details.set(detail.event.arn, detail)
    const failed = output.failedSet
    if (failed.length > 0)
      ctx.truncated(`no description of ${failed.length} events: ${failed[0]?.errorName ?? 'no reason given'}`)
  }
  return details
}

async function describeEntities(
  client: HealthClient,
  events: Event[],
  options: Options,
  ctx: CollectContext,
): Promise<Map<string, string[]>> {
  const byEvent = new Map<string, string[]>()
  let left = options.maxEvents * BATCH
  for (const eventArns of batchesOf(events)) {
    let nextToken: string | undefined
    do {
      const answer = await call(ctx, () =>
        client.send(
          new DescribeAffectedEntitiesCommand({
            filter: { eventArns },
            maxResults: 100,
            ...(nextToken && { nextToken }),
          }),
          { abortSignal: ctx.abort },
        ),
      )
      const page = readAs(EntityPage, answer, 'AWS Health (DescribeAffectedEntities)')
      for (const entity of page.entities) addEntity(byEvent, entity)
      left -= page.entities.length
      nextToken = page.nextToken
    } while (nextToken && left > 0)
    if (nextToken) {
      ctx.truncated('some of the affected resources')
      break
    }
  }
  return byEvent
}

function addEntity(byEvent: Map<string, string[]>, { eventArn, entityValue }: AffectedEntity): void {
  if (!eventArn || !entityValue) return
  const known = byEvent.get(eventArn)
  if (known) known.push(entityValue)
  else byEvent.set(eventArn, [entityValue])
}

function* batchesOf(events: Event[]): Generator<string[]> {
  const arns = events.map((event) => event.arn).filter((arn) => arn !== undefined)
  for (let start = 0; start < arns.length; start += BATCH) yield arns.slice(start, start + BATCH)
}

const CATEGORIES: Readonly<Record<string, ProviderEventSignal['category']>> = {
  issue: 'issue',
  investigation: 'issue',
  scheduledChange: 'maintenance',
  accountNotification: 'notification',
}

const STATES: Readonly<Record<string, ProviderEventSignal['state']>> = {
  open: 'open',
  upcoming: 'upcoming',
  closed: 'closed',
}

function signalOf(
  event: Event,
  id: string,
  details: Map<string, EventDetails>,
  entities: Map<string, string[]>,
): ProviderEventSignal {
  const arn = event.arn ?? ''
  return {
    kind: 'provider_event',
    id,
    channel: 'health_api',
    provider: 'aws',
    products: event.service ? [event.service] : [],
    regions: event.region ? [event.region] : [],
    zone: event.availabilityZone ?? null,
    category: /_SECURITY_/.test(event.eventTypeCode ?? '')
      ? 'security'
      : (CATEGORIES[event.eventTypeCategory ?? ''] ?? 'notification'),
    // A state that is not documented is taken as open: to overlook an event is the worse mistake.
    state: STATES[event.statusCode ?? ''] ?? 'open',
    severity: 'unknown',
    isAccountSpecific: event.eventScopeCode === 'ACCOUNT_SPECIFIC',
    affectedEntities: entities.get(arn) ?? [],
    startedAt: instantOfDate(event.startTime),
    updatedAt: instantOfDate(event.lastUpdatedTime),
    endedAt: instantOfDate(event.endTime),
    title: event.eventTypeCode ?? '',
    text: details.get(arn)?.eventDescription?.latestDescription ?? '',
  }
}

function instantOfDate(date: Date | undefined): string | null {
  return date && !Number.isNaN(date.getTime()) ? instantOf(date.getTime()) : null
}
