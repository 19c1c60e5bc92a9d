import { plannedSeconds } from '../domain/plan.ts'
import type { JournalEntry, Run } from '../domain/run.ts'
import { type RunReport, reportIn } from '../domain/run-report.ts'
import { isIrreversible, isUnfenced, type LoadedPlan, type PlanBook } from '../engine/plan-book.ts'
import { readProgress } from '../engine/run-journal.ts'
import type { Store } from '../store/store.ts'

/** What one stage of a plan will do. */
export interface StageView {
  readonly id: string
  readonly stage: string
  readonly timeoutSeconds: number
  readonly fencing: string
  readonly rollback: string
  readonly does: string
}

/** Every stage of a plan in words, in order. */
export function stagesInWords({ stages }: LoadedPlan): StageView[] {
  return stages.map(({ id, timeoutMs, stage }) => ({
    ...{ id, stage: stage.name, timeoutSeconds: timeoutMs / 1000, fencing: stage.fencing },
    rollback: typeof stage.rollback === 'string' ? stage.rollback : 'can be undone',
    does: stage.describe(),
  }))
}

/** What people should know before they rely on a plan. */
export function planWarnings(loaded: LoadedPlan): string[] {
  return [
    ...(isIrreversible(loaded) ? ['it has a stage without a way back: people are always asked'] : []),
    ...(isUnfenced(loaded)
      ? ['it reaches something that cannot refuse an outdated command: people are always asked']
      : []),
    ...(loaded.plan.approval.required === 'always' ? ['it says itself that people are always asked'] : []),
  ]
}

/** One execution or rehearsal of a plan, with what was measured. */
interface PlanRun {
  readonly run: Run
  /** Null where nothing was measured: it has not ended, or ended before its last stage. */
  readonly report: RunReport | null
  /** Whether it ran what the file says now. */
  readonly isThisVersion: boolean
}

const RUNS_READ = 500
const RUNS_SHOWN = 50

/** Every plan with its stages, and its runs and drills, newest first. */
export async function planViews(plans: PlanBook, store: Pick<Store, 'runs' | 'audit'>) {
  const [runs, measured] = await Promise.all([
    store.runs.list({ limit: RUNS_READ }),
    store.audit.list({ kinds: ['run_measured'], limit: RUNS_READ }),
  ])
  const reports = new Map<string, { plan: string; report: RunReport }>()
  for (const { entry } of measured) if (entry.kind === 'run_measured') reports.set(entry.runId, entry)
  return plans.all().map((loaded) => {
    const { name, service, action, direction, description, source, target, objectives, failback, sandbox, probe } =
      loaded.plan
    const history = runs
      .filter((run) => run.planHash === loaded.hash || reports.get(run.id)?.plan === name)
      .slice(0, RUNS_SHOWN)
      .map(
        (run): PlanRun => ({
          run,
          report: reports.get(run.id)?.report ?? null,
          isThisVersion: run.planHash === loaded.hash,
        }),
      )
    return {
      ...{ name, service, action, direction, description, source, target, objectives, sandbox, history },
      ...{ hash: loaded.hash, failback: failback ?? null, isLossMeasured: probe !== undefined },
      plannedSeconds: plannedSeconds(loaded.plan),
      warnings: planWarnings(loaded),
      stages: stagesInWords(loaded),
    }
  })
}

/** One stage of a run: what it does, and how far it got. */
interface StageOfRun extends Pick<StageView, 'id' | 'does' | 'timeoutSeconds'> {
  readonly phase: string
  readonly spentMs: number
  readonly detail: string
}

/** A run with its stages and its whole journal. */
export interface RunView {
  readonly run: Run
  /** Null when the file says something else by now. */
  readonly plan: { readonly name: string; readonly rtoSeconds: number; readonly rpoSeconds: number } | null
  readonly stages: readonly StageOfRun[]
  readonly journal: readonly JournalEntry[]
  readonly report: RunReport | null
}

/** Reads one run; null when there is none. */
export async function runView(id: string, plans: PlanBook, store: Pick<Store, 'runs'>): Promise<RunView | null> {
  const run = await store.runs.get(id)
  return run ? viewOfRun(run, plans, store) : null
}

/** The same for a run at hand. */
export async function viewOfRun(run: Run, plans: PlanBook, store: Pick<Store, 'runs'>): Promise<RunView> {
  const journal = await store.runs.journalOf(run.id)
  const loaded = plans.byHash(run.planHash)
  const progress = readProgress(journal)
  const known = loaded ? stagesInWords(loaded) : [...progress.keys()].map((id) => ({ id, does: '', timeoutSeconds: 0 }))
  return {
    run,
    plan: loaded ? { name: loaded.plan.name, ...loaded.plan.objectives } : null,
    stages: known.map(({ id, does, timeoutSeconds }) => {
      const { phase = 'untouched', spentMs = 0, lastDetail = '' } = progress.get(id) ?? {}
      return { id, does, timeoutSeconds, phase, spentMs, detail: lastDetail }
    }),
    // What a stage keeps for itself may hold what belongs to nobody else.
    journal: journal.map((entry) => ({ ...entry, data: {} })),
    report: reportIn(journal),
  }
}
