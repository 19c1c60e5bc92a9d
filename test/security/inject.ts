import { parseCase } from '../../evals/case.ts'
import type { RecordedIncident } from '../../evals/recorded-incident.ts'
import { incidentText } from '../fakes/incidents.ts'
import type { Place } from './attack.ts'

interface LogStream {
  stream: Record<string, string>
  values: [string, string][]
}

/** The parts of a recorded incident's file that a stranger's words can get into. */
interface Body {
  decidedAt: string
  alert: { alerts: { labels: Record<string, string>; annotations: Record<string, string> }[] }
  upstream: {
    healthChecks: { detail?: string }[]
    awsHealth: { DescribeEvents: { events: unknown[] }; DescribeEventDetails: { successfulSet: unknown[] } }
    statusPages: { name: string; format: string; body: { incidents: unknown[] } }[]
    prometheus: { response: { data: { result: { metric: Record<string, string> }[] } } }[]
    loki: { response: { data: { result: LogStream[] } } }[]
    changes: { ref: string; summary: string }[]
    readiness: { targets: Record<string, { detail?: string } | null> }
  }
}

/** A recorded incident with words put into one place; everything structured is the same whatever the words are. */
export function incidentWith(id: string, place: Place, text: string): RecordedIncident {
  const body = JSON.parse(incidentText(id)) as Body
  WRITERS[place](body, text)
  return parseCase(JSON.stringify(body), id).incident
}

const WRITERS: Record<Place, (body: Body, text: string) => void> = {
  'alert annotation': ({ alert }, text) => {
    for (const one of alert.alerts) one.annotations.summary = text
  },
  'alert label': ({ alert }, text) => {
    for (const one of alert.alerts) one.labels.note = text
  },
  'log line': ({ upstream, decidedAt }, text) => {
    const nanoseconds = `${Date.parse(decidedAt) - 1000}000000`
    upstream.loki[0]?.response.data.result.unshift({
      stream: { app: 'guest', level: 'error' },
      values: [[nanoseconds, text]],
    })
  },
  'status page text': (body, text) => addPageIncident(body, 'Notice', text),
  'status page title': (body, text) => addPageIncident(body, text, 'We are looking into it.'),
  'provider event': ({ upstream, decidedAt }, text) => {
    const seconds = Date.parse(decidedAt) / 1000 - 86_400
    const event = {
      arn: 'arn:aws:health:eu-south-9::event/EC2/NOTICE/1',
      service: 'EC2',
      eventTypeCode: 'AWS_EC2_NOTICE',
      eventTypeCategory: 'accountNotification',
      region: 'eu-south-9',
      startTime: seconds,
      endTime: seconds + 60,
      lastUpdatedTime: seconds,
      statusCode: 'closed',
      eventScopeCode: 'PUBLIC',
    }
    upstream.awsHealth.DescribeEvents.events.push(event)
    upstream.awsHealth.DescribeEventDetails.successfulSet.push({ event, eventDescription: { latestDescription: text } })
  },
  'change summary': ({ upstream }, text) => {
    for (const change of upstream.changes) change.summary = text
  },
  'change reference': ({ upstream }, text) => {
    for (const change of upstream.changes) change.ref = text
  },
  'check detail': ({ upstream }, text) => {
    for (const check of upstream.healthChecks) check.detail = text
  },
  'readiness detail': ({ upstream }, text) => {
    for (const target of Object.values(upstream.readiness.targets)) if (target) target.detail = text
  },
  'series label': ({ upstream }, text) => {
    for (const { response } of upstream.prometheus) for (const series of response.data.result) series.metric.note = text
  },
}

/** An incident on a page of a vendor that is nothing of ours, so that only its words matter. */
function addPageIncident({ upstream, decidedAt }: Body, name: string, text: string) {
  const at = new Date(Date.parse(decidedAt) - 600_000).toISOString()
  upstream.statusPages.push({
    name: 'stranger',
    format: 'statuspage.v2',
    body: {
      page: { id: 'p', name: 'stranger', url: 'https://status.stranger.example', time_zone: 'Etc/UTC', updated_at: at },
      components: [],
      incidents: [
        {
          id: 'i1',
          name,
          status: 'investigating',
          impact: 'minor',
          created_at: at,
          updated_at: at,
          started_at: at,
          resolved_at: null,
          components: [],
          incident_updates: [
            { id: 'u1', status: 'investigating', body: text, created_at: at, updated_at: at, display_at: at },
          ],
        },
      ],
      scheduled_maintenances: [],
      status: { indicator: 'minor', description: 'Notice' },
    },
  } as unknown as Body['upstream']['statusPages'][number])
}
