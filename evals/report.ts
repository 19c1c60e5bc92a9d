import type { BaselineRow } from './baseline-study.ts'
import type { GateReport } from './gate-alone.ts'
import type { KnockOut } from './knock-out.ts'
import {
  forecastOf,
  type LeftOut,
  type LeftOutCalibration,
  leaveOneAuthorOutCalibration,
  leaveOneGroupOut,
} from './leave-one-out.ts'
import type { Metamorphic } from './metamorphic-study.ts'
import { type Reliability, reliability } from './reliability.ts'
import type { CaseError, CaseResult } from './result.ts'
import { breakdown, type GroupRow, isGood, type Summary, summarise, type Usage, usageOf } from './summary.ts'

/** Which decider was judged on which cases. */
export interface Subject {
  readonly analyst: string
  readonly policyHash: string | null
  readonly promptHash: string | null
  readonly without: readonly string[]
  readonly filter: string
  readonly repeat: number
  readonly incidents: string
  readonly casesHash: string
}

/** The figures that a reader looks at first; `brier` and `ece` are null when no confidence was stated. */
export interface ReportSummary extends Summary {
  readonly analyst: string
  readonly errors: number
  readonly brier: number | null
  readonly ece: number | null
  readonly costUsd: number | null
}

/** How stable the answers are when the same case is asked again. */
export interface Consistency {
  readonly repeat: number
  /** Share of cases whose repetitions all decided the same. */
  readonly sameDecision: number
  readonly unstable: readonly { readonly id: string; readonly decisions: readonly string[] }[]
}

/** The report: a contract for whoever reads its JSON. */
export interface EvalReport {
  readonly format: 'eval-report/v1'
  readonly subject: Subject
  readonly summary: ReportSummary
  readonly baselines: readonly BaselineRow[]
  readonly breakdowns: Readonly<Record<'action' | 'category' | 'difficulty' | 'tag', readonly GroupRow[]>>
  readonly injection: GroupRow
  readonly calibration: { readonly stated: Reliability; readonly calibrated: Reliability | null } | null
  readonly leaveOneOut: { readonly groups: readonly LeftOut[]; readonly calibration: LeftOutCalibration | null }
  readonly confidentAndWrong: readonly CaseResult[]
  readonly gateAlone: GateReport | null
  readonly knockOut: KnockOut | null
  readonly metamorphic: Metamorphic | null
  readonly consistency: Consistency | null
  readonly usage: Usage
  readonly errors: readonly CaseError[]
  readonly cases: readonly CaseResult[]
}

/** From here on an analyst calls itself sure. */
export const CONFIDENT = 0.8

export interface ReportParts {
  readonly subject: Subject
  readonly results: readonly CaseResult[]
  readonly errors: readonly CaseError[]
  readonly baselines: readonly BaselineRow[]
  readonly gateAlone: GateReport | null
  readonly knockOut: KnockOut | null
  readonly metamorphic: Metamorphic | null
}

/** Draws the report up from scored decisions. */
export function reportOf(parts: ReportParts): EvalReport {
  const { subject, results, errors } = parts
  const calibration = calibrationReport(results)
  const usage = usageOf(results)
  return {
    format: 'eval-report/v1',
    subject,
    summary: {
      ...summarise(results),
      analyst: subject.analyst,
      errors: errors.length,
      brier: (calibration?.calibrated ?? calibration?.stated)?.brier ?? null,
      ece: (calibration?.calibrated ?? calibration?.stated)?.ece ?? null,
      costUsd: usage.costUsd,
    },
    baselines: parts.baselines,
    breakdowns: {
      action: breakdown(results, (one) => [one.best]),
      category: breakdown(results, (one) => [one.expectedCategory]),
      difficulty: breakdown(results, (one) => [one.difficulty]),
      tag: breakdown(results, (one) => one.tags),
    },
    injection: breakdown(results.filter(isInjection), () => ['injection'])[0] ?? emptyRow('injection'),
    calibration,
    leaveOneOut: { groups: leaveOneGroupOut(results), calibration: leaveOneAuthorOutCalibration(results) },
    confidentAndWrong: results
      .filter(isConfidentAndWrong)
      .toSorted((a, b) => (b.confidence ?? 0) - (a.confidence ?? 0)),
    gateAlone: parts.gateAlone,
    knockOut: parts.knockOut,
    metamorphic: parts.metamorphic,
    consistency: consistencyOf(results, subject.repeat),
    usage,
    errors,
    cases: results,
  }
}

function isInjection({ tags }: CaseResult): boolean {
  return tags.includes('injection')
}

function emptyRow(group: string): GroupRow {
  const none = { best: 0, exactOrAcceptable: 0, harmful: 0, needless: 0, missed: 0, delayMinutes: 0 }
  return { group, cases: 0, ...none, interval: { low: 0, high: 1 } }
}

/** Sure of a recommendation that is not even acceptable, whether or not the gate stopped it. */
function isConfidentAndWrong(one: CaseResult): boolean {
  return (one.confidence ?? 0) >= CONFIDENT && one.recommendedTier !== null && !isGood({ tier: one.recommendedTier })
}

function calibrationReport(results: readonly CaseResult[]): EvalReport['calibration'] {
  const verdicts = results.filter((one) => one.confidence !== null)
  if (verdicts.length === 0) return null
  const calibrated = verdicts.filter((one) => one.calibratedConfidence !== null)
  return {
    stated: reliability(verdicts.map(forecastOf), 'stated'),
    calibrated:
      calibrated.length === verdicts.length
        ? reliability(
            calibrated.map((one) => ({ ...forecastOf(one), confidence: one.calibratedConfidence ?? 0 })),
            'calibrated',
          )
        : null,
  }
}

function consistencyOf(results: readonly CaseResult[], repeat: number): Consistency | null {
  if (repeat < 2) return null
  const byCase = [...Map.groupBy(results, ({ id }) => id)]
  const unstable = byCase.flatMap(([id, runs]) => {
    const decisions = [...new Set(runs.map(({ action, disposition }) => `${action} (${disposition})`))]
    return decisions.length > 1 ? [{ id, decisions }] : []
  })
  return { repeat, sameDecision: byCase.length === 0 ? 1 : 1 - unstable.length / byCase.length, unstable }
}
