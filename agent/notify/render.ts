import type { Action } from '../domain/action.ts'
import type { Approval } from '../domain/approval.ts'
import type { Decision } from '../domain/decision.ts'
import type { Service } from '../domain/service.ts'
import type { Instant } from '../domain/time.ts'
import type { Opinion } from '../domain/verdict.ts'
import type { Notification, NotificationSeverity } from './notifier.ts'
import { plainLine, safeLink } from './plain-text.ts'

export interface PageContext {
  readonly decisionId: string
  readonly incidentId: string
  readonly service: Service
  readonly opinion: Opinion | null
  readonly mode: 'shadow' | 'live'
  /** Where this agent's HTTP server can be reached by people; null when it cannot. */
  readonly baseUrl: string | null
  /** What to type to overrule the decision; null when nothing can be overruled. */
  readonly overrideCommand: string | null
}

const TITLES: Readonly<Record<Action, string>> = {
  no_action: 'nothing needs to be done',
  observe: 'watching, no action yet',
  self_heal: 'self-healing',
  rollback_change: 'roll a change back',
  region_failover: 'fail over to the secondary region',
  dr_failover: 'fail over to the recovery site',
  page_human: 'a person is needed',
}

/** The message that a decision sends to people: why, what was not permitted and by which rule, and how to act oneself. */
export function renderPage(decision: Decision, context: PageContext): Notification {
  const { service, incidentId, decisionId, baseUrl } = context
  const isPage = decision.action === 'page_human' || decision.disposition === 'ask' || decision.disposition === 'act'
  const asks = decision.disposition === 'ask' ? 'asks to ' : ''
  return {
    id: `decision:${decisionId}`,
    dedupeKey: `incident:${incidentId}`,
    kind: isPage ? 'page' : 'notify',
    severity: severityOf(decision, isPage),
    title: plainLine(`${service.name}: ${asks}${TITLES[decision.action]}`, 300),
    service: service.name,
    reasonLines: reasonLines(decision, context),
    runbookUrl: safeLink(service.runbookUrl),
    overrideCommand: context.overrideCommand,
    recordUrl:
      baseUrl === null ? null : safeLink(`${baseUrl.replace(/\/$/, '')}/decisions/${encodeURIComponent(decisionId)}`),
    at: decision.decidedAt,
  }
}

export interface LateContext {
  readonly incidentId: string
  readonly service: Service
  readonly openedAt: Instant
  readonly deadlineSeconds: number
  readonly attempt: number
  readonly reason: string
  readonly at: Instant
  readonly baseUrl: string | null
  readonly overrideCommand: string | null
}

/** The message when no decision was reached in time: a person takes over with the manual runbook. */
export function renderLate(context: LateContext): Notification {
  const { incidentId, service, baseUrl } = context
  return {
    id: `late:${incidentId}:${context.attempt}`,
    dedupeKey: `incident:${incidentId}`,
    kind: 'late',
    severity: 'critical',
    title: plainLine(`${service.name}: no decision within ${context.deadlineSeconds} s, please take over`, 300),
    service: service.name,
    reasonLines: [
      `The agent could not decide about the incident opened ${context.openedAt}: ${plainLine(context.reason, 300)}`,
      'Nothing was carried out. Please follow the manual runbook.',
    ],
    runbookUrl: safeLink(service.runbookUrl),
    overrideCommand: context.overrideCommand,
    recordUrl:
      baseUrl === null ? null : safeLink(`${baseUrl.replace(/\/$/, '')}/incidents/${encodeURIComponent(incidentId)}`),
    at: context.at,
  }
}

export interface WaitingContext {
  readonly approval: Approval
  readonly service: Service
  /** Which step of the escalation, from 1. */
  readonly step: number
  readonly approvers: readonly string[]
  readonly at: Instant
  readonly baseUrl: string | null
}

/** The message when nobody answers and more people are asked. */
export function renderWaiting({ approval, service, step, approvers, at, baseUrl }: WaitingContext): Notification {
  return {
    id: `waiting:${approval.id}:${step}`,
    dedupeKey: `incident:${approval.incidentId}`,
    kind: 'page',
    severity: 'critical',
    title: plainLine(`${service.name}: nobody has answered yet, now also asked: ${approvers.join(', ')}`, 300),
    service: service.name,
    reasonLines: [
      plainLine(approval.summary, 300),
      `Without an answer by ${approval.expiresAt} the answer is no.`,
      answerLine(approval.id),
    ],
    runbookUrl: safeLink(service.runbookUrl),
    overrideCommand: `failwise refuse ${approval.id} --reason "…"`,
    recordUrl:
      baseUrl === null
        ? null
        : safeLink(`${baseUrl.replace(/\/$/, '')}/decisions/${encodeURIComponent(approval.decisionId)}`),
    at,
  }
}

function answerLine(id: string): string {
  return `Answer in Slack, or in a terminal: failwise approve ${id}, failwise refuse ${id} --reason "…"`
}

/** The message that ends what an incident's pages began. */
export function renderResolved(incidentId: string, service: Service, at: Instant): Notification {
  return {
    id: `resolved:${incidentId}`,
    dedupeKey: `incident:${incidentId}`,
    kind: 'resolve',
    severity: 'info',
    title: plainLine(`${service.name}: the incident is closed`, 300),
    service: service.name,
    reasonLines: ['Three good, fresh evaluations in a row, or a person closed it.'],
    runbookUrl: null,
    overrideCommand: null,
    recordUrl: null,
    at,
  }
}

function severityOf({ action, disposition }: Decision, isPage: boolean): NotificationSeverity {
  if (disposition === 'act' || disposition === 'ask' || action === 'page_human') return 'critical'
  return isPage ? 'error' : disposition === 'notify' ? 'warning' : 'info'
}

function reasonLines(decision: Decision, { opinion, mode, incidentId }: PageContext): string[] {
  const lines: string[] = []
  const verdict = opinion?.verdict
  if (verdict) {
    const confidence = Math.round(verdict.confidence * 100)
    lines.push(
      `Cause (${opinion.analyst}, ${confidence} %): ${verdict.rootCause.category}: ${plainLine(verdict.rootCause.summary, 300)}`,
    )
  } else if (opinion?.abstained) {
    lines.push(`No cause found: ${opinion.analyst} abstained (${opinion.abstained.reason})`)
  }
  for (const { action, rules } of decision.blocked) {
    lines.push(`Not permitted: ${TITLES[action]}, because of ${rules.join(', ')}`)
    for (const rule of rules) {
      const detail = decision.reasons.find(
        (reason) => reason.rule === rule && (reason.action === action || reason.action === null),
      )?.detail
      if (detail) lines.push(`${rule}: ${plainLine(detail, 300)}`)
    }
  }
  if (decision.disposition === 'ask' && decision.expiresAt)
    lines.push(`Without an answer by ${decision.expiresAt} the answer is no.`, answerLine(incidentId))
  if (mode === 'shadow') lines.push('Shadow mode: the agent carries nothing out by itself.')
  return lines
}
