import { type Expression, type Selectable, type SqlBool, sql } from 'kysely'
import { Incident } from '../domain/incident.ts'
import type { Instant } from '../domain/time.ts'
import { Fault } from '../lib/errors.ts'
import { found, fromRow } from './context.ts'
import type { Tx } from './database.ts'
import type { Claim } from './records.ts'
import type { Schema } from './schema.ts'

export type IncidentRow = Selectable<Schema['incidents']>

export function incidentOf(row: IncidentRow): Incident {
  const incident = {
    id: row.id,
    service: row.service,
    group: row.group_name,
    eventId: row.event_id,
    state: row.state,
    severity: row.severity,
    openedAt: row.opened_at,
    updatedAt: row.updated_at,
    closedAt: row.closed_at,
    nextAssessmentAt: row.next_assessment_at,
    assessments: row.assessments,
    goodEvaluations: row.good_evaluations,
  }
  return fromRow(Incident, incident, 'incident')
}

/** Takes the incident's row for the rest of the transaction. */
export async function lockIncident(tx: Tx, id: string): Promise<IncidentRow> {
  const row = await tx.selectFrom('incidents').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
  return found(row, 'incident', id)
}

/** Takes the row of a claimed incident, or throws `conflict` when the claim went to somebody else. */
export async function lockClaimed(tx: Tx, claim: Claim): Promise<IncidentRow> {
  const row = await lockIncident(tx, claim.incidentId)
  if (row.claim_token === claim.token) return row
  throw new Fault('conflict', `the assessment of ${claim.incidentId} was taken over by another agent`, {
    details: { incidentId: claim.incidentId, attempt: claim.attempt },
  })
}

/** The earlier of two times, where null means never. */
export function earlier(a: Instant | null, b: Instant | null): Instant | null {
  if (a === null || b === null) return a ?? b
  return a < b ? a : b
}

/** What an incident's row says when nobody holds it any more. */
export const UNCLAIMED = Object.freeze({
  claim_token: null,
  claim_agent: null,
  claim_expires_at: null,
  state_before_claim: null,
})

/** The database's own clock: leases are about real time, and several machines disagree about that. */
export const databaseNow = sql<string>`clock_timestamp()`

export function afterNow(ms: number): Expression<string> {
  return sql<string>`clock_timestamp() + make_interval(secs => ${sql.lit(ms / 1000)})`
}

/** A claim that nobody holds any more. Those of dead agents are given back before. */
export const hasExpired: Expression<SqlBool> = sql<SqlBool>`claim_expires_at < clock_timestamp()`

/** Closes an incident and, with its last one, the event above it; open questions about it lapse. */
export async function closeIncident(tx: Tx, row: IncidentRow, at: Instant, reason: string): Promise<string[]> {
  await tx
    .updateTable('incidents')
    .set({ state: 'closed', closed_at: at, updated_at: at, next_assessment_at: null, ...UNCLAIMED })
    .where('id', '=', row.id)
    .execute()
  if (row.event_id)
    await sql`
      update events set closed_at = ${at} where id = ${row.event_id} and closed_at is null
        and not exists (select from incidents where event_id = ${row.event_id} and closed_at is null)
    `.execute(tx)
  const lapsed = await tx
    .updateTable('approvals')
    .set({ status: 'superseded', closed_at: at, closed_reason: reason })
    .where('incident_id', '=', row.id)
    .where('status', '=', 'pending')
    .returning('id')
    .execute()
  return lapsed.map(({ id }) => id)
}
