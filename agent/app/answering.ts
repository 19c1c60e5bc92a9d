import { consentPhrase, isConsent } from '../approval/card.ts'
import type { Reply } from '../approval/desk.ts'
import { mayDo, type People, type Person, type UserGroupMembers } from '../approval/people.ts'
import type { Action } from '../domain/action.ts'
import type { AnswerRefusal, Approval } from '../domain/approval.ts'
import { instantOf } from '../domain/time.ts'
import type { Clock } from '../lib/clock.ts'
import { isFault } from '../lib/errors.ts'
import type { AnswerOutcome, Store } from '../store/store.ts'

export interface AnsweringParts {
  readonly store: Store
  readonly people: People
  readonly clock: Pick<Clock, 'now'>
  /** Asks Slack who is in a user group; null where Slack is not asked, such as in a terminal. */
  readonly members: UserGroupMembers | null
  readonly policyHash: () => string
  /** The plan's hash as it is now; null when there is none any more. */
  readonly planHashOf: (service: string, action: Action) => string | null
  readonly startWithinMs: () => number
}

/** What a person answers, and what was on the person's screen. */
export interface GivenAnswer {
  readonly approvalId: string
  readonly person: Person
  readonly via: 'slack' | 'console' | 'cli'
  readonly answer: 'approve' | 'refuse'
  readonly comment: string
  readonly consent: string
  readonly seen: { readonly factsHash: string; readonly planHash: string | null }
}

/** Takes one person's answer, from wherever it comes; what counts is decided in the store, in one transaction. */
export async function takeAnswer(given: GivenAnswer, parts: AnsweringParts): Promise<Reply> {
  const { store } = parts
  const { approvalId, person, via, answer, seen } = given
  const comment = given.comment.trim() === '' ? null : given.comment.trim().slice(0, 500)
  const approval = await store.approvals.get(approvalId)
  if (!mayDo(person, 'approve')) {
    await noteRefused(given, approval, 'not_an_approver', parts)
    return no(`Not counted: your role here is ${person.role}; answering needs approver.`)
  }
  if (answer === 'refuse' && comment === null) {
    await noteRefused(given, approval, 'no_reason', parts)
    return no('A refusal needs a reason: the next person reads it.')
  }
  const phrase = approval && answer === 'approve' ? consentPhrase(approval) : null
  if (phrase !== null && !isConsent(given.consent, phrase)) {
    await noteRefused(given, approval, 'no_consent', parts)
    return no(`Not counted: the loss of data was not accepted. Type exactly: ${phrase}`)
  }
  const { groups, unknown } = await parts.people.groupsOf(person, parts.members)
  // A plan file that was edited or removed since is not the plan that was asked about, whatever the person's screen said.
  const current = approval ? parts.planHashOf(approval.service, approval.action) : null
  const planHash = current === approval?.planHash ? seen.planHash : current
  const vote = { approvalId, person: person.name, answer, via, comment, factsHash: seen.factsHash, planHash, groups }
  try {
    const outcome = await store.approvals.answer({ ...vote, policyHash: parts.policyHash() }, parts.startWithinMs())
    return replyTo(outcome, unknown)
  } catch (error) {
    if (!isFault(error, 'conflict')) throw error
    await noteRefused(given, approval, 'group_busy', parts)
    return no(`Not counted: ${error.message}.`)
  }
}

function no(text: string): Reply {
  return { isDone: false, text }
}

function replyTo(outcome: AnswerOutcome, unknownGroups: readonly string[]): Reply {
  switch (outcome.outcome) {
    case 'voted':
      return { isDone: true, text: `Your approval counts. Still needed: ${outcome.missing} more.` }
    case 'approved':
      return { isDone: true, text: `Approved. Run ${outcome.run.id} was requested and begins within seconds.` }
    case 'refused':
      return { isDone: true, text: 'Refused. Nothing is done.' }
    case 'rejected': {
      const unsure =
        outcome.reason === 'not_an_approver' && unknownGroups.length > 0
          ? ` (Slack could not say who is in ${unknownGroups.join(', ')})`
          : ''
      return no(`Not counted: ${outcome.detail}${unsure}.`)
    }
  }
}

async function noteRefused(
  { approvalId, person, via, answer }: GivenAnswer,
  approval: Approval | null,
  reason: AnswerRefusal,
  { store, clock }: AnsweringParts,
): Promise<void> {
  await store.audit.append([
    {
      kind: 'administrative_act',
      at: instantOf(clock.now()),
      actor: { kind: 'person', id: person.name, via },
      act: 'approval_answer_rejected',
      service: approval?.service ?? null,
      reason,
      details: { approvalId, incidentId: approval?.incidentId ?? null, answer },
    },
  ])
}
