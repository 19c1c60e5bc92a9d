import type { Decision } from '../domain/decision.ts'
import type { Incident } from '../domain/incident.ts'
import type { Service } from '../domain/service.ts'
import type { Instant } from '../domain/time.ts'
import type { Opinion } from '../domain/verdict.ts'
import type { Notification } from '../notify/notifier.ts'
import { type NewOutboxMessage, outboxMessage } from '../notify/outbox.ts'
import { renderLate, renderPage, renderResolved } from '../notify/render.ts'

export interface MessageOptions {
  /** Channels in order: the first is used, the others stand behind it. */
  readonly channels: readonly string[]
  /** Where people reach this agent's pages; null when they cannot. */
  readonly baseUrl: string | null
  readonly mode: 'shadow' | 'live'
  readonly deadlineSeconds: number
}

export interface DecidedContext {
  readonly incident: Incident
  readonly service: Service
  readonly decisionId: string
  readonly decision: Decision
  readonly opinion: Opinion
  /** The incident's decision before this one; people are told again only when something changed. */
  readonly previous: Decision | null
}

/** The messages of one decision: none when it concerns nobody or says what people were told already. */
export function decisionMessages(context: DecidedContext, options: MessageOptions): NewOutboxMessage[] {
  const { incident, service, decision, decisionId, opinion, previous } = context
  if (!concernsPeople(decision) || (previous !== null && concernsPeople(previous) && isSame(previous, decision)))
    return []
  const notification = renderPage(decision, {
    decisionId,
    incidentId: incident.id,
    service,
    opinion,
    mode: options.mode,
    baseUrl: options.baseUrl,
    overrideCommand: overrideCommand(decision, service),
  })
  return toOutbox(notification, options)
}

/** The message when no decision was reached; once per attempt. */
export function failureMessages(
  incident: Incident,
  service: Service,
  failure: { readonly reason: string; readonly attempt: number; readonly at: Instant },
  options: MessageOptions,
): NewOutboxMessage[] {
  const notification = renderLate({
    incidentId: incident.id,
    service,
    openedAt: incident.openedAt,
    deadlineSeconds: options.deadlineSeconds,
    attempt: failure.attempt,
    reason: failure.reason,
    at: failure.at,
    baseUrl: options.baseUrl,
    overrideCommand: `failwise decide ${incident.id}`,
  })
  return toOutbox(notification, options)
}

/** The message that ends an incident's pages. */
export function resolvedMessages(
  incidentId: string,
  service: Service,
  at: Instant,
  options: MessageOptions,
): NewOutboxMessage[] {
  return toOutbox(renderResolved(incidentId, service, at), options)
}

function concernsPeople({ action, disposition }: Decision): boolean {
  return action === 'page_human' || disposition !== 'record'
}

function isSame(a: Decision, b: Decision): boolean {
  return a.action === b.action && a.disposition === b.disposition && a.target === b.target
}

/** What stops the agent: where it would do something, the kill switch; where it waits for a person, a fresh look. */
function overrideCommand(decision: Decision, service: Service): string {
  const mayMove = decision.disposition === 'act' || decision.disposition === 'ask'
  const name = /^[\w.-]+$/.test(service.name) ? service.name : JSON.stringify(service.name)
  return mayMove ? `failwise freeze ${name} --reason "…"` : `failwise explain ${name}`
}

function toOutbox(notification: Notification, { channels }: MessageOptions): NewOutboxMessage[] {
  const message = outboxMessage(notification, channels)
  return message ? [message] : []
}
