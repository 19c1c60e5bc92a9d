import { linesOf } from '../../prompts/lines.ts'
import { type Card, consentPhrase, type LaterAlert, type ShownEvidence, type ShownRun } from '../approval/card.ts'
import type { People } from '../approval/people.ts'
import type { Approval } from '../domain/approval.ts'
import { deriveFacts, type Facts } from '../domain/facts.ts'
import { ACTIVE_RUN_STATES, JOURNAL_WORDS, type JournalEntry, type Run, WHOLE_RUN } from '../domain/run.ts'
import type { Service } from '../domain/service.ts'
import { signalsOf } from '../domain/snapshot.ts'
import { epochMs } from '../domain/time.ts'
import type { Clock } from '../lib/clock.ts'
import type { Mask } from '../lib/mask.ts'
import type { AnalystPrompt } from '../llm/analyst-prompt.ts'
import { maskedPrompt } from '../llm/masked-prompt.ts'
import type { DecisionRecord, IncidentAlert } from '../store/records.ts'
import type { Store } from '../store/store.ts'

export interface CardParts {
  readonly store: Store
  readonly people: People
  readonly clock: Pick<Clock, 'now'>
  readonly mask: Mask
  readonly prompt: AnalystPrompt | null
  /** Where people reach this agent's pages; null when they cannot. */
  readonly baseUrl: string | null
  /** What a plan holds; null when it is not known any more. */
  readonly planOf: (planHash: string) => { readonly stages: readonly string[]; readonly budgetSeconds: number } | null
}

/** Everything that people are shown about an incident, as the store has it now; null when nobody was ever asked about it. */
export async function questionCard(incidentId: string, parts: CardParts): Promise<Card | null> {
  const { store, people, baseUrl } = parts
  const [incident, approvals] = await Promise.all([
    store.incidents.get(incidentId),
    store.approvals.list({ incidentId, limit: 50 }),
  ])
  const approval = approvals[0]
  if (!incident || !approval) return null
  const [record, runs, alerts, entries] = await Promise.all([
    store.decisions.get(approval.decisionId),
    store.runs.list({ incidentId, limit: 20 }),
    store.incidents.alertsOf(incidentId, 200),
    store.audit.list({ kinds: ['administrative_act'], service: approval.service, limit: 200 }),
  ])
  if (!record) return null
  const { snapshot, opinion, decision } = record
  const { service } = snapshot
  const verdict = opinion?.verdict ?? null
  const facts = deriveFacts(snapshot)
  const recordUrl = baseUrl === null ? null : `${baseUrl.replace(/\/$/, '')}/decisions/${encodeURIComponent(record.id)}`
  const run = runs.find((one) => one.approvalId === approval.id) ?? null
  const acts = entries.flatMap(({ entry }) => (entry.kind === 'administrative_act' ? [entry] : []))
  return {
    incidentId,
    isIncidentClosed: incident.closedAt !== null,
    service: approval.service,
    action: approval.action,
    from: siteText(service.primary),
    to: approval.target === null ? null : siteText(service[approval.target]),
    approval,
    earlierQuestions: approvals.length - 1,
    consent: consentPhrase(approval),
    decisionId: record.id,
    verdict,
    analyst: opinion?.analyst ?? null,
    calibratedConfidence: opinion?.calibratedConfidence ?? null,
    healthScore: record.healthScore,
    ...cited(record, facts, recordUrl),
    allEvidence: snapshot.evidence.map((evidence) => ({
      ...{ id: evidence.id, observer: evidence.observer, status: evidence.status, url: recordUrl },
      text: evidenceText(evidence, facts),
    })),
    reasons: decision.reasons,
    cost: detailOf(record, 'cost.worth'),
    rto: service.slo ? `objective ${service.slo.rtoMinutes} min; ${detailOf(record, 'sla.impact') ?? ''}` : null,
    readiness: readinessText(record, approval),
    prompt: await promptText(record, facts, parts),
    run: run === null ? null : await shownRun(run, parts),
    laterAlerts: laterAlerts(alerts, approvals.at(-1) ?? approval),
    feedback: feedbackOf(acts, record.id),
    escalations: acts
      .filter((act) => act.act === 'approval_escalated' && act.details.approvalId === approval.id)
      .reverse()
      .map((act, i) => {
        const added = act.details.added as string[]
        return { number: i + 1, approvers: added, atMs: epochMs(act.at), mentions: people.mentionsOf(added) }
      }),
    mentions: people.mentionsOf(approval.approvers),
    recordUrl,
    runbookUrl: service.runbookUrl ?? null,
    nowMs: parts.clock.now(),
  }
}

/** Whether nothing about an incident can change any more in what is shown. */
export function isOver(card: Card): boolean {
  const isRunOver = card.run === null || !ACTIVE_RUN_STATES.includes(card.run.state)
  return card.isIncidentClosed && isRunOver && card.approval.status !== 'pending'
}

function siteText(site: Service['primary'] | null): string {
  return site === null ? 'unknown' : `${site.provider} ${site.region}`
}

function cited({ opinion, snapshot }: DecisionRecord, facts: Facts, url: string | null) {
  const supporting: ShownEvidence[] = []
  const contradicting: ShownEvidence[] = []
  for (const { evidence: id, stance, note } of opinion?.verdict?.citations ?? []) {
    const evidence = snapshot.evidence.find((one) => one.id === id || one.signals.some((signal) => signal.id === id))
    const text = note || (evidence ? evidenceText(evidence, facts) : '')
    const list = stance === 'supports' ? supporting : contradicting
    list.push({ id, text, url })
  }
  return { supporting, contradicting }
}

function evidenceText(evidence: DecisionRecord['snapshot']['evidence'][number], facts: Facts): string {
  if (evidence.status === 'failed') return `could not look: ${evidence.error?.kind ?? 'unknown'}`
  if (evidence.status === 'empty') return 'looked, nothing reported'
  const lines = linesOf(evidence, facts).sort((a, b) => b.relevance - a.relevance)
  const more = lines.length > 2 ? ` (+${lines.length - 2} more)` : ''
  const texts = lines.slice(0, 2).map(({ text }) => text)
  return `${texts.join('; ') || 'nothing out of order'}${more}`
}

/** What one rule said about the chosen action. */
function detailOf({ decision }: DecisionRecord, rule: string): string | null {
  const found = decision.reasons.find(
    (reason) => reason.rule === rule && (reason.action === decision.action || reason.action === null),
  )
  return found?.detail ?? null
}

function readinessText({ snapshot }: DecisionRecord, { target }: Approval): string | null {
  if (target === null) return null
  const signal = signalsOf(snapshot, 'readiness').find((one) => one.target === target)
  if (!signal) return 'readiness unknown: nobody measured it'
  const healthy = signal.healthy === null ? 'health unknown' : signal.healthy ? 'healthy' : 'NOT healthy'
  const lag = signal.replicationLagSeconds === null ? 'lag unknown' : `lag ${signal.replicationLagSeconds} s`
  const restore =
    signal.lastRestoreTestAt === null
      ? 'no restore test known'
      : `restore tested ${signal.lastRestoreTestAt.slice(0, 10)}`
  return `${healthy}, capacity ${signal.capacity}, ${lag}, ${restore}`
}

/** Null when no model was asked: the built-in rules have no prompt. */
async function promptText(record: DecisionRecord, facts: Facts, { prompt, mask }: CardParts): Promise<string | null> {
  if (prompt === null || record.opinion === null || record.opinion.promptHash === null) return null
  const { system, user } = await maskedPrompt(prompt, mask, record.snapshot, facts)
  return `${system}\n\n${user}`
}

async function shownRun(run: Run, { store, planOf, clock }: CardParts): Promise<ShownRun> {
  const journal = await store.runs.journalOf(run.id)
  const plan = planOf(run.planHash)
  const stages = [...new Set(journal.filter(({ stage }) => stage !== WHOLE_RUN).map(({ stage }) => stage))]
  const report = journal.findLast(({ data }) => data.report !== undefined)
  const last = journal.findLast(({ stage }) => stage !== WHOLE_RUN) ?? null
  const endMs = run.finishedAt === null ? clock.now() : epochMs(run.finishedAt)
  return {
    id: run.id,
    state: run.state,
    requestedBy: run.requestedBy,
    stage: last?.stage ?? null,
    stageNumber: stages.length,
    stageCount: plan?.stages.length ?? null,
    elapsedSeconds: run.startedAt === null ? null : (endMs - epochMs(run.startedAt)) / 1000,
    budgetSeconds: plan?.budgetSeconds ?? null,
    // What was measured says more than the last stage's last word.
    detail: report ? detailText(report) : last === null ? null : detailText(last),
  }
}

function detailText({ kind, detail }: JournalEntry): string {
  if (kind === 'note') return detail
  return detail === '' ? JOURNAL_WORDS[kind] : `${JOURNAL_WORDS[kind]}: ${detail}`
}

/** What came in after people were asked first. */
function laterAlerts(alerts: readonly IncidentAlert[], first: Approval): LaterAlert[] {
  return alerts
    .filter(({ firstReceivedAt, status }) => status === 'firing' && firstReceivedAt > first.createdAt)
    .map(({ fingerprint, alert, firstReceivedAt, service }) => ({
      fingerprint,
      text: `${alert.name} (${alert.severity}) of ${service}`,
      atMs: epochMs(firstReceivedAt),
    }))
}

interface Act {
  readonly act: string
  readonly actor: { readonly id: string }
  readonly details: Readonly<Record<string, unknown>>
}

/** Everybody's newest word counts once. */
function feedbackOf(acts: readonly Act[], decisionId: string): Card['feedback'] {
  const newest = new Map<string, unknown>()
  for (const { act, actor, details } of acts)
    if (act === 'verdict_labelled' && details.decisionId === decisionId && !newest.has(actor.id))
      newest.set(actor.id, details.label)
  const labels = [...newest.values()]
  return {
    right: labels.filter((label) => label === 'right').length,
    wrong: labels.filter((label) => label === 'wrong').length,
  }
}
