import { type Plan, planHash, plannedSeconds, stageIdOf } from '../domain/plan.ts'
import { type JournalEntry, type Run, WHOLE_RUN } from '../domain/run.ts'
import { epochMs } from '../domain/time.ts'
import { readProgress, type StagePhase } from '../engine/run-journal.ts'

/** One stage of a run, as people watch it. */
export interface StageView {
  readonly stage: string
  readonly phase: StagePhase
  readonly spentSeconds: number
  readonly timeoutSeconds: number | null
  readonly detail: string
}

/** A run with how far it is, against what was promised. */
export interface RunView extends Run {
  /** Null when the plan file is not there any more. */
  readonly plan: string | null
  readonly rtoSeconds: number | null
  readonly plannedSeconds: number | null
  /** From the request, since that is when people began to wait. */
  readonly elapsedSeconds: number
  readonly stages: readonly StageView[]
  /** What the journal said last about the run as a whole, such as why it waits. */
  readonly note: string | null
}

/** How a run stands, by its journal and its plan. */
export function runView(run: Run, journal: readonly JournalEntry[], plans: readonly Plan[], nowMs: number): RunView {
  const plan = plans.find((one) => planHash(one) === run.planHash) ?? null
  const progress = readProgress(journal)
  const ids = plan ? plan.stages.map(stageIdOf) : [...progress.keys()]
  const endMs = run.finishedAt === null ? nowMs : epochMs(run.finishedAt)
  return {
    ...run,
    plan: plan?.name ?? null,
    rtoSeconds: plan?.objectives.rtoSeconds ?? null,
    plannedSeconds: plan ? plannedSeconds(plan) : null,
    elapsedSeconds: Math.max(0, (endMs - epochMs(run.requestedAt)) / 1000),
    stages: ids.map((stage) => {
      const known = progress.get(stage)
      const last = journal.findLast((entry) => entry.stage === stage)
      const isUnderWay = known?.phase === 'begun' || known?.phase === 'applied' || known?.phase === 'undoing'
      const sinceMs = isUnderWay && last && run.finishedAt === null ? nowMs - epochMs(last.at) : 0
      return {
        stage,
        phase: known?.phase ?? 'untouched',
        spentSeconds: ((known?.spentMs ?? 0) + Math.max(0, sinceMs)) / 1000,
        timeoutSeconds: plan?.stages.find((one) => stageIdOf(one) === stage)?.timeoutSeconds ?? null,
        detail: known?.lastDetail ?? '',
      }
    }),
    note: journal.findLast((entry) => entry.stage === WHOLE_RUN && entry.kind === 'note')?.detail ?? null,
  }
}
