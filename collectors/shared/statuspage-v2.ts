import { z } from 'zod'
import type { ComponentSignal, ProviderEventSignal, Signal } from '../../agent/domain/signal.ts'
import { readAs } from './endpoint.ts'
import { VendorText, VendorTime } from './lenient.ts'
import { regionsInTitle } from './regions.ts'

const Named = z.object({ name: z.string() })

const Update = z.object({ body: VendorText, created_at: VendorTime, display_at: VendorTime })

const Incident = z.object({
  name: z.string(),
  status: z.string(),
  impact: z.string().nullish(),
  created_at: VendorTime,
  started_at: VendorTime,
  updated_at: VendorTime,
  resolved_at: VendorTime,
  scheduled_for: VendorTime,
  scheduled_until: VendorTime,
  components: z.array(Named).nullish(),
  incident_updates: z.array(Update).nullish(),
})
type Incident = z.infer<typeof Incident>

/** The `summary.json` of a Statuspage (https://www.atlassianstatus.com/api). */
const Summary = z.object({
  components: z.array(
    z.object({ name: z.string(), status: z.string(), updated_at: VendorTime, group: z.boolean().nullish() }),
  ),
  incidents: z.array(Incident),
  scheduled_maintenances: z.array(Incident).default([]),
})

const STATES: Readonly<Record<string, ProviderEventSignal['state']>> = {
  investigating: 'open',
  identified: 'open',
  monitoring: 'monitoring',
  resolved: 'closed',
  postmortem: 'closed',
  scheduled: 'upcoming',
  in_progress: 'open',
  verifying: 'monitoring',
  completed: 'closed',
}

const SEVERITIES: Readonly<Record<string, ProviderEventSignal['severity']>> = {
  none: 'none',
  maintenance: 'none',
  minor: 'low',
  major: 'medium',
  critical: 'high',
}

const COMPONENT_STATUS: Readonly<Record<string, ComponentSignal['status']>> = {
  operational: 'operational',
  degraded_performance: 'degraded',
  partial_outage: 'partial_outage',
  major_outage: 'major_outage',
  under_maintenance: 'maintenance',
}

/** Incidents, maintenances and components in trouble of a Statuspage summary; nothing when all is well. */
export function readStatuspage(body: unknown, provider: string, id: string, what: string): Signal[] {
  const summary = readAs(Summary, body, what)
  const incidents = summary.incidents.map((incident, index) =>
    eventOf(incident, 'issue', provider, `${id}:incident-${index + 1}`),
  )
  const maintenances = summary.scheduled_maintenances.map((incident, index) =>
    eventOf(incident, 'maintenance', provider, `${id}:maintenance-${index + 1}`),
  )
  const components = summary.components
    // A group repeats the worst of its members.
    .filter((component) => component.status !== 'operational' && component.group !== true)
    .map(
      (component, index): ComponentSignal => ({
        kind: 'component',
        id: `${id}:component-${index + 1}`,
        provider,
        name: component.name,
        status: COMPONENT_STATUS[component.status] ?? 'unknown',
        updatedAt: component.updated_at,
      }),
    )
  return [...incidents, ...maintenances, ...components]
}

function eventOf(
  incident: Incident,
  category: ProviderEventSignal['category'],
  provider: string,
  id: string,
): ProviderEventSignal {
  const products = (incident.components ?? []).map((component) => component.name)
  const updates = [...(incident.incident_updates ?? [])].sort((a, b) => timeOf(b).localeCompare(timeOf(a)))
  // The format has no field for regions; pages that have some put their codes into names.
  const regions = regionsInTitle([incident.name, ...products].join(' · '))
  return {
    kind: 'provider_event',
    id,
    channel: 'status_page',
    provider,
    products,
    regions,
    ...(regions.length > 0 && { regionsFrom: 'title' }),
    zone: null,
    category,
    // A state that is not documented is taken as open: it is listed, and to overlook an event is the worse mistake.
    state: STATES[incident.status] ?? 'open',
    severity: SEVERITIES[incident.impact ?? ''] ?? 'unknown',
    isAccountSpecific: false,
    affectedEntities: [],
    startedAt: incident.scheduled_for ?? incident.started_at ?? incident.created_at,
    updatedAt: incident.updated_at ?? incident.created_at,
    endedAt: incident.resolved_at ?? (incident.status === 'completed' ? incident.scheduled_until : null),
    title: incident.name,
    text: updates.map((update) => update.body).join('\n'),
  }
}

function timeOf(update: z.infer<typeof Update>): string {
  return update.display_at ?? update.created_at ?? ''
}
