import type { Reply } from '../approval/desk.ts'
import { mayDo, type Person } from '../approval/people.ts'
import type { ApprovalSettings } from '../config/approval-settings.ts'
import type { Approval } from '../domain/approval.ts'
import type { Actor } from '../domain/audit.ts'
import type { Incident } from '../domain/incident.ts'
import type { Scope } from '../domain/role.ts'
import { epochMs, instantOf } from '../domain/time.ts'
import type { AnsweringParts } from './answering.ts'

/** What is needed for what people want of an open question besides an answer: that it stands longer, and that the evidence is looked at again. */
export interface WaitingParts extends AnsweringParts {
  readonly settings: ApprovalSettings
  /** Looks now instead of at the next round. */
  readonly nudge: () => void
}

export type Via = 'slack' | 'console'

/** A reply, and what the record should say when it was not done. */
export interface Wish extends Reply {
  readonly refused: string | null
}

const MINUTE_MS = 60_000

/** Why this person cannot have more time for a question now; null when there is some to be had. */
export async function moreTimeProblem(
  approval: Approval | null,
  person: Person,
  parts: WaitingParts,
): Promise<string | null> {
  const role = roleProblem(person, 'approve', 'asking for more time needs approver')
  if (role !== null) return role
  const { groups } = await parts.people.groupsOf(person, parts.members)
  const isAsked = approval !== null && [person.name, ...groups].some((name) => approval.approvers.includes(name))
  if (!isAsked) return 'Only those who may answer can ask for more time.'
  const isOpen = approval.status === 'pending' && epochMs(approval.expiresAt) > parts.clock.now()
  if (isOpen && latestMs(approval, parts) > epochMs(approval.expiresAt)) return null
  return `Not possible: it is closed, or stands as long as it may (${parts.settings.longestMinutes} min).`
}

/** Lets a question stand longer, as far as the settings let it; on the record. */
export async function giveMoreTime(id: string, person: Person, via: Via, parts: WaitingParts): Promise<Wish> {
  const approval = await parts.store.approvals.get(id)
  const problem = await moreTimeProblem(approval, person, parts)
  if (problem !== null || approval === null) return refused(problem ?? '', `more time for ${id} by ${person.name}`)
  const until = instantOf(latestMs(approval, parts))
  const extended = await parts.store.approvals.extend(id, { kind: 'person', id: person.name, via }, until)
  if (extended) return done(`The question stands until ${extended.expiresAt.slice(11, 16)} UTC.`)
  // Somebody was faster.
  return refused('Not possible any more: it was answered, or got more time, just now.', `more time for ${id}`)
}

/** Why nobody can have the evidence of an incident looked at again, or this person cannot; null when it can be had. */
export function lookAgainProblem(incident: Incident | null, person: Person): string | null {
  if (incident === null || incident.closedAt !== null) return 'That incident is closed.'
  return roleProblem(person, 'respond', 'looking again needs responder')
}

/** Has the evidence looked at again now; on the record. */
export async function lookAgain(id: string, person: Person, via: Via, parts: WaitingParts): Promise<Wish> {
  const { store, clock } = parts
  const incident = await store.incidents.get(id)
  const problem = lookAgainProblem(incident, person)
  if (problem !== null || incident === null)
    return refused(
      problem ?? '',
      `re-assessment of ${id}, which is closed or unknown, or not for ${person.name} to ask`,
    )
  const at = instantOf(clock.now())
  await store.incidents.scheduleAssessment(incident.id, at)
  const actor: Actor = { kind: 'person', id: person.name, via }
  const reason = `asked for in ${via === 'slack' ? 'Slack' : 'the console'}`
  const details = { incidentId: incident.id }
  await store.audit.append([
    { kind: 'administrative_act', at, actor, act: 'assessment_demanded', service: incident.service, reason, details },
  ])
  parts.nudge()
  return done('Looking again now. When the facts changed, the question is asked anew and earlier answers do not count.')
}

/** Until when a question may stand after one more wish. */
function latestMs({ createdAt, expiresAt }: Approval, { settings }: WaitingParts): number {
  const limitMs = epochMs(createdAt) + settings.longestMinutes * MINUTE_MS
  return Math.min(epochMs(expiresAt) + settings.moreTimeMinutes * MINUTE_MS, limitMs)
}

function roleProblem(person: Person, scope: Scope, need: string): string | null {
  return mayDo(person, scope) ? null : `Your role here is ${person.role}; ${need}.`
}

function done(text: string): Wish {
  return { isDone: true, text, refused: null }
}

function refused(text: string, what: string): Wish {
  return { isDone: false, text, refused: `${what}: ${text}` }
}
