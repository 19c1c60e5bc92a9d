import { consentPhrase } from '../approval/card.ts'
import { mayDo, type Person } from '../approval/people.ts'
import type { Approval } from '../domain/approval.ts'
import { lookAgainProblem, moreTimeProblem, type WaitingParts } from './waiting.ts'

/** Whether somebody may do something now, and if not, why; what a button says. */
export interface Permission {
  readonly isAllowed: boolean
  /** Null when it is allowed. */
  readonly reason: string | null
}

/** A question as one person sees it. */
export interface Question extends Approval {
  /** Words to type for the consent to the stated loss of data; null when none can be lost. */
  readonly consent: string | null
  readonly may: {
    readonly approve: Permission
    readonly refuse: Permission
    readonly moreTime: Permission
    readonly lookAgain: Permission
  }
}

/** The question with what this person may answer, by the checks that the answer itself will meet. */
export async function questionFor(approval: Approval, person: Person | null, parts: WaitingParts): Promise<Question> {
  const [approve, refuse, more, incident] = await Promise.all([
    permissionFor('approve', approval, person, parts),
    permissionFor('refuse', approval, person, parts),
    person && moreTimeProblem(approval, person, parts),
    parts.store.incidents.get(approval.incidentId),
  ])
  const moreTime = person === null ? no(SIGN_IN) : permission(more)
  const lookAgain = person === null ? no(SIGN_IN) : permission(lookAgainProblem(incident, person))
  return { ...approval, consent: consentPhrase(approval), may: { approve, refuse, moreTime, lookAgain } }
}

const SIGN_IN = 'An answer needs to know who gives it: sign in with a token of your own.'

async function permissionFor(
  answer: 'approve' | 'refuse',
  approval: Approval,
  person: Person | null,
  parts: WaitingParts,
): Promise<Permission> {
  if (person === null) return no(SIGN_IN)
  if (!mayDo(person, 'approve')) return no(`Your role here is ${person.role}; answering needs approver.`)
  const { groups } = await parts.people.groupsOf(person, parts.members)
  const planHash = parts.planHashOf(approval.service, approval.action) ?? approval.planHash
  const problem = await parts.store.approvals.refusalOf({
    ...{ approvalId: approval.id, person: person.name, answer, via: 'console', comment: null },
    ...{ factsHash: approval.factsHash, planHash, groups, policyHash: parts.policyHash() },
  })
  return permission(problem && sentence(problem.detail))
}

function permission(problem: string | null): Permission {
  return problem === null ? { isAllowed: true, reason: null } : no(problem)
}

function no(reason: string): Permission {
  return { isAllowed: false, reason }
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}
