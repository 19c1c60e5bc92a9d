import type { Plan } from '../domain/plan.ts'
import type { JournalEntry } from '../domain/run.ts'
import type { RunReport } from '../domain/run-report.ts'
import { readProgress } from './run-journal.ts'
import type { StampLoss } from './write-stamps.ts'

/** What a run achieved, from its journal, the times measured and the writes followed. */
export function measuredRun(measured: {
  readonly journal: readonly JournalEntry[]
  readonly plan: Plan
  readonly decisionMs: number
  readonly onsetMs: number | null
  readonly loss: StampLoss | null
}): RunReport {
  const { journal, plan, decisionMs, onsetMs, loss } = measured
  const { rtoSeconds, rpoSeconds } = plan.objectives
  const stages = [...readProgress(journal)].map(([stage, { spentMs }]) => ({ stage, elapsedMs: spentMs }))
  const inStages = stages.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0)
  return {
    recoveryFromOnsetMs: onsetMs === null ? null : Math.round(onsetMs),
    recoveryFromDecisionMs: Math.round(decisionMs),
    rtoMs: rtoSeconds * 1000,
    meetsRto: (onsetMs ?? decisionMs) <= rtoSeconds * 1000,
    dataLossSeconds: loss?.dataLossSeconds ?? null,
    lostWrites: loss?.lostWrites ?? null,
    duplicatedWrites: loss?.duplicatedWrites ?? null,
    rpoSeconds,
    meetsRpo: loss === null ? null : loss.dataLossSeconds <= rpoSeconds,
    stages,
    overheadMs: Math.max(0, Math.round(decisionMs - inStages)),
  }
}
