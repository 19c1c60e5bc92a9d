import type { Evidence } from '../agent/domain/evidence.ts'
import type { Facts } from '../agent/domain/facts.ts'
import type { Site } from '../agent/domain/service.ts'
import type { Snapshot } from '../agent/domain/snapshot.ts'
import { computedLines } from './computed.ts'
import { type Line, linesOf } from './lines.ts'
import { relative, short } from './numbers.ts'
import { quoted, value } from './text.ts'
import { estimateTokens } from './tokens.ts'

/** The evidence as text, and what had to be left out of it. */
export interface RenderedEvidence {
  readonly text: string
  /** In words, one entry per kind of line that was cut. */
  readonly cut: readonly string[]
}

interface Ranked extends Line {
  readonly owner: Evidence
  readonly tokens: number
}

/**
 * Renders a snapshot as compact lines in a fixed order: the same snapshot gives the same text. Lines are kept by relevance until the budget
 * is used up; the header, the failures and what our own code computed always stay.
 */
export function renderEvidence(snapshot: Snapshot, facts: Facts, budgetTokens: number): RenderedEvidence {
  const header = headerLines(snapshot, facts)
  const alerts = alertLines(snapshot)
  const owners = [...snapshot.evidence].sort((a, b) => (a.id < b.id ? -1 : 1))
  const fixed = [...header, ...alerts, 'computed', ...computedLines(facts).map((line) => `- ${line}`)]
  const spent =
    estimateTokens(fixed.join('\n')) + owners.reduce((sum, owner) => sum + estimateTokens(titleOf(owner)) + 2, 0)
  const ranked: Ranked[] = owners.flatMap((owner) =>
    linesOf(owner, facts).map((line) => ({ ...line, owner, tokens: estimateTokens(line.text) + 2 })),
  )
  const kept = keepWithin(ranked, budgetTokens - spent)
  const cut = cutNotes(ranked, kept)
  const body = owners.flatMap((owner) => [
    titleOf(owner),
    ...ranked.filter((line) => line.owner === owner && kept.has(line)).map((line) => `- ${line.text}`),
  ])
  const notes = cut.length === 0 ? [] : [`left out for length: ${cut.join('; ')}`]
  return { text: [...fixed, 'evidence', ...body, ...notes].join('\n'), cut }
}

/** The most relevant first, ties by id; a line that does not fit is passed over for smaller ones behind it. */
function keepWithin(lines: readonly Ranked[], budget: number): Set<Ranked> {
  const order = [...lines].sort((a, b) => b.relevance - a.relevance || (a.text < b.text ? -1 : 1))
  const kept = new Set<Ranked>()
  let left = budget
  for (const line of order) {
    if (line.tokens > left) continue
    kept.add(line)
    left -= line.tokens
  }
  return kept
}

const KIND_WORDS: Record<Line['kind'], string> = {
  health_check: 'health checks',
  provider_event: 'provider events',
  component: 'status page components',
  series: 'series',
  log_pattern: 'log patterns',
  change: 'changes',
  readiness: 'target measurements',
}

function cutNotes(all: readonly Ranked[], kept: ReadonlySet<Ranked>): string[] {
  const counts = new Map<Line['kind'], number>()
  for (const line of all) if (!kept.has(line)) counts.set(line.kind, (counts.get(line.kind) ?? 0) + 1)
  return [...counts].map(([kind, count]) => `${count} less relevant ${KIND_WORDS[kind]}`)
}

function headerLines({ service, takenAt }: Snapshot, facts: Facts): string[] {
  const place = (site: Site | null) => (site ? `${value(site.provider)}/${value(site.region)}` : 'none')
  const lines = [
    `decided at ${takenAt}`,
    `service ${value(service.name)} tier=${value(service.tier)} primary=${place(service.primary)} secondary=${place(service.secondary)} dr=${place(service.dr)}`,
    `depends on: ${
      service.dependsOn
        .slice(0, 30)
        .map((name) => value(name))
        .join(', ') || 'nothing stated'
    }`,
  ]
  const { slo, costs } = service
  if (slo)
    lines.push(
      `objectives: availability ${slo.availability}, recovery within ${slo.rtoMinutes}m, at most ${slo.rpoMinutes}m of data lost`,
    )
  if (costs)
    lines.push(
      `costs: outage ${short(costs.outagePerMinute)}/min, region_failover ${short(costs.regionFailover)}, dr_failover ${short(costs.drFailover)}`,
    )
  const { failed, total } = facts.evidence
  if (failed.length > 0) lines.push(`${failed.length} of ${total} pieces of evidence could not be had`)
  return lines
}

const SHOWN_ALERTS = 5
const DULL_LABELS = new Set(['alertname', 'severity', 'service'])
const DULL_ANNOTATIONS = new Set(['generator_url', 'runbook_url', 'dashboard_url', 'dashboard', 'runbook'])

function alertLines({ alerts, takenAt }: Snapshot): string[] {
  if (alerts.length === 0) return ['alerts: none; a sustained health score opened the incident']
  const lines = alerts.slice(0, SHOWN_ALERTS).map((alert) => {
    const labels = Object.entries(alert.labels)
      .filter(([name]) => !DULL_LABELS.has(name))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, 8)
      .map(([name, label]) => ` ${value(name, 30)}=${value(label, 40)}`)
    const said = Object.entries(alert.annotations)
      .filter(([name]) => !DULL_ANNOTATIONS.has(name))
      .sort(([a], [b]) => (a < b ? 1 : -1))
      .slice(0, 3)
      .map(([name, text]) => ` ${value(name, 30)} ${quoted(text, { maxChars: 220 })}`)
    return `- ${value(alert.name)} ${alert.status} severity=${value(alert.severity)} since ${relative(alert.startsAt, takenAt)}${labels.join('')}${said.join('')}`
  })
  if (alerts.length > SHOWN_ALERTS) lines.push(`- and ${alerts.length - SHOWN_ALERTS} more`)
  return ['alerts', ...lines]
}

function titleOf(evidence: Evidence): string {
  const head = `[${value(evidence.id, 120)}] ${evidence.observer} ${evidence.status}`
  if (evidence.status === 'failed')
    return `${head}: ${evidence.error?.kind ?? 'unknown'}, so nothing is known from here`
  if (evidence.status === 'empty') return `${head}: looked, nothing reported`
  const fine = evidence.signals.filter(
    (signal) => signal.kind === 'component' && signal.status === 'operational',
  ).length
  const cut = evidence.truncated ? `; ${quoted(evidence.truncated, { maxChars: 80 })}` : ''
  return `${head}${fine > 0 ? `, ${fine} components operational` : ''}${cut}`
}
