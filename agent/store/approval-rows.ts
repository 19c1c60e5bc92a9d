import type { Selectable } from 'kysely'
import { Approval, type ApprovalStatus } from '../domain/approval.ts'
import type { Actor, AuditEntry } from '../domain/audit.ts'
import { fromRow, nowOf, parseDocument, type StoreContext } from './context.ts'
import type { Db, Tx } from './database.ts'
import { DecisionDocument } from './decision-document.ts'
import type { IncidentRow } from './incident-rows.ts'
import type { Schema } from './schema.ts'
import type { NewDecision } from './store.ts'

export type ApprovalRow = Selectable<Schema['approvals']>
type VoteRow = Selectable<Schema['approval_votes']>

export function approvalOf(row: ApprovalRow, votes: readonly VoteRow[]): Approval {
  const approval = {
    id: row.id,
    decisionId: row.decision_id,
    incidentId: row.incident_id,
    eventId: row.event_id,
    service: row.service,
    group: row.group_name,
    action: row.action,
    target: row.target,
    factsHash: row.facts_hash,
    planHash: row.plan_hash,
    requestedBy: row.requested_by,
    approvers: parseDocument(row.approvers, 'list of approvers'),
    needed: row.needed,
    dataLossSeconds: row.data_loss_seconds,
    summary: row.summary,
    cooldownSeconds: row.cooldown_seconds,
    status: row.status,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    closedAt: row.closed_at,
    closedReason: row.closed_reason,
    votes: votes.map(({ person, answer, via, at, comment }) => ({ person, answer, via, at, comment })),
  }
  return fromRow(Approval, approval, 'approval')
}

/** Rows with their votes, in the order of the rows. */
export async function withVotes(db: Db, rows: readonly ApprovalRow[]): Promise<Approval[]> {
  if (rows.length === 0) return []
  const votes = await db
    .selectFrom('approval_votes')
    .selectAll()
    .where(
      'approval_id',
      'in',
      rows.map((row) => row.id),
    )
    .orderBy('at')
    .orderBy('person')
    .execute()
  return rows.map((row) =>
    approvalOf(
      row,
      votes.filter((vote) => vote.approval_id === row.id),
    ),
  )
}

/** Ends a question for good, on the record. */
export async function closeApproval(
  tx: Tx,
  context: StoreContext,
  row: ApprovalRow,
  ending: { status: Exclude<ApprovalStatus, 'pending'>; reason: string; by: Actor },
  note: (entry: AuditEntry) => void,
): Promise<ApprovalRow> {
  const at = nowOf(context)
  const closed = await tx
    .updateTable('approvals')
    .set({ status: ending.status, closed_at: at, closed_reason: ending.reason })
    .where('id', '=', row.id)
    .returningAll()
    .executeTakeFirstOrThrow()
  // The incident waited for this answer; unless it is approved, or being looked at anew, it is simply open again.
  if (ending.status !== 'approved')
    await tx
      .updateTable('incidents')
      .set({ state: 'open', updated_at: at })
      .where('id', '=', row.incident_id)
      .where('state', '=', 'awaiting_approval')
      .execute()
  const { status, reason } = ending
  note({
    kind: 'approval_closed',
    at,
    actor: ending.by,
    approvalId: row.id,
    incidentId: row.incident_id,
    status,
    reason,
  })
  return closed
}

/** Brings the incident's open question in line with a new decision: kept when it asks the same, otherwise replaced or withdrawn. */
export async function openQuestion(
  tx: Tx,
  context: StoreContext,
  {
    decisionId,
    incident,
    given,
    note,
  }: { decisionId: string; incident: IncidentRow; given: NewDecision; note: (entry: AuditEntry) => void },
): Promise<string | null> {
  const { decision, actor } = given
  // It was answered while this decision was being made, and its run is under way: nobody is asked the same once more.
  const approval = incident.state === 'executing' ? null : given.approval
  const now = nowOf(context)
  const open = await tx
    .selectFrom('approvals')
    .selectAll()
    .where('incident_id', '=', incident.id)
    .where('status', '=', 'pending')
    .forUpdate()
    .executeTakeFirst()
  if (open) {
    const isSame =
      approval !== null &&
      open.facts_hash === decision.factsHash &&
      open.plan_hash === decision.planHash &&
      open.action === decision.action &&
      open.target === decision.target &&
      open.needed === approval.needed &&
      open.expires_at > now &&
      // Under another policy no answer would count, so the question would stand there for nothing.
      (await policyOf(tx, open.decision_id)) === decision.policyHash
    if (isSame) return open.id
    const reason = approval
      ? 'the facts, the plan, the target or the policy changed'
      : 'a newer decision asks for nothing'
    await closeApproval(tx, context, open, { status: 'superseded', reason, by: actor }, note)
  }
  if (!approval) return null
  const id = context.newId('apr')
  await tx
    .insertInto('approvals')
    .values({
      id,
      decision_id: decisionId,
      incident_id: incident.id,
      event_id: incident.event_id,
      service: given.service,
      group_name: incident.group_name,
      action: decision.action,
      target: decision.target,
      facts_hash: decision.factsHash,
      plan_hash: decision.planHash,
      requested_by: actor.id,
      approvers: JSON.stringify(approval.approvers),
      needed: approval.needed,
      data_loss_seconds: approval.dataLossSeconds,
      summary: approval.summary,
      cooldown_seconds: approval.cooldownSeconds,
      status: 'pending',
      created_at: now,
      expires_at: approval.expiresAt,
    })
    .execute()
  note({
    kind: 'approval_requested',
    at: now,
    actor,
    approvalId: id,
    decisionId,
    incidentId: incident.id,
    service: given.service,
    action: decision.action,
    target: decision.target,
    factsHash: decision.factsHash,
    planHash: decision.planHash,
    approvers: [...approval.approvers],
    needed: approval.needed,
    expiresAt: approval.expiresAt,
  })
  return id
}

/** The policy under which a decision was made. */
export async function policyOf(db: Db, decisionId: string): Promise<string> {
  const { document } = await db
    .selectFrom('decisions')
    .select('document')
    .where('id', '=', decisionId)
    .executeTakeFirstOrThrow()
  return fromRow(DecisionDocument, parseDocument(document, 'decision'), 'decision').decision.policyHash
}
