import type { AnswerRefusal, Approval } from '../domain/approval.ts'
import type { Instant } from '../domain/time.ts'
import { policyOf } from './approval-rows.ts'
import type { Db } from './database.ts'
import { activeRun, type RunRefusal, runRefusal } from './run-requests.ts'
import type { Answer } from './store.ts'

/** Why an answer does not count, for programs and for people. */
export interface AnswerProblem {
  readonly reason: AnswerRefusal
  readonly detail: string
}

interface AnswerCheck {
  readonly approval: Approval
  readonly answer: Answer
  /** Facts of the newest look at the incident. */
  readonly newestFacts: string | null
}

/** Why an answer to an open question would not count; null when it would. The one place where that is decided, for a click and for what a button says. */
export async function answerRefusal(db: Db, now: Instant, check: AnswerCheck): Promise<AnswerProblem | null> {
  const { approval, answer } = check
  const refusal = refuseAnswer(check)
  if (refusal || answer.answer === 'refuse') return refusal
  if (answer.policyHash !== undefined && (await policyOf(db, approval.decisionId)) !== answer.policyHash)
    return { reason: 'policy_changed', detail: 'the policy is no longer the one under which this was asked' }
  const { service, group, action } = approval
  const stop = await runRefusal(db, now, { service, group, action, isDryRun: false })
  if (stop) return { reason: stop, detail: STOP_DETAILS[stop] }
  return (await activeRun(db, group)) ? { reason: 'group_busy', detail: STOP_DETAILS.group_busy } : null
}

export const STOP_DETAILS: Record<RunRefusal, string> = {
  frozen: 'everything or this service is frozen; lift the freeze first',
  cooldown: 'the group was moved a short while ago and is cooling down; a named person may end that',
  group_busy: 'another run of this group is under way',
}

function refuseAnswer({ approval, answer, newestFacts }: AnswerCheck): AnswerProblem | null {
  if (approval.status === 'superseded') return { reason: 'superseded', detail: approval.closedReason ?? 'superseded' }
  if (approval.status !== 'pending') return { reason: 'not_pending', detail: `it was ${approval.status} already` }
  if (!mayAnswer(approval, answer))
    return { reason: 'not_an_approver', detail: `${answer.person} is not among the approvers` }
  if (approval.requestedBy === answer.person)
    return { reason: 'is_requester', detail: 'who asks for something cannot approve it' }
  const own = approval.votes.find((vote) => vote.person === answer.person)
  if (own && !(own.answer === 'approve' && answer.answer === 'refuse'))
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

/** By name, or by a group that the person is in at this moment. */
export function mayAnswer(approval: Approval, { person, groups = [] }: Answer): boolean {
  return [person, ...groups].some((name) => approval.approvers.includes(name))
}
