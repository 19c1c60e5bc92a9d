import type { AnswerRefusal, Approval } from '../domain/approval.ts'
import type { Actor, AuditEntry } from '../domain/audit.ts'
import { epochMs, type Instant, instantOf } from '../domain/time.ts'
import { Fault } from '../lib/errors.ts'
import { approvalOf, closeApproval, withVotes } from './approval-rows.ts'
import { found, nowOf, recording, type StoreContext } from './context.ts'
import { reading, type Tx } from './database.ts'
import { lockIncident } from './incident-rows.ts'
import { activeRun, type RunRefusal, requestRun, runRefusal } from './run-requests.ts'
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
    answer: (answer, startWithinMs) =>
      recording(context, (tx, note) => answerQuestion(tx, context, answer, startWithinMs, note)),
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
  }
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
  const refusal = refuseAnswer(approval, answer, incident.last_facts_hash)
  if (refusal) return rejected(refusal.reason, refusal.detail, approval)
  if (answer.answer === 'approve') {
    const stop = await runRefusal(tx, now, { service: row.service, group: row.group_name, isDryRun: false })
    if (stop) return rejected(stop, STOP_DETAILS[stop], approval)
    if (await activeRun(tx, row.group_name)) return rejected('group_busy', STOP_DETAILS.group_busy, approval)
  }
  const vote = { person: answer.person, answer: answer.answer, via: answer.via, at: now, comment: answer.comment }
  await tx
    .insertInto('approval_votes')
    .values({ approval_id: row.id, ...vote })
    .execute()
  const voted = { ...approval, votes: [...approval.votes, vote] }
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

const STOP_DETAILS: Record<RunRefusal, string> = {
  frozen: 'everything or this service is frozen; lift the freeze first',
  cooldown: 'the group was moved a short while ago and is cooling down; a named person may end that',
  group_busy: 'another run of this group is under way',
}

function refuseAnswer(
  approval: Approval,
  answer: Answer,
  newestFacts: string | null,
): { reason: AnswerRefusal; detail: string } | null {
  if (approval.status === 'superseded') return { reason: 'superseded', detail: approval.closedReason ?? 'superseded' }
  if (approval.status !== 'pending') return { reason: 'not_pending', detail: `it was ${approval.status} already` }
  if (!approval.approvers.includes(answer.person))
    return { reason: 'not_an_approver', detail: `${answer.person} is not among the approvers` }
  if (approval.requestedBy === answer.person)
    return { reason: 'is_requester', detail: 'who asks for something cannot approve it' }
  if (approval.votes.some((vote) => vote.person === answer.person))
    return { reason: 'already_voted', detail: `${answer.person} has answered already` }
  // A "no" is welcome whatever changed since.
  if (answer.answer === 'refuse') return null
  if (approval.planHash === null) return { reason: 'no_plan', detail: 'there is no plan that could be run' }
  if (answer.factsHash !== approval.factsHash || newestFacts !== approval.factsHash)
    return { reason: 'facts_changed', detail: 'the facts are no longer those that were shown' }
  if (answer.planHash !== approval.planHash)
    return { reason: 'plan_changed', detail: 'the plan is not the one that was shown' }
  return null
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
