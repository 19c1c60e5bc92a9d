import { sql } from 'kysely'
import { epochMs, type Instant, instantOf } from '../domain/time.ts'
import { nowOf, type StoreContext } from './context.ts'
import { lockFor, rowsParameter, type Tx } from './database.ts'
import {
  type AlertState,
  type IngestOptions,
  type IngestState,
  type IngestWrites,
  type KnownIncident,
  planIngest,
  stateKey,
} from './ingest-plan.ts'
import type { IngestResult, ScopedAlert } from './records.ts'
import type { Schema } from './schema.ts'

export interface IngestRequest {
  readonly alerts: readonly ScopedAlert[]
  readonly receivedAt: Instant
}

type IncidentRow = { [Column in keyof Schema['incidents']]: Schema['incidents'][Column] }

/** Stores several requests in one transaction; all of them or none. */
export async function ingestTogether(
  tx: Tx,
  context: StoreContext,
  requests: readonly IngestRequest[],
  options: IngestOptions,
): Promise<IngestResult[]> {
  // One ingest at a time over all agents: it is a few statements per batch, and who opens an incident or event is never in doubt.
  await lockFor(tx, 'ingest')
  const state = await loadState(tx, context, requests)
  const writes: IngestWrites = { alerts: new Map(), states: new Map() }
  const results = requests.map((request) => planIngest(state, writes, request.alerts, request.receivedAt, options))
  const updatedAt =
    requests
      .map(({ receivedAt }) => receivedAt)
      .toSorted()
      .at(-1) ?? nowOf(context)
  const incidents = [...state.open.values()].filter((incident) => incident.isTouched)
  await writeIncidents(tx, incidents, updatedAt)
  await writeAlerts(tx, writes)
  await hangUnderEvents(tx, context, incidents, updatedAt, options)
  const eventOf = new Map(incidents.map((incident) => [incident.id, incident.eventId]))
  return results.map((result) => ({
    ...result,
    incidents: result.incidents.map((incident) => ({ ...incident, eventId: eventOf.get(incident.incidentId) ?? null })),
  }))
}

async function loadState(tx: Tx, context: StoreContext, requests: readonly IngestRequest[]): Promise<IngestState> {
  const scoped = requests.flatMap((request) => request.alerts)
  const groups = [...new Set(scoped.map(({ group }) => group))]
  const open = await sql<IncidentRow>`
    select * from incidents where closed_at is null and group_name = any(${groups}::text[]) order by id for update
  `.execute(tx)
  const closed = await sql<IncidentRow & { fingerprints: string }>`
    select incidents.*, (select json_agg(fingerprint)::text from incident_alerts where incident_id = incidents.id) as fingerprints
    from unnest(${groups}::text[]) as wanted (name)
    cross join lateral (
      select * from incidents where group_name = wanted.name and closed_at is not null order by opened_at desc limit 1
    ) as incidents
  `.execute(tx)
  const alerts = await sql<{ [Column in keyof Schema['alert_states']]: Schema['alert_states'][Column] }>`
    select alert_states.* from alert_states
    join json_to_recordset(${rowsParameter(scoped.map(({ group, alert }) => ({ g: group, f: alert.fingerprint })))}::json)
      as wanted (g text, f text) on wanted.g = group_name and wanted.f = fingerprint
  `.execute(tx)
  return {
    newId: context.newId,
    open: new Map(open.rows.map((row) => [row.group_name, knownIncident(row)])),
    closed: new Map(
      closed.rows.map((row) => [
        row.group_name,
        { incident: knownIncident(row), fingerprints: new Set<string>(JSON.parse(row.fingerprints ?? '[]')) },
      ]),
    ),
    alerts: new Map(alerts.rows.map((row) => [stateKey(row.group_name, row.fingerprint), alertState(row)])),
  }
}

function knownIncident(row: IncidentRow): KnownIncident {
  return {
    id: row.id,
    service: row.service,
    group: row.group_name,
    provider: row.provider,
    eventId: row.event_id,
    severity: row.severity,
    openedAt: row.opened_at,
    nextAssessmentAt: row.next_assessment_at,
    lastDecidedAt: row.last_decided_at,
    lastAction: row.last_action,
    recurrenceOf: row.recurrence_of,
    isNew: false,
    isTouched: false,
  }
}

function alertState(row: Schema['alert_states']): AlertState {
  return {
    group: row.group_name,
    fingerprint: row.fingerprint,
    status: row.status === 'firing' ? 'firing' : 'resolved',
    severity: row.severity,
    startsAt: row.starts_at,
    changedAt: row.changed_at,
    lastReceivedAt: row.last_received_at,
    incidentId: row.incident_id,
  }
}

async function writeIncidents(tx: Tx, incidents: readonly KnownIncident[], updatedAt: Instant): Promise<void> {
  const opened = incidents.filter((incident) => incident.isNew)
  if (opened.length > 0)
    await sql`
      insert into incidents (id, service, group_name, provider, state, severity, opened_at, updated_at,
        next_assessment_at, recurrence_of, last_decided_at, last_action)
      select i.id, i.service, i."group", i.provider, 'open', i.severity, i."openedAt", ${updatedAt}::timestamptz,
        i."nextAssessmentAt", i."recurrenceOf", i."lastDecidedAt", i."lastAction"
      from json_to_recordset(${rowsParameter(opened)}::json) as i (id text, service text, "group" text, provider text,
        severity text, "openedAt" timestamptz, "nextAssessmentAt" timestamptz, "recurrenceOf" text,
        "lastDecidedAt" timestamptz, "lastAction" text)
    `.execute(tx)
  const known = incidents.filter((incident) => !incident.isNew)
  if (known.length > 0)
    await sql`
      update incidents set severity = i.severity, updated_at = ${updatedAt}, next_assessment_at = i."nextAssessmentAt"
      from json_to_recordset(${rowsParameter(known)}::json)
        as i (id text, severity text, "nextAssessmentAt" timestamptz)
      where incidents.id = i.id
    `.execute(tx)
}

async function writeAlerts(tx: Tx, writes: IngestWrites): Promise<void> {
  const alerts = [...writes.alerts.values()].map((write) => ({ ...write, alert: JSON.stringify(write.alert) }))
  // Late messages go apart: they only count on a known alert.
  for (const isLate of [false, true]) {
    const rows = alerts.filter((alert) => alert.isLate === isLate)
    if (rows.length === 0) continue
    const newer = isLate ? sql`` : sql`, service = excluded.service, status = excluded.status, alert = excluded.alert`
    await sql`
      insert into incident_alerts as known (incident_id, fingerprint, service, status, count, first_received_at,
        last_received_at, alert)
      select a."incidentId", a.fingerprint, a.service, a.status, a.count, a."firstReceivedAt", a."lastReceivedAt", a.alert
      from json_to_recordset(${rowsParameter(rows)}::json) as a ("incidentId" text, fingerprint text, service text,
        status text, count integer, "firstReceivedAt" timestamptz, "lastReceivedAt" timestamptz, alert text)
      on conflict (incident_id, fingerprint) do update set count = known.count + excluded.count,
        last_received_at = excluded.last_received_at ${newer}
    `.execute(tx)
  }
  const states = [...writes.states.values()]
  if (states.length > 0)
    await sql`
      insert into alert_states as known (group_name, fingerprint, status, severity, starts_at, changed_at,
        last_received_at, incident_id)
      select s."group", s.fingerprint, s.status, s.severity, s."startsAt", s."changedAt", s."lastReceivedAt", s."incidentId"
      from json_to_recordset(${rowsParameter(states)}::json) as s ("group" text, fingerprint text, status text,
        severity text, "startsAt" timestamptz, "changedAt" timestamptz, "lastReceivedAt" timestamptz, "incidentId" text)
      on conflict (group_name, fingerprint) do update set status = excluded.status, severity = excluded.severity,
        starts_at = excluded.starts_at, changed_at = excluded.changed_at,
        last_received_at = excluded.last_received_at, incident_id = excluded.incident_id
    `.execute(tx)
}

/** Incidents of one provider that open together join its open event, or open one when they are enough. */
async function hangUnderEvents(
  tx: Tx,
  context: StoreContext,
  incidents: readonly KnownIncident[],
  at: Instant,
  options: IngestOptions,
): Promise<void> {
  const since = instantOf(epochMs(at) - options.eventWindowMs)
  const opened = incidents.filter((incident) => incident.isNew && incident.recurrenceOf === null)
  for (const provider of new Set(opened.map((incident) => incident.provider))) {
    const mine = opened.filter((incident) => incident.provider === provider)
    const alone = await tx
      .selectFrom('incidents')
      .select('id')
      .where('provider', '=', provider)
      .where('closed_at', 'is', null)
      .where('event_id', 'is', null)
      .where('recurrence_of', 'is', null)
      .where('opened_at', '>=', since)
      .execute()
    const current = await tx
      .selectFrom('events')
      .select(['id', 'last_joined_at'])
      .where('provider', '=', provider)
      .where('closed_at', 'is', null)
      .executeTakeFirst()
    const joins = current !== undefined && current.last_joined_at >= since
    if (!joins && alone.length < options.eventGroups) continue
    const eventId = current?.id ?? context.newId('evt')
    if (current) await tx.updateTable('events').set({ last_joined_at: at }).where('id', '=', eventId).execute()
    else
      await tx
        .insertInto('events')
        .values({ id: eventId, provider, opened_at: at, last_joined_at: at, closed_at: null })
        .execute()
    await sql`update incidents set event_id = ${eventId} where id = any(${alone.map(({ id }) => id)}::text[])`.execute(
      tx,
    )
    for (const incident of mine) incident.eventId = eventId
  }
}
