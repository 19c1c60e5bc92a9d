import type { AnswerRefusal, Approval } from '../domain/approval.ts'
import type { Actor, AuditEntry } from '../domain/audit.ts'
import { epochMs, type Instant, instantOf } from '../domain/time.ts'
import { Fault } from '../lib/errors.ts'
import { type AnswerProblem, answerRefusal, mayAnswer, STOP_DETAILS } from './answer-checks.ts'
import { approvalOf, closeApproval, withVotes } from './approval-rows.ts'
import { found, nowOf, recording, type StoreContext } from './context.ts'
import { type Db, reading, type Tx } from './database.ts'
import { lockIncident } from './incident-rows.ts'
import { requestRun } from './run-requests.ts'
import { changeRun } from './runs.ts'
import type { Answer, AnswerOutcome, ApprovalStore } from './store.ts'

const DEFAULT_LIMIT = 100
const SYSTEM: Actor = { kind: 'system', id: 'approvals', via: null }

/** Questions to people: stored, bound, expiring to "no", used once. */
export function approvalStore(context: StoreContext): ApprovalStore {
  const { db } = context
  return {
    get: async (id) => {
      const rows = await reading(db, (query) =>
        query.selectFrom('approvals').selectAll().where('id', '=', id).execute(),
      )
      return (await reading(db, (query) => withVotes(query, rows)))[0] ?? null
    },
    list: async (filter = {}) => {
      let query = db.selectFrom('approvals').selectAll()
      if (filter.status) query = query.where('status', '=', filter.status)
      if (filter.incidentId !== undefined) query = query.where('incident_id', '=', filter.incidentId)
      if (filter.eventId !== undefined) query = query.where('event_id', '=', filter.eventId)
      const limited = query
        .orderBy('created_at', 'desc')
        .orderBy('id')
        .limit(filter.limit ?? DEFAULT_LIMIT)
      const rows = await reading(db, () => limited.execute())
      return reading(db, (votes) => withVotes(votes, rows))
    },
    refusalOf: (answer) => reading(db, (query) => refusalNow(query, nowOf(context), answer)),
    answer: (answer, startWithinMs) =>
      recording(context, async (tx, note) => {
        const outcome = await answerQuestion(tx, context, answer, startWithinMs, note)
        if (outcome.outcome === 'rejected') noteRejection(context, answer, outcome, note)
        return outcome
      }),
    expire: async () => {
      const overdue = await reading(db, (query) =>
        query
          .selectFrom('approvals')
          .select('id')
          .where('status', '=', 'pending')
          .where('expires_at', '<=', nowOf(context))
          .orderBy('expires_at')
          .execute(),
      )
      const closed: Approval[] = []
      for (const { id } of overdue) {
        const approval = await recording(context, (tx, note) => expireQuestion(tx, context, id, note))
        if (approval) closed.push(approval)
      }
      return closed
    },
    supersede: (id, by, reason) =>
      recording(context, async (tx, note) => {
        const { row } = await lockQuestion(tx, id)
        if (row.status !== 'pending') throw new Fault('conflict', `approval ${id} is ${row.status} already`)
        const closed = await closeApproval(tx, context, row, { status: 'superseded', reason, by }, note)
        return (await withVotes(tx, [closed]))[0]!
      }),
    extend: (id, by, until) =>
      changeOpen(context, id, (approval) =>
        until <= approval.expiresAt
          ? null
          : {
              set: { expires_at: until },
              entry: { act: 'approval_extended', reason: `${by.id} needs more time`, details: { until } },
              by,
            },
      ),
    widen: (id, by, approvers, reason) =>
      changeOpen(context, id, (approval) => {
        const added = approvers.filter((name) => !approval.approvers.includes(name))
        if (added.length === 0) return null
        const all = JSON.stringify([...approval.approvers, ...added])
        return { set: { approvers: all }, entry: { act: 'approval_escalated', reason, details: { added } }, by }
      }),
  }
}

interface OpenChange {
  readonly set: { readonly expires_at: Instant } | { readonly approvers: string }
  readonly entry: { readonly act: string; readonly reason: string; readonly details: Record<string, unknown> }
  readonly by: Actor
}

/** Changes a question that is still open; null when it is not, or when there is nothing to change. */
function changeOpen(
  context: StoreContext,
  id: string,
  change: (approval: Approval) => OpenChange | null,
): Promise<Approval | null> {
  return recording(context, async (tx, note) => {
    const { row } = await lockQuestion(tx, id)
    const at = nowOf(context)
    if (row.status !== 'pending' || row.expires_at <= at) return null
    const wanted = change((await withVotes(tx, [row]))[0]!)
    if (!wanted) return null
    const changed = await tx
      .updateTable('approvals')
      .set(wanted.set)
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow()
    const { act, reason, details } = wanted.entry
    const subject = { approvalId: id, incidentId: row.incident_id, ...details }
    note({ kind: 'administrative_act', at, actor: wanted.by, act, service: row.service, reason, details: subject })
    return (await withVotes(tx, [changed]))[0]!
  })
}

/** An answer that did not count is on the record as well: who tried, and why it was worth nothing. */
function noteRejection(
  context: StoreContext,
  answer: Answer,
  { reason, detail, approval }: Extract<AnswerOutcome, { outcome: 'rejected' }>,
  note: (entry: AuditEntry) => void,
): void {
  note({
    kind: 'administrative_act',
    at: nowOf(context),
    actor: { kind: 'person', id: answer.person, via: answer.via },
    act: 'approval_answer_rejected',
    service: approval?.service ?? null,
    reason,
    details: { approvalId: answer.approvalId, incidentId: approval?.incidentId ?? null, answer: answer.answer, detail },
  })
}

/** Incident first, then question: the order that recording a decision uses too, so that they never wait for each other. */
async function lockQuestion(tx: Tx, id: string) {
  const peek = await tx.selectFrom('approvals').select('incident_id').where('id', '=', id).executeTakeFirst()
  const incident = await lockIncident(tx, found(peek, 'approval', id).incident_id)
  const row = await tx.selectFrom('approvals').selectAll().where('id', '=', id).forUpdate().executeTakeFirstOrThrow()
  return { incident, row }
}

/** Null when somebody was faster. */
async function expireQuestion(
  tx: Tx,
  context: StoreContext,
  id: string,
  note: (entry: AuditEntry) => void,
): Promise<Approval | null> {
  const { row } = await lockQuestion(tx, id)
  if (row.status !== 'pending' || row.expires_at > nowOf(context)) return null
  const ending = { status: 'expired', reason: 'nobody answered in time', by: SYSTEM } as const
  const closed = await closeApproval(tx, context, row, ending, note)
  return (await withVotes(tx, [closed]))[0] ?? null
}

async function answerQuestion(
  tx: Tx,
  context: StoreContext,
  answer: Answer,
  startWithinMs: number,
  note: (entry: AuditEntry) => void,
): Promise<AnswerOutcome> {
  const now = nowOf(context)
  const exists = await tx.selectFrom('approvals').select('id').where('id', '=', answer.approvalId).executeTakeFirst()
  if (!exists) return rejected('not_found', `there is no approval ${answer.approvalId}`, null)
  const { row, incident } = await lockQuestion(tx, answer.approvalId)
  const approval = (await withVotes(tx, [row]))[0]!
  const by: Actor = { kind: 'person', id: answer.person, via: answer.via }
  const expired = await expireQuestion(tx, context, row.id, note)
  if (expired) return rejected('expired', `it expired at ${row.expires_at}`, expired)
  const takenBack = await takeBack(tx, context, { approval, answer, by, note })
  if (takenBack) return takenBack
  const refusal = await answerRefusal(tx, now, { approval, answer, newestFacts: incident.last_facts_hash })
  if (refusal) return rejected(refusal.reason, refusal.detail, approval)
  const vote = { person: answer.person, answer: answer.answer, via: answer.via, at: now, comment: answer.comment }
  await keepVote(tx, row.id, vote)
  const voted = { ...approval, votes: [...approval.votes.filter((one) => one.person !== vote.person), vote] }
  const { answer: word, comment } = answer
  note({
    kind: 'approval_voted',
    at: now,
    actor: by,
    approvalId: row.id,
    incidentId: row.incident_id,
    answer: word,
    comment,
  })
  if (answer.answer === 'refuse') {
    const reason = `refused by ${answer.person}`
    const closed = await closeApproval(tx, context, row, { status: 'refused', reason, by }, note)
    return { outcome: 'refused', approval: { ...approvalOf(closed, []), votes: voted.votes } }
  }
  const approvals = voted.votes.filter((one) => one.answer === 'approve').length
  if (approvals < approval.needed) return { outcome: 'voted', approval: voted, missing: approval.needed - approvals }
  const asked = await requestRun(tx, context, runFor(approval, by, now, startWithinMs), note)
  // The group became busy between the vote and the request; nothing of this click may stay.
  if ('refused' in asked)
    throw new Fault('conflict', STOP_DETAILS[asked.refused], { details: { reason: asked.refused } })
  const reason = `approved by ${voted.votes.map((one) => one.person).join(', ')}`
  const closed = await closeApproval(tx, context, row, { status: 'approved', reason, by }, note)
  return { outcome: 'approved', approval: { ...approvalOf(closed, []), votes: voted.votes }, run: asked.run }
}

/** The same checks as for an answer, without locks and without a trace: what a button says before it is pressed. */
async function refusalNow(db: Db, now: Instant, answer: Answer): Promise<AnswerProblem | null> {
  const row = await db.selectFrom('approvals').selectAll().where('id', '=', answer.approvalId).executeTakeFirst()
  if (!row) return { reason: 'not_found', detail: `there is no approval ${answer.approvalId}` }
  const approval = (await withVotes(db, [row]))[0]!
  if (row.status === 'pending' && row.expires_at <= now)
    return { reason: 'expired', detail: `it expired at ${row.expires_at}` }
  if (answer.answer === 'refuse' && row.status === 'approved' && mayAnswer(approval, answer)) {
    const run = await db.selectFrom('runs').select('state').where('approval_id', '=', row.id).executeTakeFirst()
    if (run?.state === 'pending') return null
  }
  const incident = await db
    .selectFrom('incidents')
    .select('last_facts_hash')
    .where('id', '=', row.incident_id)
    .executeTakeFirst()
  return answerRefusal(db, now, { approval, answer, newestFacts: incident?.last_facts_hash ?? null })
}

/** One row per person; a "no" may replace a "yes", and both stay on the audit log. */
async function keepVote(tx: Tx, approvalId: string, vote: Approval['votes'][number]): Promise<void> {
  const { answer, via, at, comment } = vote
  await tx
    .insertInto('approval_votes')
    .values({ approval_id: approvalId, ...vote })
    .onConflict((conflict) => conflict.columns(['approval_id', 'person']).doUpdateSet({ answer, via, at, comment }))
    .execute()
}

/** A "no" that comes after the last "yes" still counts while nobody has started the run; null when it does not apply. */
async function takeBack(
  tx: Tx,
  context: StoreContext,
  { approval, answer, by, note }: { approval: Approval; answer: Answer; by: Actor; note: (entry: AuditEntry) => void },
): Promise<AnswerOutcome | null> {
  if (answer.answer !== 'refuse' || approval.status !== 'approved' || !mayAnswer(approval, answer)) return null
  const run = await tx
    .selectFrom('runs')
    .select(['id', 'state'])
    .where('approval_id', '=', approval.id)
    .forUpdate()
    .executeTakeFirst()
  if (run?.state !== 'pending') return null
  const at = nowOf(context)
  const vote = { person: answer.person, answer: answer.answer, via: answer.via, at, comment: answer.comment }
  await keepVote(tx, approval.id, vote)
  const { incidentId } = approval
  const told = { approvalId: approval.id, incidentId, answer: answer.answer, comment: answer.comment }
  note({ kind: 'approval_voted', at, actor: by, ...told })
  const detail = `refused by ${answer.person} before it began`
  const change = { runId: run.id, from: 'pending', to: 'cancelled', generation: null, actor: by, detail } as const
  await changeRun(tx, context, change, note)
  return { outcome: 'refused', approval: { ...approval, votes: [...approval.votes, vote] } }
}

function runFor(approval: Approval, by: Actor, now: Instant, startWithinMs: number) {
  return {
    incidentId: approval.incidentId,
    decisionId: approval.decisionId,
    approvalId: approval.id,
    service: approval.service,
    group: approval.group,
    action: approval.action,
    target: approval.target,
    planHash: approval.planHash ?? '',
    factsHash: approval.factsHash,
    startBefore: instantOf(epochMs(now) + startWithinMs),
    isDryRun: false,
    dataLossConsentSeconds: approval.dataLossSeconds,
    cooldownSeconds: approval.cooldownSeconds,
    by,
  }
}

function rejected(reason: AnswerRefusal, detail: string, approval: Approval | null): AnswerOutcome {
  return { outcome: 'rejected', reason, detail, approval }
}
