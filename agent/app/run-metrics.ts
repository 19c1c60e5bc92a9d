import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { Run, RunState } from '../domain/run.ts'
import type { RunReport } from '../domain/run-report.ts'
import { epochMs } from '../domain/time.ts'
import type { PlanBook } from '../engine/plan-book.ts'

/** Metrics of runs: what they achieved, against what was promised. */
export interface RunMetrics {
  readonly ended: Counter<'plan' | 'kind' | 'state'>
  readonly lastDrill: Gauge<'plan'>
  readonly objectives: Counter<'plan' | 'objective' | 'result'>
  readonly recoverySeconds: Histogram<'plan' | 'from'>
  readonly dataLossSeconds: Histogram<'plan'>
  readonly stageSeconds: Histogram<'plan' | 'stage'>
}

const ENDS: readonly RunState[] = ['succeeded', 'failed', 'rolled_back', 'rollback_failed']
const SECONDS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600]

/** Registers them. */
export function runMetrics(registry: Registry): RunMetrics {
  const registers = [registry]
  return {
    ended: new Counter({
      name: 'failwise_runs_total',
      help: 'Runs that came to an end, by plan, kind (live, rehearsal) and state.',
      labelNames: ['plan', 'kind', 'state'],
      registers,
    }),
    lastDrill: new Gauge({
      name: 'failwise_drill_last_success_timestamp_seconds',
      help: 'When a plan was last drilled with success: rehearsed, or done for real on a sandbox.',
      labelNames: ['plan'],
      registers,
    }),
    objectives: new Counter({
      name: 'failwise_run_objectives_total',
      help: 'Objectives of live runs, by result (met, missed, unknown).',
      labelNames: ['plan', 'objective', 'result'],
      registers,
    }),
    recoverySeconds: new Histogram({
      name: 'failwise_run_recovery_seconds',
      help: 'Until users were verified to be served again, from the onset and from the decision.',
      labelNames: ['plan', 'from'],
      buckets: SECONDS,
      registers,
    }),
    dataLossSeconds: new Histogram({
      name: 'failwise_run_data_loss_seconds',
      help: 'Stretch of time whose acknowledged writes were lost, as write stamps measured it.',
      labelNames: ['plan'],
      buckets: [0, 0.5, ...SECONDS],
      registers,
    }),
    stageSeconds: new Histogram({
      name: 'failwise_run_stage_seconds',
      help: 'Time of each stage.',
      labelNames: ['plan', 'stage'],
      buckets: [0.05, 0.1, 0.25, 0.5, ...SECONDS],
      registers,
    }),
  }
}

/** Shows every figure of these plans as 0 from the start: an increase from nothing to 1 is none to Prometheus, and the first run would be missed. */
export function announcePlans(metrics: RunMetrics, plans: readonly string[]): void {
  for (const plan of plans) {
    for (const kind of ['live', 'rehearsal']) for (const state of ENDS) metrics.ended.inc({ plan, kind, state }, 0)
    for (const objective of ['rto', 'rpo'])
      for (const result of ['met', 'missed', 'unknown']) metrics.objectives.inc({ plan, objective, result }, 0)
  }
}

/** Counts what one run achieved; a rehearsal recovers nothing. */
export function countRun(metrics: RunMetrics, plan: string, isDryRun: boolean, report: RunReport): void {
  if (isDryRun) return
  for (const { stage, elapsedMs } of report.stages) metrics.stageSeconds.observe({ plan, stage }, elapsedMs / 1000)
  metrics.recoverySeconds.observe({ plan, from: 'decision' }, report.recoveryFromDecisionMs / 1000)
  if (report.recoveryFromOnsetMs !== null)
    metrics.recoverySeconds.observe({ plan, from: 'onset' }, report.recoveryFromOnsetMs / 1000)
  if (report.dataLossSeconds !== null) metrics.dataLossSeconds.observe({ plan }, report.dataLossSeconds)
  const result = (isMet: boolean | null) => (isMet === null ? 'unknown' : isMet ? 'met' : 'missed')
  metrics.objectives.inc({ plan, objective: 'rto', result: result(report.meetsRto) })
  metrics.objectives.inc({ plan, objective: 'rpo', result: result(report.meetsRpo) })
}

/** Counts the end of a run, whatever it was. */
export function countEnd(metrics: RunMetrics, plan: string, isDryRun: boolean, state: RunState): void {
  metrics.ended.inc({ plan, kind: isDryRun ? 'rehearsal' : 'live', state })
}

/** Shows when each plan was last drilled with success, as the store knows it. */
export function showDrills(
  metrics: RunMetrics,
  runs: readonly Pick<Run, 'planHash' | 'isDryRun' | 'state' | 'finishedAt'>[],
  plans: PlanBook,
): void {
  for (const { plan, hash } of plans.all()) {
    const isDrill = (run: (typeof runs)[number]) =>
      run.planHash === hash && run.state === 'succeeded' && (run.isDryRun || plan.sandbox)
    const ends = runs.filter(isDrill).flatMap(({ finishedAt }) => (finishedAt === null ? [] : [epochMs(finishedAt)]))
    if (ends.length > 0) metrics.lastDrill.set({ plan: plan.name }, Math.max(...ends) / 1000)
  }
}
