import { sql } from 'kysely'
import type { Actor } from '../domain/audit.ts'
import type { Incident } from '../domain/incident.ts'
import { Fault } from '../lib/errors.ts'
import { claims } from './claims.ts'
import { found, fromRow, nowOf, parseDocument, recording, type StoreContext } from './context.ts'
import { lockFor, reading, storable, writing } from './database.ts'
import { countEvaluation } from './evaluations.ts'
import { closeIncident, incidentOf, lockIncident } from './incident-rows.ts'
import { ingestTogether } from './ingest.ts'
import { ingestBatcher } from './ingest-batcher.ts'
import type { IngestOptions } from './ingest-plan.ts'
import { type Evaluation, IncidentAlert, IncidentEvent, type ScopedAlert } from './records.ts'
import type { IncidentStore } from './store.ts'

const DEFAULT_LIMIT = 200

/** Incidents, from the first alert to the third good evaluation. */
export function incidentStore(context: StoreContext, options: IngestOptions): IncidentStore {
  const { db } = context
  const batched = ingestBatcher((requests) => writing(db, (tx) => ingestTogether(tx, context, requests, options)))
  return {
    ...claims(context),
    ingestAlerts: (alerts, receivedAt) => batched({ alerts: alerts.map(cleaned), receivedAt }),
    openFromWatch: (scope) => openFromWatch(context, scope),
    get: async (id) => {
      const row = await reading(db, (query) =>
        query.selectFrom('incidents').selectAll().where('id', '=', id).executeTakeFirst(),
      )
      return row ? incidentOf(row) : null
    },
    list: async (filter = {}) => {
      let query = db.selectFrom('incidents').selectAll()
      if (filter.open !== undefined) query = query.where('closed_at', filter.open ? 'is' : 'is not', null)
      if (filter.undecided) query = query.where('assessments', '=', 0)
      if (filter.openedBefore !== undefined) query = query.where('opened_at', '<', filter.openedBefore)
      if (filter.states) query = query.where('state', 'in', [...filter.states])
      if (filter.service !== undefined) query = query.where('service', '=', filter.service)
      if (filter.group !== undefined) query = query.where('group_name', '=', filter.group)
      if (filter.eventId !== undefined) query = query.where('event_id', '=', filter.eventId)
      const limited = query
        .orderBy('opened_at', 'desc')
        .orderBy('id')
        .limit(filter.limit ?? DEFAULT_LIMIT)
      return (await reading(db, () => limited.execute())).map(incidentOf)
    },
    alertsOf: async (incidentId, limit = 1000) => {
      const rows = await reading(db, (query) =>
        query
          .selectFrom('incident_alerts')
          .selectAll()
          .where('incident_id', '=', incidentId)
          .orderBy('status')
          .orderBy('first_received_at')
          .orderBy('fingerprint')
          .limit(limit)
          .execute(),
      )
      const alerts = rows.map((row) =>
        fromRow(
          IncidentAlert,
          {
            incidentId: row.incident_id,
            fingerprint: row.fingerprint,
            service: row.service,
            status: row.status,
            count: row.count,
            firstReceivedAt: row.first_received_at,
            lastReceivedAt: row.last_received_at,
            alert: parseDocument(row.alert, 'alert'),
          },
          'alert',
        ),
      )
      return alerts.sort((a, b) =>
        a.firstReceivedAt < b.firstReceivedAt ? -1 : a.firstReceivedAt > b.firstReceivedAt ? 1 : 0,
      )
    },
    recordEvaluation: (incidentId, evaluation) => recordEvaluation(context, incidentId, evaluation),
    closeByPerson: (incidentId, by, reason) => closeByPerson(context, incidentId, by, reason),
    events: async (filter = {}) => {
      let query = db
        .selectFrom('events')
        .selectAll()
        .select((row) => [
          row
            .selectFrom('incidents')
            .select(sql<number>`count(*)::int`.as('all'))
            .whereRef('event_id', '=', 'events.id')
            .as('incidents'),
          row
            .selectFrom('incidents')
            .select(sql<number>`count(*)::int`.as('open'))
            .whereRef('event_id', '=', 'events.id')
            .where('incidents.closed_at', 'is', null)
            .as('open_incidents'),
        ])
      if (filter.open !== undefined) query = query.where('closed_at', filter.open ? 'is' : 'is not', null)
      const limited = query.orderBy('opened_at', 'desc').limit(filter.limit ?? DEFAULT_LIMIT)
      return (await reading(db, () => limited.execute())).map((row) =>
        fromRow(
          IncidentEvent,
          {
            id: row.id,
            provider: row.provider,
            openedAt: row.opened_at,
            closedAt: row.closed_at,
            incidents: row.incidents,
            openIncidents: row.open_incidents,
          },
          'event',
        ),
      )
    },
  }
}

/** Names that become keys must be the same in our memory and in the database. */
function cleaned({ alert, service, group, provider }: ScopedAlert): ScopedAlert {
  return {
    alert: { ...alert, fingerprint: storable(alert.fingerprint), severity: storable(alert.severity) },
    service: storable(service),
    group: storable(group),
    provider: storable(provider),
  }
}

function openFromWatch(
  context: StoreContext,
  scope: { service: string; group: string; provider: string; severity: string },
): Promise<Incident> {
  return writing(context.db, async (tx) => {
    await lockFor(tx, 'ingest')
    const open = await tx
      .selectFrom('incidents')
      .selectAll()
      .where('group_name', '=', storable(scope.group))
      .where('closed_at', 'is', null)
      .executeTakeFirst()
    if (open) return incidentOf(open)
    const now = nowOf(context)
    const row = await tx
      .insertInto('incidents')
      .values({
        id: context.newId('inc'),
        service: scope.service,
        group_name: scope.group,
        provider: scope.provider,
        state: 'open',
        severity: scope.severity,
        opened_at: now,
        updated_at: now,
        next_assessment_at: now,
        assessments: 0,
        good_evaluations: 0,
        claim_attempt: 0,
      })
      .returningAll()
      .executeTakeFirstOrThrow()
    return incidentOf(row)
  })
}

function recordEvaluation(context: StoreContext, incidentId: string, evaluation: Evaluation): Promise<Incident> {
  return recording(context, async (tx, note) => {
    await countEvaluation(tx, context, await lockIncident(tx, incidentId), evaluation, note)
    return incidentOf(await lockIncident(tx, incidentId))
  })
}

async function closeByPerson(context: StoreContext, incidentId: string, by: Actor, reason: string): Promise<Incident> {
  return recording(context, async (tx, note) => {
    const row = await lockIncident(tx, incidentId)
    if (row.closed_at !== null) throw new Fault('conflict', `incident ${incidentId} is closed already`)
    if (row.state === 'executing')
      throw new Fault('conflict', `incident ${incidentId} has a run under way`, {
        hint: 'wait for it or cancel it first',
      })
    const at = nowOf(context)
    for (const approvalId of await closeIncident(tx, row, at, reason))
      note({ kind: 'approval_closed', at, actor: by, approvalId, incidentId, status: 'superseded', reason })
    note({ kind: 'incident_closed', at, actor: by, incidentId, reason })
    return incidentOf(found(await lockIncident(tx, incidentId), 'incident', incidentId))
  })
}
