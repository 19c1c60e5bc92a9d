import { epochMs } from '../agent/domain/time.ts'
import { Fault } from '../agent/lib/errors.ts'
import type { Http, HttpRequest, HttpResponse } from '../agent/lib/http.ts'
import { isRecordedFailure, type RecordedFailure, type RecordedIncident } from './recorded-incident.ts'
import { feedPath, lokiPath, named, prometheusPath, RECORDED_BASE, statusPagePath } from './recorded-scope.ts'

/** A recorded incident's upstreams, answering in their own APIs' shapes. */
export interface RecordedUpstream {
  readonly http: Http
  /** Requests that the recording cannot answer; anything here is a mistake of the asker. */
  readonly unanswered: readonly string[]
}

type Respond = (request: HttpRequest, url: URL) => HttpResponse

/** Whether a request must ask for exactly the recorded hour; a live agent that replays one asks a little later each time. */
export interface RecordedTimes {
  readonly anyTime?: boolean
}

/** Serves a recorded incident in process, strictly: a request that its collectors would not send is an error. */
export function recordedUpstream(
  incident: RecordedIncident,
  base: string = RECORDED_BASE,
  { anyTime = false }: RecordedTimes = {},
): RecordedUpstream {
  const routes = routesOf(incident, anyTime)
  const unanswered: string[] = []
  const prefix = new URL(base).pathname.replace(/\/+$/, '')
  const http: Http = async (request, abort) => {
    abort.throwIfAborted()
    const url = new URL(request.url)
    const path = url.pathname.startsWith(prefix) ? url.pathname.slice(prefix.length).replace(/\/+$/, '') : null
    const respond = path === null ? undefined : routes.get(`${request.method} ${path}`)
    try {
      if (!respond) throw unknown(request, url, 'there is no such upstream')
      return respond(request, url)
    } catch (error) {
      if (error instanceof Fault && error.code === 'internal') unanswered.push(error.message)
      throw error
    }
  }
  return { http, unanswered }
}

/** The Http alone. */
export function recordedHttp(incident: RecordedIncident, base: string = RECORDED_BASE): Http {
  return recordedUpstream(incident, base).http
}

function routesOf({ upstream, decidedAt }: RecordedIncident, anyTime: boolean): Map<string, Respond> {
  const routes = new Map<string, Respond>()
  const serve = (path: string, answer: unknown) => routes.set(`GET ${path}`, () => answerOf(answer))
  if (upstream.awsHealth) routes.set('POST /aws-health', (request, url) => awsAnswer(upstream.awsHealth, request, url))
  if (upstream.healthChecks) serve(feedPath('health'), upstream.healthChecks)
  if (upstream.changes) serve(feedPath('changes'), upstream.changes)
  if (upstream.readiness) serve(feedPath('readiness'), upstream.readiness)
  for (const { name, entry } of named(upstream.statusPages)) {
    const page = entry as typeof entry & { format?: string; body?: unknown }
    serve(statusPagePath(name, page), isRecordedFailure(page) ? page : page.body)
  }
  for (const { name, entry } of named(upstream.prometheus)) {
    routes.set(`GET ${prometheusPath(name)}/api/v1/query_range`, (request, url) => {
      const { searchParams: asked } = url
      const to = epochMs(decidedAt) / 1000
      const hour = anyTime ? {} : { start: `${to - 3600}`, end: `${to}` }
      expectParams(request, url, { query: entry.query || name, ...hour })
      if (!(Number(asked.get('step')) > 0)) throw unknown(request, url, 'step is missing')
      return answerOf(entry.response ?? entry)
    })
  }
  for (const { name, entry } of named(upstream.loki)) {
    routes.set(`GET ${lokiPath(name)}/loki/api/v1/query_range`, (request, url) => {
      const to = epochMs(decidedAt)
      const hour = anyTime ? {} : { start: `${to - 3_600_000}000000`, end: `${to}000000` }
      expectParams(request, url, { query: entry.query || name, ...hour, direction: 'backward' })
      return answerOf(entry.response ?? entry)
    })
  }
  return routes
}

function expectParams(request: HttpRequest, url: URL, expected: Record<string, string>): void {
  for (const [name, value] of Object.entries(expected)) {
    const asked = url.searchParams.get(name)
    if (asked !== value)
      throw unknown(request, url, `${name} is ${JSON.stringify(asked)}, recorded is ${JSON.stringify(value)}`)
  }
}

function unknown(request: HttpRequest, url: URL, why: string): Fault {
  return new Fault('internal', `the recording has no answer to ${request.method} ${url.pathname}: ${why}`)
}

const AWS_TARGET = /^AWSHealth_20160804\.(DescribeEvents|DescribeEventDetails|DescribeAffectedEntities)$/

function awsAnswer(recorded: RecordedIncident['upstream']['awsHealth'], request: HttpRequest, url: URL): HttpResponse {
  const operation = AWS_TARGET.exec(request.headers?.['x-amz-target'] ?? '')?.[1]
  if (!operation) throw unknown(request, url, 'no known operation of AWS Health')
  if (!request.headers?.authorization?.startsWith('AWS4-HMAC-SHA256 ')) throw unknown(request, url, 'it is not signed')
  if (!recorded || isRecordedFailure(recorded)) {
    if (recorded?.error.kind === 'subscription_required')
      return json(400, { __type: 'SubscriptionRequiredException', message: 'a support plan is required' })
    return answerOf(recorded)
  }
  const answer = recorded[operation as keyof typeof recorded]
  return json(200, restrictedTo(answer, JSON.parse(request.body ?? '{}')))
}

/** Details and entities of the asked events only, as the API gives them. */
function restrictedTo(
  answer: Record<string, unknown>,
  asked: { eventArns?: unknown; filter?: { eventArns?: unknown } },
) {
  const arns = asked.eventArns ?? asked.filter?.eventArns
  if (!Array.isArray(arns)) return answer
  const keep = (list: unknown, arnOf: (item: Record<string, unknown>) => unknown) =>
    Array.isArray(list) ? list.filter((item) => arns.includes(arnOf(item))) : list
  const { successfulSet, entities, ...rest } = answer
  return {
    ...rest,
    ...(successfulSet !== undefined && {
      successfulSet: keep(successfulSet, (item) => (item.event as { arn?: unknown } | undefined)?.arn),
    }),
    ...(entities !== undefined && { entities: keep(entities, (item) => item.eventArn) }),
  }
}

function answerOf(answer: unknown): HttpResponse {
  if (isRecordedFailure(answer)) return failureOf(answer)
  if (typeof answer === 'string') return { status: 200, headers: { 'content-type': 'application/xml' }, body: answer }
  return json(200, answer)
}

function json(status: number, value: unknown): HttpResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) }
}

/** What an Http does when the upstream fails in the recorded way. */
function failureOf({ error: { kind, status } }: RecordedFailure): HttpResponse {
  switch (kind) {
    case 'timeout':
      throw new Fault('deadline', 'no answer in time')
    case 'network':
      throw new Fault('upstream_unreachable', 'the connection failed')
    case 'too_large':
      throw new Fault('upstream_too_large', 'the answer exceeds the cap')
    case 'malformed':
      return { status: status ?? 200, headers: { 'content-type': 'text/html' }, body: '<html></html>' }
    case 'auth':
      return { status: status ?? 401, headers: {}, body: '' }
    case 'rate_limited':
      return { status: status ?? 429, headers: {}, body: '' }
    case 'http':
      return { status: status ?? 500, headers: {}, body: '' }
    default:
      throw new Fault('upstream_refused', 'the upstream could not be read', { details: { failureKind: kind, status } })
  }
}
