import type { Incident } from '../case.ts'
import { below, pick, type Random } from '../random.ts'
import { REGION_POOLS } from './regions.ts'

export interface NoiseContext {
  readonly random: Random
  readonly now: number
  readonly incident: Incident
}

const STRANGERS = [
  'newsletter',
  'payroll-export',
  'image-archive',
  'intranet-wiki',
  'survey-forms',
  'badge-printer',
  'expense-sync',
  'seminar-video',
]
const METRICS = ['queue_depth', 'batch_rows', 'worker_cpu', 'import_errors', 'report_latency', 'cache_entries']
const LINES = [
  ['info', 'export finished in 3{n} s'],
  ['info', 'archived 1{n} objects'],
  ['warn', 'smtp 421 deferred for list {n}, will try again'],
  ['warn', 'thumbnail {n} skipped: unsupported colour profile'],
  ['error', 'ldap search for group {n} timed out after 2000 ms'],
  ['error', 'printer {n} out of paper'],
  ['error', 'spreadsheet {n} has no header row, import refused'],
] as const
const VENDORS = [
  'posterboard',
  'lunchclub',
  'signwell',
  'formlake',
  'clipvault',
  'travelroll',
  'surveyhive',
  'deskplant',
]
const COMPONENTS = [
  'Weekly digests',
  'Invoice archive',
  'Video transcripts',
  'Community forum',
  'Mobile push previews',
  'Partner training',
]

function minutesAgo({ random, now }: NoiseContext, upTo: number): number {
  return now - (1 + below(random, upTo)) * 60_000
}

function iso(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z')
}

/** A series of another service; without an SLI, because it says nothing about this one's users. Some of them misbehave too. */
export function seriesNoise({ random, now }: NoiseContext, index: number): unknown {
  const stranger = pick(random, STRANGERS)
  const metric = pick(random, METRICS)
  const level = 10 + random() * 500
  const stepsFrom = random() < 0.2 ? below(random, 120) : Number.POSITIVE_INFINITY
  const end = Math.floor(now / 30_000) * 30
  const values = Array.from({ length: 121 }, (_, step) => {
    const value = level * (0.95 + random() * 0.1) * (step >= stepsFrom ? 4 : 1)
    return [end - (120 - step) * 30, value.toFixed(3)]
  })
  return {
    name: `${stranger.replaceAll('-', '_')}_${metric}_${index}`,
    unit: 'count',
    query: `sum(${metric}{app="${stranger}"})`,
    response: { status: 'success', data: { resultType: 'matrix', result: [{ metric: { app: stranger }, values }] } },
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A log query's answer with other services' streams beside what it held. */
export function logNoise(context: NoiseContext, query: unknown, factor: number): unknown {
  if (!isObject(query) || !isObject(query.response) || !isObject(query.response.data)) return query
  const present = query.response.data.result
  if (!Array.isArray(present)) return query
  const lines = present.reduce((sum: number, one) => sum + (Array.isArray(one?.values) ? one.values.length : 0), 0)
  const streams = Math.max(1, present.length) * factor
  const perStream = Math.max(1, Math.round((lines * factor) / streams))
  const added = Array.from({ length: streams }, () => strangerStream(context, perStream))
  return { ...query, response: { ...query.response, data: { ...query.response.data, result: [...present, ...added] } } }
}

function strangerStream(context: NoiseContext, lines: number): unknown {
  const { random } = context
  const [level, line] = pick(random, LINES)
  const values = Array.from({ length: lines }, () => [
    `${minutesAgo(context, 55)}${String(below(random, 1_000_000)).padStart(6, '0')}`,
    line.replaceAll('{n}', String(below(random, 900) + 100)),
  ]).sort((a, b) => ((a[0] as string) < (b[0] as string) ? 1 : -1))
  return { stream: { app: pick(random, STRANGERS), level, namespace: 'backoffice' }, values }
}

/** A change to another service. */
export function changeNoise(context: NoiseContext): unknown {
  const { random } = context
  return {
    at: iso(minutesAgo(context, 60 * 30)),
    kind: pick(random, ['deploy', 'config', 'flag']),
    service: pick(random, STRANGERS),
    ref: `v${below(random, 400)}`,
    summary: pick(random, [
      'new footer',
      'dependency bump',
      'longer retention of reports',
      'translated help texts',
      'smaller images',
    ]),
    rolloutPercent: 100,
  }
}

/** Regions in which this service has nothing. */
function foreignRegion({ random, incident }: NoiseContext, provider: string): string {
  const { primary, secondary, dr } = incident.service
  const own = new Set([primary, secondary, dr].map((site) => site?.region))
  const spoken = JSON.stringify(incident.upstream)
  const codes = REGION_POOLS.filter((pool) => pool.provider === provider).flatMap(({ regions }) =>
    regions.map(({ code }) => code),
  )
  const foreign = codes.filter((code) => !own.has(code) && !spoken.includes(code))
  return pick(random, foreign.length > 0 ? foreign : codes.filter((code) => !own.has(code)))
}

/** AWS Health answers with other regions' events beside their own. */
export function awsNoise(context: NoiseContext, section: unknown, factor: number): unknown {
  if (!isObject(section) || !isObject(section.DescribeEvents) || !Array.isArray(section.DescribeEvents.events))
    return section
  const details = isObject(section.DescribeEventDetails) ? section.DescribeEventDetails : null
  const events = Array.from({ length: Math.max(1, section.DescribeEvents.events.length) * factor }, () =>
    awsEvent(context),
  )
  const described = Array.isArray(details?.successfulSet) ? details.successfulSet : null
  const text = 'We are investigating increased error rates for some customers in this Region.'
  return {
    ...section,
    DescribeEvents: { ...section.DescribeEvents, events: [...section.DescribeEvents.events, ...events] },
    ...(described && {
      DescribeEventDetails: {
        ...details,
        successfulSet: [
          ...described,
          ...events.map((event) => ({ event, eventDescription: { latestDescription: text } })),
        ],
      },
    }),
  }
}

function awsEvent(context: NoiseContext) {
  const { random } = context
  const region = foreignRegion(context, 'aws')
  const service = pick(random, ['WORKMAIL', 'GLUE', 'REDSHIFT', 'SAGEMAKER', 'QUICKSIGHT', 'EMR'])
  const type = `AWS_${service}_OPERATIONAL_ISSUE`
  const startedAt = Math.floor(minutesAgo(context, 300) / 1000)
  return {
    arn: `arn:aws:health:${region}::event/${service}/${type}/${type}_${below(random, 0x7fffffff).toString(16).toUpperCase()}`,
    service,
    eventTypeCode: type,
    eventTypeCategory: 'issue',
    region,
    startTime: startedAt,
    lastUpdatedTime: startedAt + 300,
    statusCode: random() < 0.5 ? 'open' : 'closed',
    eventScopeCode: 'PUBLIC',
  }
}

/** A status page with posts about other components and regions beside its own. */
export function pageNoise(context: NoiseContext, page: unknown, factor: number): unknown {
  if (!isObject(page)) return page
  if (page.format === 'gcp.incidents' && Array.isArray(page.body)) {
    const added = Array.from({ length: Math.max(1, page.body.length) * factor }, (_, index) =>
      gcpIncident(context, index),
    )
    return { ...page, body: [...page.body, ...added] }
  }
  if (page.format === 'rss' && typeof page.body === 'string') {
    const present = page.body.split('<item>').length - 1
    const added = Array.from({ length: Math.max(1, present) * factor }, () => rssItem(context)).join('')
    return { ...page, body: page.body.replace('</channel>', () => `${added}</channel>`) }
  }
  if (page.format === 'statuspage.v2' && isObject(page.body))
    return { ...page, body: withForeignPosts(context, page.body, factor) }
  return page
}

function gcpIncident(context: NoiseContext, index: number): unknown {
  const region = foreignRegion(context, 'gcp')
  const startedAt = minutesAgo(context, 300)
  const update = {
    created: iso(startedAt),
    when: iso(startedAt),
    text: 'Queries may take longer.',
    status: 'SERVICE_DISRUPTION',
  }
  return {
    id: `noise${index}${below(context.random, 1_000_000)}`,
    number: String(startedAt),
    begin: iso(startedAt),
    created: iso(startedAt),
    modified: iso(startedAt),
    external_desc: `Looker Studio slow in ${region}`,
    updates: [update],
    most_recent_update: update,
    severity: 'low',
    status_impact: 'SERVICE_DISRUPTION',
    affected_products: [{ title: 'Looker Studio', id: 'looker-studio' }],
    currently_affected_locations: [{ title: region, id: region }],
  }
}

function rssItem(context: NoiseContext): string {
  const region = foreignRegion(context, 'azure')
  const at = new Date(minutesAgo(context, 300)).toUTCString()
  return `<item><title>Power BI Embedded - ${region}</title><description>Some reports load slowly.</description><pubDate>${at}</pubDate><guid>noise-${below(context.random, 1e9)}</guid></item>`
}

function withForeignPosts(
  context: NoiseContext,
  body: Record<string, unknown>,
  factor: number,
): Record<string, unknown> {
  const { random } = context
  const at = iso(minutesAgo(context, 300))
  const components = Array.isArray(body.components) ? body.components : []
  const incidents = Array.isArray(body.incidents) ? body.incidents : []
  const added = Array.from({ length: Math.max(1, components.length) * factor }, (_, index) => ({
    id: `noise${index}`,
    name: `${pick(random, COMPONENTS)} ${index + 1}`,
    status: random() < 0.1 ? 'degraded_performance' : 'operational',
    updated_at: at,
    group: false,
  }))
  const posts = Array.from({ length: Math.max(1, incidents.length) * factor }, (_, index) => {
    const component = pick(random, added)
    const update = {
      id: `u${index}`,
      status: 'investigating',
      body: 'A few accounts see delays.',
      created_at: at,
      display_at: at,
    }
    return {
      id: `noise${index}`,
      name: `${component.name} delayed`,
      status: 'investigating',
      impact: 'minor',
      created_at: at,
      started_at: at,
      updated_at: at,
      resolved_at: null,
      incident_updates: [update],
      components: [component],
    }
  })
  return { ...body, components: [...components, ...added], incidents: [...incidents, ...posts] }
}

/** The page of a vendor that this service does not use, with a post of its own. */
export function strangerPage(context: NoiseContext, index: number): unknown {
  const name = `${pick(context.random, VENDORS)}${index}`
  const page = {
    id: name,
    name,
    url: `https://status.${name}.example`,
    time_zone: 'Etc/UTC',
    updated_at: iso(context.now),
  }
  const empty = {
    page,
    components: [],
    incidents: [],
    scheduled_maintenances: [],
    status: { indicator: 'minor', description: 'Minor Service Outage' },
  }
  return { name, format: 'statuspage.v2', body: withForeignPosts(context, empty, 1) }
}
