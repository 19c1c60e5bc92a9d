import { type Action, isFailover } from '../agent/domain/action.ts'
import type { Decision } from '../agent/domain/decision.ts'
import type { HealthScore } from '../agent/domain/health-score.ts'
import { minutesBetween } from '../agent/domain/time.ts'
import { DELAY_MODEL, isLever } from './delay-cost.ts'
import { scoredAs } from './scorers.ts'

/** A recorded decision, of which shadow mode carried out nothing. */
export interface ShadowDecision {
  readonly id: string
  readonly incident: string
  readonly service: string
  readonly decision: Pick<Decision, 'action' | 'disposition' | 'decidedAt'>
  readonly healthScore: Pick<HealthScore, 'level' | 'score'>
}

/** What people did about an incident, as they recorded it afterwards. */
export interface HumanOutcome {
  readonly incident: string
  /** What they did in the end; `no_action` when it went away by itself. */
  readonly action: Action
  /** When users were served again, or the incident was closed; null when nobody knows. */
  readonly actedAt: string | null
  /** What would have been right in hindsight, where it was judged; else what people did stands for it. */
  readonly right: Action | null
}

export interface ShadowRow {
  readonly incident: string
  /** The one that the incident counts with. */
  readonly decision: string
  readonly service: string
  readonly decidedAt: string
  readonly agent: Action
  readonly thresholds: Action
  readonly people: Action | null
  readonly right: Action | null
  /** Minutes that the agent would have been faster (positive) or slower than people; null where it cannot be said. */
  readonly minutesSaved: number | null
}

export interface ShadowReport {
  readonly incidents: number
  /** With a human outcome to compare with. */
  readonly judged: number
  readonly agent: ShadowSide
  readonly thresholds: ShadowSide
  /** Needless failovers of the thresholds that the agent would not have made. */
  readonly needlessAvoided: number
  readonly minutesSaved: number
  readonly minutesLost: number
  readonly rows: readonly ShadowRow[]
}

export interface ShadowSide {
  readonly failovers: number
  readonly needless: number
  readonly missed: number
  readonly agreedWithPeople: number
}

/**
 * Compares what the agent decided with what plain thresholds would have done and with what people did. Each incident counts once, with the
 * first decision that pulls a lever, or else its last one.
 */
export function shadowReport(decisions: readonly ShadowDecision[], outcomes: readonly HumanOutcome[]): ShadowReport {
  const byIncident = Map.groupBy(decisions, ({ incident }) => incident)
  const human = new Map(outcomes.map((outcome) => [outcome.incident, outcome]))
  const rows = [...byIncident.values()].map((list) => rowOf(list, human))
  const judged = rows.filter(({ right }) => right !== null)
  const saved = judged.map(({ minutesSaved }) => minutesSaved ?? 0)
  return {
    incidents: rows.length,
    judged: judged.length,
    agent: sideOf(judged, ({ agent }) => agent),
    thresholds: sideOf(judged, ({ thresholds }) => thresholds),
    needlessAvoided: judged.filter((row) => isNeedless(row.thresholds, row.right) && !isNeedless(row.agent, row.right))
      .length,
    minutesSaved: saved.filter((minutes) => minutes > 0).reduce((sum, minutes) => sum + minutes, 0),
    minutesLost: saved.filter((minutes) => minutes < 0).reduce((sum, minutes) => sum - minutes, 0),
    rows: rows.toSorted((a, b) => (a.decidedAt < b.decidedAt ? -1 : 1)),
  }
}

function rowOf(list: readonly ShadowDecision[], human: ReadonlyMap<string, HumanOutcome>): ShadowRow {
  const sorted = list.toSorted((a, b) => (a.decision.decidedAt < b.decision.decidedAt ? -1 : 1))
  const chosen = (sorted.find(({ decision }) => isLever(scoredAs(decision))) ?? sorted.at(-1)) as ShadowDecision
  // Thresholds act on the first reading that crosses a level.
  const crossing = sorted.find(({ healthScore }) => healthScore.level !== 'none')
  const outcome = human.get(chosen.incident)
  const agent = scoredAs(chosen.decision)
  const right = outcome?.right ?? outcome?.action ?? null
  return {
    incident: chosen.incident,
    decision: chosen.id,
    service: chosen.service,
    decidedAt: chosen.decision.decidedAt,
    agent,
    thresholds:
      crossing === undefined || crossing.healthScore.level === 'none' ? 'no_action' : crossing.healthScore.level,
    people: outcome?.action ?? null,
    right,
    minutesSaved: outcome === undefined || right === null ? null : minutesSaved(chosen, agent, outcome, right),
  }
}

/** Time to the right lever, people's against the agent's with the time that asking takes; a wrong lever costs what the delay model says. */
function minutesSaved(
  { decision }: ShadowDecision,
  agent: Action,
  outcome: HumanOutcome,
  right: Action,
): number | null {
  if (!isLever(right)) return isLever(agent) ? -DELAY_MODEL.leverMinutes[agent] : 0
  if (isLever(agent) && agent !== right) return -(DELAY_MODEL.leverMinutes[agent] + DELAY_MODEL.pageMinutes)
  if (agent !== right) return 0
  if (outcome.actedAt === null) return null
  const asked = decision.disposition === 'ask' ? DELAY_MODEL.askMinutes : 0
  return Math.round((minutesBetween(decision.decidedAt, outcome.actedAt) - asked) * 10) / 10
}

function isNeedless(action: Action, right: Action | null): boolean {
  return isFailover(action) && right !== null && !isFailover(right)
}

function sideOf(rows: readonly ShadowRow[], actionOf: (row: ShadowRow) => Action): ShadowSide {
  return {
    failovers: rows.filter((row) => isFailover(actionOf(row))).length,
    needless: rows.filter((row) => isNeedless(actionOf(row), row.right)).length,
    missed: rows.filter(
      (row) =>
        row.right !== null && isFailover(row.right) && !isFailover(actionOf(row)) && actionOf(row) !== 'page_human',
    ).length,
    agreedWithPeople: rows.filter((row) => actionOf(row) === row.people).length,
  }
}

/** The shadow report as plain text. */
export function shadowReportText(report: ShadowReport): string {
  const { agent, thresholds } = report
  const lines = [
    `${report.needlessAvoided} needless failovers avoided against plain thresholds, in ${report.judged} of ${report.incidents} incidents that people have judged`,
    `  against people: ${report.minutesSaved} min saved, ${report.minutesLost} min lost`,
    `  agent: ${agent.failovers} failovers, ${agent.needless} needless, ${agent.missed} missed, ${agent.agreedWithPeople} as people did`,
    `  thresholds: ${thresholds.failovers} failovers, ${thresholds.needless} needless, ${thresholds.missed} missed, ${thresholds.agreedWithPeople} as people did`,
    ...report.rows.map((row) => {
      const saved =
        row.minutesSaved === null
          ? ''
          : `, ${Math.abs(row.minutesSaved)} min ${row.minutesSaved < 0 ? 'lost' : 'saved'}`
      return `  ${row.decidedAt.slice(0, 16)} ${row.incident} ${row.service}: agent ${row.agent}, thresholds ${row.thresholds}, people ${row.people ?? 'not recorded'}${saved}`
    }),
  ]
  if (report.judged < report.incidents)
    lines.push(`  ${report.incidents - report.judged} incidents have no outcome yet and count for nothing`)
  return `${lines.join('\n')}\n`
}
