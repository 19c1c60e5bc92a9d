import type { AnomalyOpinion } from '../domain/anomaly.ts'
import { opinionLine } from '../domain/anomaly-text.ts'
import { type Decision, groupReasons, type Reason } from '../domain/decision.ts'
import type { Evidence } from '../domain/evidence.ts'
import type { HealthScore } from '../domain/health-score.ts'
import type { Signal } from '../domain/signal.ts'
import type { Snapshot } from '../domain/snapshot.ts'
import type { Opinion } from '../domain/verdict.ts'
import { clip, type Paint, table, wrap } from './style.ts'

/** What a decision card shows. */
export interface CardInput {
  readonly id: string | null
  readonly snapshot: Snapshot
  readonly healthScore: HealthScore
  /** Null when the service has no model of what is normal. */
  readonly anomaly?: AnomalyOpinion | null
  readonly opinion: Opinion
  readonly decision: Decision
  readonly recordUrl?: string
}

const WIDTH = 110

const ACTION_TEXT = {
  no_action: 'no action',
  observe: 'observe and look again',
  self_heal: 'self-heal in place',
  rollback_change: 'roll back a change',
  region_failover: 'fail over to the other region',
  dr_failover: 'fail over to the other cloud',
  page_human: 'page a person',
} as const

const DISPOSITION_TEXT = {
  act: 'acts',
  ask: 'asks a person first',
  notify: 'tells people, does nothing',
  record: 'records it',
} as const

/** The whole decision for a terminal: verdict first, then why, then every rule. */
export function decisionCard(input: CardInput, paint: Paint): string {
  const { decision, snapshot, opinion } = input
  const place = decision.target === null ? '' : ` → ${siteText(snapshot, decision.target)}`
  const head = `${decision.action.toUpperCase()} · ${decision.disposition.toUpperCase()}${place}`
  const lines = [
    paint(
      'bold',
      `━━ ${clip(snapshot.service.name, 40)}: ${head} ${'━'.repeat(Math.max(2, WIDTH - head.length - 46))}`,
    ),
    `   ${ACTION_TEXT[decision.action]}; ${DISPOSITION_TEXT[decision.disposition]}${input.id ? `   (${input.id})` : ''}`,
    '',
    paint('bold', 'Verdict'),
    ...verdictLines(opinion, paint),
    '',
    paint('bold', `Health score ${input.healthScore.score} of ${input.healthScore.maximum}`),
    scoreTable(input.healthScore),
    ...(input.anomaly ? [`   Against its own past: ${clip(opinionLine(input.anomaly), 140)}`] : []),
    '',
    paint('bold', 'Evidence'),
    evidenceTable(snapshot, opinion, paint),
    '',
    ...blockedLines(decision, paint),
    paint('bold', `Gate (${countText(decision.reasons)})`),
    reasonTable(decision.reasons, paint),
    '',
    paint(
      'dim',
      `snapshot ${decision.snapshotHash.slice(0, 16)}  facts ${decision.factsHash.slice(0, 16)}  policy ${decision.policyHash.slice(0, 16)}`,
    ),
  ]
  if (input.recordUrl) lines.push(`Record: ${input.recordUrl}`)
  return lines.join('\n')
}

function siteText(snapshot: Snapshot, target: 'secondary' | 'dr'): string {
  const site = snapshot.service[target]
  return site ? `${site.provider} ${site.region}` : target
}

function verdictLines(opinion: Opinion, paint: Paint): string[] {
  if (!opinion.verdict) {
    const { reason = 'unknown', detail = '' } = opinion.abstained ?? {}
    return [`   ${opinion.analyst} abstained (${reason}): ${clip(detail, 80)}`]
  }
  const { verdict } = opinion
  const calibrated =
    opinion.calibratedConfidence === null ? 'not calibrated' : `calibrated ${opinion.calibratedConfidence.toFixed(2)}`
  const lines = [
    `   ${opinion.analyst}: ${verdict.rootCause.category} → ${verdict.recommendedAction}, confidence ${verdict.confidence.toFixed(2)} (${calibrated})`,
    wrap(verdict.rootCause.summary, WIDTH, '   '),
    wrap(verdict.reasoning, WIDTH, '   '),
  ]
  for (const citation of verdict.citations) {
    const sign = citation.stance === 'supports' ? paint('green', '+') : paint('yellow', '-')
    lines.push(`   ${sign} ${clip(citation.evidence, 44).padEnd(34)} ${clip(citation.note, 70)}`)
  }
  for (const alternative of verdict.alternatives)
    lines.push(`   not ${alternative.category}: ${clip(alternative.whyNot, 84)}`)
  for (const unknown of verdict.unknowns) lines.push(`   ? ${clip(unknown, 100)}`)
  if (opinion.usage) lines.push(paint('dim', `   took ${usageText(opinion.usage)}`))
  for (const note of opinion.notes) lines.push(paint('dim', `   ${clip(note, 104)}`))
  return lines
}

function usageText(usage: NonNullable<Opinion['usage']>): string {
  const cost = usage.costUsd === null ? 'price not known' : `$${usage.costUsd.toFixed(4)}`
  const seconds = (usage.latencyMs / 1000).toFixed(1)
  return `${usage.inputTokens} tokens in (${usage.cachedInputTokens} cached), ${usage.outputTokens} out, ${cost}, ${seconds} s`
}

function scoreTable(score: HealthScore): string {
  return table(
    score.contributions.map((part) => [
      `   ${part.points}/${part.weight}`,
      part.check,
      part.status,
      part.signal ?? 'no answer',
    ]),
  )
}

function evidenceTable(snapshot: Snapshot, opinion: Opinion, paint: Paint): string {
  const cited = new Map(opinion.verdict?.citations.map((citation) => [citation.evidence, citation.stance]) ?? [])
  const rows = snapshot.evidence.map((evidence) => {
    const stance = cited.get(evidence.id) ?? evidence.signals.map((signal) => cited.get(signal.id)).find(Boolean)
    const mark = stance === 'supports' ? '+' : stance === 'contradicts' ? '-' : ' '
    return [` ${mark} ${clip(evidence.id, 44)}`, evidence.observer, evidence.status, clip(evidenceText(evidence), 60)]
  })
  return table(rows)
    .split('\n')
    .map((line) => (/\bfailed\b/.test(line) ? paint('yellow', line) : line))
    .join('\n')
}

function evidenceText(evidence: Evidence): string {
  if (evidence.status === 'failed') return `could not look: ${evidence.error?.kind ?? 'unknown'}`
  if (evidence.status === 'empty') return 'looked, nothing reported'
  const first = evidence.signals[0]
  const more = evidence.signals.length > 1 ? ` (+${evidence.signals.length - 1} more)` : ''
  return first ? `${signalText(first)}${more}` : ''
}

/** One signal in a few words. */
export function signalText(signal: Signal): string {
  switch (signal.kind) {
    case 'health_check':
      return `${signal.status}${signal.detail ? `: ${signal.detail}` : ''}`
    case 'provider_event':
      return `${signal.state} ${signal.provider} ${signal.regions.join(',')} ${signal.products.join(',')}: ${signal.title}`
    case 'component':
      return `${signal.provider} ${signal.name}: ${signal.status}`
    case 'series': {
      const last = signal.points.findLast(([, value]) => value !== null)
      return `${signal.points.length} points, last ${last ? Number(last[1]).toPrecision(3) : 'none'} ${signal.unit}`
    }
    case 'log_pattern':
      return `${signal.count}× ${signal.level}: ${signal.pattern}`
    case 'change':
      return `${signal.at.slice(11, 16)} ${signal.changeKind} ${signal.service} ${signal.ref}`
    case 'readiness':
      return signal.exists
        ? `healthy ${signal.healthy ?? 'unknown'}, capacity ${signal.capacity}, lag ${signal.replicationLagSeconds ?? 'unknown'} s`
        : 'there is no such target'
  }
}

function blockedLines(decision: Decision, paint: Paint): string[] {
  if (decision.blocked.length === 0) return []
  const lines = decision.blocked.map(({ action, rules }) => `   ${action} blocked by ${rules.join(', ')}`)
  return [paint('bold', 'Not done'), ...lines, '']
}

function countText(reasons: readonly Reason[]): string {
  const of = (outcome: Reason['outcome']) => reasons.filter((reason) => reason.outcome === outcome).length
  return `${of('pass')} pass, ${of('limit')} limit, ${of('block')} block, ${of('info')} info`
}

const OUTCOME_FORMAT = { pass: 'green', limit: 'yellow', block: 'red', info: 'dim' } as const

function reasonTable(reasons: readonly Reason[], paint: Paint): string {
  const groups = groupReasons(reasons)
  const rows = groups.map(({ reason, actions }) => [
    `   ${reason.outcome}`,
    reason.rule,
    actions.join(' '),
    clip(reason.detail, 90),
  ])
  return table(rows)
    .split('\n')
    .map((line, i) => paint(OUTCOME_FORMAT[groups[i]?.reason.outcome ?? 'info'], line))
    .join('\n')
}
