import { z } from 'zod'
import type { ProviderEventSignal, Signal } from '../../agent/domain/signal.ts'
import { epochMs, type Instant } from '../../agent/domain/time.ts'
import { readAs } from './endpoint.ts'
import { VendorText, VendorTime } from './lenient.ts'

const Titled = z.object({ title: VendorText, id: VendorText })

const Update = z.object({ when: VendorTime, created: VendorTime, text: VendorText, status: VendorText })

/** Google Cloud's `incidents.json` (https://status.cloud.google.com/incidents.schema.json). */
const Incidents = z.array(
  z.object({
    id: z.string().min(1),
    begin: VendorTime,
    created: VendorTime,
    modified: VendorTime,
    end: VendorTime,
    external_desc: VendorText,
    severity: VendorText,
    status_impact: VendorText,
    most_recent_update: Update.nullish(),
    updates: z.array(Update).nullish(),
    affected_products: z.array(Titled).nullish(),
    currently_affected_locations: z.array(Titled).nullish(),
    previously_affected_locations: z.array(Titled).nullish(),
  }),
)
type Incident = z.infer<typeof Incidents>[number]

/** The file holds years of history; what ended a day ago no longer explains an alert. */
const CLOSED_FOR_MS = 24 * 3_600_000

const SEVERITIES = { low: 'low', medium: 'medium', high: 'high' } as const

/** Open and lately closed incidents of Google Cloud. */
export function readGcpIncidents(body: unknown, provider: string, id: string, now: Instant, what: string): Signal[] {
  const recent = readAs(Incidents, body, what).filter(
    ({ end }) => end === null || epochMs(end) >= epochMs(now) - CLOSED_FOR_MS,
  )
  return recent.map((incident, index): ProviderEventSignal => {
    const locations = locationsOf(incident)
    const updates = [...(incident.updates ?? [])].sort((a, b) => (b.when ?? '').localeCompare(a.when ?? ''))
    const texts = updates.length > 0 ? updates : incident.most_recent_update ? [incident.most_recent_update] : []
    return {
      kind: 'provider_event',
      id: `${id}:incident-${index + 1}`,
      channel: 'status_page',
      provider,
      products: (incident.affected_products ?? []).map(({ title, id: code }) => title || code).filter(Boolean),
      regions: [...new Set(locations.map(regionOf))].sort(),
      zone: locations.length === 1 && regionOf(locations[0] ?? '') !== locations[0] ? (locations[0] ?? null) : null,
      category: 'issue',
      state: stateOf(incident, now),
      severity: SEVERITIES[incident.severity as keyof typeof SEVERITIES] ?? 'unknown',
      isAccountSpecific: false,
      affectedEntities: [],
      startedAt: incident.begin ?? incident.created,
      updatedAt: incident.modified ?? incident.most_recent_update?.when ?? null,
      endedAt: incident.end,
      title: incident.external_desc,
      text: texts.map((update) => update.text).join('\n'),
    }
  })
}

function locationsOf(incident: Incident): string[] {
  const current = incident.currently_affected_locations ?? []
  const listed = current.length > 0 ? current : (incident.previously_affected_locations ?? [])
  return listed.map(({ id, title }) => id || title).filter(Boolean)
}

/** The region of a location: zones end in a letter, such as `europe-west1-b`. */
function regionOf(location: string): string {
  return /^([a-z]+-[a-z]+\d+)-[a-z]$/.exec(location)?.[1] ?? location
}

function stateOf(incident: Incident, now: Instant): ProviderEventSignal['state'] {
  // An end in the future is a forecast, not an end.
  if (incident.end !== null && epochMs(incident.end) <= epochMs(now)) return 'closed'
  return incident.most_recent_update?.status === 'AVAILABLE' ? 'monitoring' : 'open'
}
