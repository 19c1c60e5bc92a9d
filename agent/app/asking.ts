import type { Approver } from '../approval/approver.ts'
import type { People } from '../approval/people.ts'
import type { ApprovalSettings } from '../config/approval-settings.ts'
import type { Approval } from '../domain/approval.ts'
import type { Actor } from '../domain/audit.ts'
import { ACTIVE_RUN_STATES } from '../domain/run.ts'
import { unknownService } from '../domain/service.ts'
import { epochMs, instantOf } from '../domain/time.ts'
import type { MessageOptions } from '../engine/messages.ts'
import type { ServiceBook } from '../engine/service-entry.ts'
import type { Clock } from '../lib/clock.ts'
import { asFault, type Fault } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'
import { outboxMessage } from '../notify/outbox.ts'
import { renderWaiting } from '../notify/render.ts'
import type { Store } from '../store/store.ts'
import { type CardParts, isOver, questionCard } from './question-card.ts'

export interface Asking extends CardParts {
  readonly store: Store
  readonly approver: Approver
  readonly log: Log
}

/** Questions of the last day that are not shown yet are shown even when they are closed: people should know what they missed. */
const MISSED_MS = 24 * 3_600_000
/** Of what needs no answer any more. A provider's outage leaves hundreds; all of them have their turn, without holding up the questions. */
const INCIDENTS_AT_ONCE = 50
const INCIDENTS_REMEMBERED = 5000
/** What never ends (an incident that nobody closes) is shown as it is after a week. */
const LONGEST_SHOWN_MS = 7 * 24 * 3_600_000

/** What is kept between rounds: a pause that the other side asked for, and who has had no turn yet. */
export interface Patience {
  untilMs: number
  turns: string[]
}

/** Nothing asked for, and everybody's turn. */
export function freshPatience(): Patience {
  return { untilMs: 0, turns: [] }
}

/**
 * Brings what is shown up to date with the store, once: all open questions and runs under way, and of the rest those whose turn it is. Nothing is lost
 * when the other side is away or asks for a pause: the next round starts from the store again. True when nothing stood in the way.
 */
export async function showQuestions(parts: Asking, patience: Patience): Promise<boolean> {
  const { store, clock } = parts
  if (clock.now() < patience.untilMs) return false
  const first = await urgentIncidents(parts)
  if (patience.turns.length === 0) {
    const unposted = await store.posts.unposted(instantOf(clock.now() - MISSED_MS), INCIDENTS_REMEMBERED)
    patience.turns = [...new Set([...unposted, ...(await store.posts.unsettled(INCIDENTS_REMEMBERED))])]
  }
  for (const incidentId of first) if (!(await showIncident(incidentId, parts, patience))) return false
  for (let i = 0; i < INCIDENTS_AT_ONCE; i++) {
    const incidentId = patience.turns[0]
    if (incidentId === undefined) break
    if (!first.includes(incidentId) && !(await showIncident(incidentId, parts, patience))) return false
    patience.turns.shift()
  }
  return true
}

/** False when the whole place is away, so that the others need not be tried now. */
async function showIncident(incidentId: string, parts: Asking, patience: Patience): Promise<boolean> {
  const { store, clock, approver, log } = parts
  try {
    const card = await questionCard(incidentId, parts)
    if (card) await approver.request(card)
    const isOld = card !== null && clock.now() - epochMs(card.approval.createdAt) > LONGEST_SHOWN_MS
    if (card === null || isOver(card) || isOld) await store.posts.settle(incidentId, true)
    return true
  } catch (error) {
    const fault = asFault(error)
    const fields = { incident: incidentId, place: approver.name, err: fault }
    log.warn(fields, 'what is shown could not be brought up to date')
    if (!isAway(fault)) return true
    patience.untilMs = clock.now() + (fault.retryAfterMs ?? 0)
    return false
  }
}

/** When the whole place is away, the other incidents need not be tried now. */
function isAway({ code, retryable }: Fault): boolean {
  return retryable && ['rate_limited', 'upstream_unreachable', 'upstream_refused', 'deadline'].includes(code)
}

/** Open questions, oldest first since they end soonest; then what is under way. */
async function urgentIncidents({ store }: Asking): Promise<string[]> {
  const [open, runs] = await Promise.all([
    store.approvals.list({ status: 'pending', limit: 500 }),
    store.runs.list({ states: ACTIVE_RUN_STATES, limit: 500 }),
  ])
  const running = runs.flatMap(({ incidentId, approvalId }) => (incidentId && approvalId ? [incidentId] : []))
  return [...new Set([...open.reverse().map(({ incidentId }) => incidentId), ...running])]
}

export interface EscalationParts {
  readonly store: Store
  readonly services: ServiceBook
  readonly people: People
  readonly clock: Pick<Clock, 'now'>
  readonly settings: ApprovalSettings
  readonly messages: MessageOptions
}

const SYSTEM: Actor = { kind: 'system', id: 'escalation', via: null }

/** Asks more people where nobody has answered for long enough, and tells them by the channels that do not depend on Slack. */
export async function escalateQuestions(parts: EscalationParts): Promise<Approval[]> {
  const { store, clock, settings } = parts
  if (settings.escalation.length === 0) return []
  const widened: Approval[] = []
  for (const approval of await store.approvals.list({ status: 'pending', limit: 200 })) {
    const ageMinutes = (clock.now() - epochMs(approval.createdAt)) / 60_000
    for (const [index, step] of settings.escalation.entries()) {
      if (ageMinutes < step.afterMinutes || (step.services && !step.services.includes(approval.service))) continue
      const reason = `nobody settled it within ${step.afterMinutes} min`
      const changed = await store.approvals.widen(approval.id, SYSTEM, step.approvers, reason)
      if (!changed) continue
      await tell(changed, index, step.approvers, parts)
      widened.push(changed)
    }
  }
  return widened
}

async function tell(
  approval: Approval,
  index: number,
  approvers: readonly string[],
  { store, services, messages, clock }: EscalationParts,
): Promise<void> {
  const service = services.find(approval.service)?.service ?? unknownService(approval.service)
  const at = instantOf(clock.now())
  const notification = renderWaiting({ approval, service, step: index + 1, approvers, at, baseUrl: messages.baseUrl })
  const message = outboxMessage(notification, messages.channels)
  if (message) await store.outbox.enqueue({ ...message, incidentId: approval.incidentId })
}
