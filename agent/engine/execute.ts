import type { PlacedStage, StagePorts } from '../../actions/index.ts'
import type { Look } from '../../actions/stage.ts'
import type { Facts } from '../domain/facts.ts'
import type { Plan } from '../domain/plan.ts'
import { type JournalEntry, type Run, type RunState, WHOLE_RUN } from '../domain/run.ts'
import { type RunReport, reportText } from '../domain/run-report.ts'
import type { Service } from '../domain/service.ts'
import type { Clock } from '../lib/clock.ts'
import { asFault, Fault, isFault } from '../lib/errors.ts'
import type { Mask } from '../lib/mask.ts'
import type { NotificationSeverity } from '../notify/notifier.ts'
import type { Store } from '../store/store.ts'
import { type Attempt, attemptStage } from './attempt.ts'
import { materialChanges } from './decisive.ts'
import { type HoldDeps, isAborted, lookIn, mayGoOn, pause } from './hold.ts'
import { type RunClock, runClock } from './run-clock.ts'
import { mayStand, pointOfNoReturn, progressOf, readProgress } from './run-journal.ts'
import { nowOf, runMessages } from './run-messages.ts'
import { isLost, openRunRecord, type RunRecord } from './run-record.ts'
import { measuredRun } from './run-report.ts'
import type { StageContextDeps } from './stage-context.ts'
import { type Leftover, undoAll } from './undo.ts'
import type { StampLoss } from './write-stamps.ts'

export interface ExecuteDeps {
  readonly agentId: string
  readonly store: Pick<Store, 'runs' | 'freezes' | 'outbox' | 'audit'>
  readonly plan: Plan
  readonly stages: readonly PlacedStage[]
  readonly service: Service
  /** Every service that moves with this one. */
  readonly groupServices: readonly string[]
  /** Who may answer a stage that waits for a person. */
  readonly approvers: readonly string[]
  /** What was known when it was decided; null when nobody looked. */
  readonly decidedOn: Facts | null
  readonly look: (abort: AbortSignal) => Promise<Look>
  readonly ports: StagePorts
  /** Writes of ours that were acknowledged and are gone; null when nobody followed any. */
  readonly measureLoss: (abort: AbortSignal) => Promise<StampLoss | null>
  readonly clock: Clock
  readonly mask: Mask
  readonly channels: readonly string[]
  readonly onEntry?: (run: Run, entry: JournalEntry) => void
  readonly onReport?: (run: Run, report: RunReport) => void
  /** How often a running stage looks whether it was aborted or taken over. */
  readonly pollMs: number
}

interface Execution {
  readonly deps: ExecuteDeps
  readonly record: RunRecord
  readonly time: RunClock
  readonly staging: StageContextDeps
  readonly stop: AbortSignal
}

/**
 * Carries out a run that this agent has started or taken over, to its end or until the agent stops. Everything it knows stands in the journal, so that
 * whoever comes next goes on from there. Returns the state that it left the run in; null when the run is with another agent, or still under way.
 */
export async function executeRun(run: Run, deps: ExecuteDeps, stop: AbortSignal): Promise<RunState | null> {
  const time = runClock(run, deps.decidedOn?.onset.at ?? null, deps.clock)
  try {
    const record = await openRunRecord(run, deps, stop)
    const hold: HoldDeps = {
      ...{ store: deps.store, clock: deps.clock, groupServices: deps.groupServices, pollMs: deps.pollMs, time },
      rtoMs: deps.plan.objectives.rtoSeconds * 1000,
      page: (why, details) => tell(execution, true, 'critical', why, details),
    }
    const { plan, ports, clock, look } = deps
    const told: StageContextDeps['tell'] = ({ title, lines, isPage }) =>
      tell(execution, isPage, isPage ? 'critical' : 'info', title, lines)
    const execution: Execution = { deps, record, time, stop, staging: { plan, ports, clock, look, hold, tell: told } }
    await carryOn(execution)
    return record.run().state
  } catch (error) {
    if (isLost(error) || stop.aborted) return null
    throw error
  }
}

async function carryOn(execution: Execution): Promise<void> {
  const { record } = execution
  if (record.run().state !== 'rolling_back') {
    try {
      await forward(execution)
    } catch (error) {
      if (!isAborted(error)) throw error
    }
  }
  if (record.run().state === 'rolling_back') await backward(execution)
}

async function forward(execution: Execution): Promise<void> {
  const { deps, record, stop, staging } = execution
  if (record.journal().length === 0) await tell(execution, false, 'warning', 'started', planLines(deps))
  for (const placed of deps.stages) {
    while (progressOf(record.journal(), placed.id).phase !== 'verified') {
      await mayGoOn(record, staging.hold, stop)
      const changes = await changesBefore(placed, execution)
      if (changes.length > 0) return giveUp(execution, `the facts have changed: ${changes.join('; ')}`)
      const attempt = (await askPerson(placed, execution)) ?? (await attemptStage(placed, record, staging, stop))
      if (attempt.ended !== 'verified' && (await afterFailure(placed, attempt, execution)) === 'over') return
    }
  }
  await succeed(execution)
}

/** Promise 9: right before the first effect the decisive facts are read again. What an agent before this one compared is hours old when nobody took over. */
async function changesBefore(placed: PlacedStage, execution: Execution): Promise<readonly string[]> {
  const { deps, record, stop } = execution
  if (placed.stage.fencing === 'no-effect' || deps.decidedOn === null) return []
  const { generation } = record.run()
  const isCompared = ({ data, generation: by }: JournalEntry) => data.factsCompared === true && by === generation
  if (record.journal().some((line) => line.kind === 'effect' || isCompared(line))) return []
  const { facts } = await deps.look(stop)
  const changes = materialChanges(deps.decidedOn, facts, record.run(), deps.plan)
  const isRehearsal = record.run().isDryRun
  const detail = changes.length === 0 ? 'the decisive facts stand' : `the facts have changed: ${changes.join('; ')}`
  const data = changes.length === 0 || isRehearsal ? { factsCompared: true } : {}
  await record.write({ stage: WHOLE_RUN, kind: 'note', detail, data })
  return isRehearsal ? [] : changes
}

/** A stage that waits for a person pauses the run; null once somebody who may has answered. */
async function askPerson(placed: PlacedStage, execution: Execution): Promise<Attempt | null> {
  const { deps, record, staging, stop } = execution
  const { waitsForPerson } = placed.stage
  if (!waitsForPerson || record.run().isDryRun) return null
  const isAnswered = () => progressOf(record.journal(), placed.id).memory.approved !== undefined
  const beganMs = deps.clock.elapsed()
  const approvers = waitsForPerson.approvers ?? deps.approvers
  while (!isAnswered()) {
    const asks = { question: waitsForPerson.question, approvers, requestedBy: record.run().requestedBy }
    const wasAsked = record.journal().some(({ stage, data }) => stage === placed.id && data.asks !== undefined)
    if (!wasAsked)
      await record.write({ stage: placed.id, kind: 'note', detail: waitsForPerson.question, data: { asks } })
    if (record.run().state === 'running') {
      const who = `may answer: ${approvers.join(', ') || 'nobody'}; silence means no`
      await pause(record, staging.hold, waitsForPerson.question, [who])
    }
    try {
      await mayGoOn(record, staging.hold, stop, async () => {
        if (deps.clock.elapsed() - beganMs > placed.timeoutMs)
          throw new Fault('stage_failed', 'nobody answered in time: silence means no')
      })
    } catch (error) {
      const fault = asFault(error)
      if (!fault.details.urgent) throw error
      await record.write({ stage: placed.id, kind: 'failed', detail: fault.message, data: { outcome: 'not_done' } })
      return { ended: 'failed', fault, outcome: 'not_done' }
    }
    await refreshJournal(record, placed.id, deps)
  }
  return null
}

/** A person's answer was written by another process; it is read before going on. */
async function refreshJournal(record: RunRecord, stageId: string, deps: ExecuteDeps): Promise<void> {
  const lines = await record.patiently(() => deps.store.runs.journalOf(record.run().id))
  record.adopt(lines)
  if (progressOf(record.journal(), stageId).memory.approved === undefined)
    await record.write({ stage: stageId, kind: 'note', detail: 'resumed without an answer; it asks again' })
}

async function afterFailure(
  placed: PlacedStage,
  attempt: Exclude<Attempt, { ended: 'verified' }>,
  execution: Execution,
): Promise<'over' | 'again'> {
  const { deps, record, staging, stop } = execution
  const why = `${placed.id} failed: ${attempt.fault.message}`
  const progress = readProgress(record.journal())
  // A threshold that broke does not wait for the person who holds the run.
  if (attempt.fault.details.urgent && !barrierOf(deps, record)) {
    await settle(execution, 'rolling_back', why, true)
    await tell(execution, true, 'error', `${why}; undoing`, [])
    await backward(execution)
    return 'over'
  }
  const standing = deps.stages.filter((one) => mayStand(one, progress.get(one.id) ?? progressOf([], one.id)))
  if (standing.length === 0 || record.run().isDryRun) {
    await giveUp(execution, why)
    return 'over'
  }
  const barrier = barrierOf(deps, record)
  if (barrier || attempt.ended === 'undecided' || deps.plan.onFailure === 'wait_for_person') {
    const reason = barrier ? `${barrier.id} cannot be undone` : 'the plan says that a person decides'
    const choice = 'resume: the stage is tried again; abort: what can be undone is undone'
    if (record.run().state === 'running')
      await pause(record, staging.hold, `${why} (${reason})`, [choice, ...standing.map(whereabouts(record))])
    await mayGoOn(record, staging.hold, stop)
    const detail = 'a person said that it is to be tried again'
    await record.write({ stage: placed.id, kind: 'note', detail, data: { retry: true } })
    return 'again'
  }
  await settle(execution, 'rolling_back', why)
  await tell(execution, true, 'error', `${why}; undoing`, standing.map(whereabouts(record)))
  await backward(execution)
  return 'over'
}

function barrierOf({ stages }: ExecuteDeps, record: RunRecord): PlacedStage | null {
  return pointOfNoReturn(stages, readProgress(record.journal()))
}

function whereabouts(record: RunRecord) {
  return (placed: PlacedStage) => {
    const { phase, lastDetail } = progressOf(record.journal(), placed.id)
    return `${placed.id} (${phase}): ${lastDetail || placed.stage.describe()}`
  }
}

async function backward(execution: Execution): Promise<void> {
  const { deps, record, staging, stop } = execution
  const leftovers = await undoAll(deps.stages, record, staging, stop)
  const lines = leftovers.map(leftoverLine)
  if (leftovers.length === 0) {
    await record.change('rolled_back', 'everything that was done is undone')
    await tell(execution, true, 'error', 'undone; the service is where it was', [])
    return
  }
  const detail = `still as the run left it: ${lines.join('; ')}`
  await record.write({ stage: WHOLE_RUN, kind: 'note', detail, data: { leftovers } })
  await record.change('rollback_failed', detail)
  await tell(execution, true, 'critical', 'could not be undone; a person is needed', lines)
}

function leftoverLine({ stage, what, why }: Leftover): string {
  return `${stage}: ${what} (${why})`
}

async function giveUp(execution: Execution, why: string): Promise<void> {
  await settle(execution, 'failed', why)
  await tell(execution, !execution.record.run().isDryRun, 'error', `${why}; nothing was changed`, [])
}

async function succeed(execution: Execution): Promise<void> {
  const { deps, record, time, stop } = execution
  const run = record.run()
  const decisionMs = time.sinceDecisionMs()
  const onsetMs = time.sinceOnsetMs()
  // A loss that cannot be measured is not zero, and no reason to hold back what was achieved.
  const loss = run.isDryRun ? null : await deps.measureLoss(stop).catch(() => null)
  const report = measuredRun({ journal: record.journal(), plan: deps.plan, decisionMs, onsetMs, loss })
  await record.write({ stage: WHOLE_RUN, kind: 'note', detail: reportText(report), data: { report } })
  await settle(execution, 'succeeded', reportText(report))
  const { id: runId, incidentId, service, isDryRun } = run
  await record.patiently(() =>
    deps.store.audit.append([
      {
        ...{ kind: 'run_measured', at: nowOf(deps.clock), actor: { kind: 'agent', id: deps.agentId, via: null } },
        ...{ runId, incidentId, service, plan: deps.plan.name, isDryRun, report },
      },
    ]),
  )
  deps.onReport?.(record.run(), report)
  await tell(execution, false, 'info', isDryRun ? 'rehearsed' : 'done and verified', [reportText(report)])
}

/** Ends the forward way. A person who paused the run meanwhile is waited for, and one who aborted it is obeyed. */
async function settle(
  { record, deps, staging, stop }: Execution,
  to: RunState,
  detail: string,
  isUrgent = false,
): Promise<void> {
  for (;;) {
    await lookIn(record, staging.hold)
    if (isUrgent || record.run().state === 'running') {
      try {
        return await record.change(to, detail)
      } catch (error) {
        if (isLost(error) || !isFault(error, 'conflict')) throw error
      }
    }
    await deps.clock.sleep(deps.pollMs, stop)
  }
}

function planLines({ plan, stages }: ExecuteDeps): string[] {
  return [plan.description, ...stages.map(({ id, stage }) => `${id}: ${stage.describe()}`)]
}

async function tell(
  { deps, record }: Execution,
  isPage: boolean,
  severity: NotificationSeverity,
  title: string,
  lines: readonly string[],
): Promise<void> {
  const run = record.run()
  const { plan, service } = deps
  const at = nowOf(deps.clock)
  const message = { run, planName: plan.name, service, isPage, severity, title: await deps.mask(title), at }
  const masked = await Promise.all(lines.map(deps.mask))
  for (const one of runMessages({ ...message, lines: masked }, deps.channels))
    await record.patiently(() => deps.store.outbox.enqueue({ ...one, incidentId: run.incidentId }))
}
