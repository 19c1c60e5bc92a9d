import type { Approver } from '../approval/approver.ts'
import type { People } from '../approval/people.ts'
import type { ApprovalSettings } from '../config/approval-settings.ts'
import type { Approval } from '../domain/approval.ts'
import type { Actor } from '../domain/audit.ts'
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
const INCIDENTS_AT_ONCE = 50
/** What never ends (an incident that nobody closes) is shown as it is after a week. */
const LONGEST_SHOWN_MS = 7 * 24 * 3_600_000

/** Pauses that the other side asked for, kept between rounds. */
export interface Patience {
  untilMs: number
}

/**
 * Brings everything that is shown up to date with the store, once. Nothing is lost when the other side is away or asks for a pause: the next round
 * starts from the store again, and what needs an answer comes first. True when all of it is up to date.
 */
export async function showQuestions(parts: Asking, patience: Patience): Promise<boolean> {
  const { store, clock, approver, log } = parts
  if (clock.now() < patience.untilMs) return false
  for (const incidentId of await shownIncidents(parts)) {
    try {
      const card = await questionCard(incidentId, parts)
      if (!card) {
        await store.posts.settle(incidentId, true)
        continue
      }
      await approver.request(card)
      const isOld = clock.now() - epochMs(card.approval.createdAt) > LONGEST_SHOWN_MS
      if (isOver(card) || isOld) await store.posts.settle(incidentId, true)
    } catch (error) {
      const fault = asFault(error)
      log.warn(
        { incident: incidentId, place: approver.name, err: fault },
        'what is shown could not be brought up to date',
      )
      if (!isAway(fault)) continue
      patience.untilMs = clock.now() + (fault.retryAfterMs ?? 0)
      return false
    }
  }
  return true
}

/** When the whole place is away, the other incidents need not be tried now. */
function isAway({ code, retryable }: Fault): boolean {
  return retryable && ['rate_limited', 'upstream_unreachable', 'upstream_refused', 'deadline'].includes(code)
}

/** Open questions first, oldest of them first, since they end soonest. */
async function shownIncidents({ store, clock }: Asking): Promise<string[]> {
  const since = instantOf(clock.now() - MISSED_MS)
  const [recent, unsettled] = await Promise.all([
    store.approvals.list({ limit: INCIDENTS_AT_ONCE }),
    store.posts.unsettled(INCIDENTS_AT_ONCE),
  ])
  const open = recent.filter(({ status }) => status === 'pending').reverse()
  const missed: string[] = []
  for (const { incidentId, createdAt, status } of recent)
    if (status !== 'pending' && createdAt > since && !unsettled.includes(incidentId))
      if ((await store.posts.of(incidentId)).length === 0) missed.push(incidentId)
  return [...new Set([...open.map(({ incidentId }) => incidentId), ...unsettled, ...missed])]
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
