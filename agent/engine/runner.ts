import type { StagePorts } from '../../actions/index.ts'
import { Facts } from '../domain/facts.ts'
import type { Run, RunState } from '../domain/run.ts'
import { unknownService } from '../domain/service.ts'
import { Fault } from '../lib/errors.ts'
import type { Store } from '../store/store.ts'
import { type ExecuteDeps, executeRun } from './execute.ts'
import { type Loop, startLoop } from './loop.ts'
import type { LoadedPlan, PlanBook } from './plan-book.ts'
import { nowOf, runMessages } from './run-messages.ts'
import { type ServiceBook, type ServiceEntry, servicesOfGroup } from './service-entry.ts'
import type { StampLoss } from './write-stamps.ts'

type Shared = 'agentId' | 'clock' | 'mask' | 'channels' | 'onEntry' | 'onReport' | 'pollMs'

export interface RunnerDeps extends Pick<ExecuteDeps, Shared> {
  readonly store: Pick<Store, 'runs' | 'freezes' | 'outbox' | 'audit' | 'agents' | 'decisions'>
  readonly services: ServiceBook
  readonly plans: PlanBook
  readonly ports: StagePorts
  readonly lookAt: (
    entry: ServiceEntry,
    incidentId: string | null,
    abort: AbortSignal,
  ) => ReturnType<ExecuteDeps['look']>
  readonly measureLoss: (plan: LoadedPlan, abort: AbortSignal) => Promise<StampLoss | null>
  /** `shadow` rehearses and never acts. */
  readonly mode: 'shadow' | 'live'
  readonly maximumRunning: () => number
  /** Told when a run has come to its end here. */
  readonly onEnded?: (run: Run, state: RunState) => void
  readonly onError: (name: string, error: unknown) => void
}

const UNDER_WAY: readonly RunState[] = ['running', 'paused', 'rolling_back']

/** Starts what was requested, takes over what dead agents left, and carries each run to its end. */
export function startRunner(deps: RunnerDeps, intervalMs: number): Loop {
  const executing = new Map<string, Promise<void>>()
  /** Runs that this agent cannot carry out; people were told, and another agent may. */
  const refused = new Set<string>()
  const stopping = new AbortController()
  let loop: Loop | null = null

  const carryOut = (run: Run) => {
    const work = async () => {
      const execution = await executionOf(run, deps)
      if (execution) {
        const state = await executeRun(run, execution, stopping.signal)
        if (state !== null) deps.onEnded?.(run, state)
      } else refused.add(run.id)
      loop?.nudge()
    }
    // What went wrong here is tried again at the next round: the run is nobody's then.
    const settled = work()
      .catch((error) => deps.onError('run', error))
      .finally(() => executing.delete(run.id))
    executing.set(run.id, settled)
  }
  const round = async (): Promise<boolean> => {
    for (const run of await orphans(deps, executing)) {
      if (refused.has(run.id)) continue
      const taken = await deps.store.runs.takeOver(run.id, run.agentId ?? '', deps.agentId)
      if (taken) carryOut(taken)
    }
    const limits = { maximumRunning: deps.maximumRunning(), onlyDryRuns: deps.mode === 'shadow' }
    const started = await deps.store.runs.start(deps.agentId, limits)
    if (started) carryOut(started)
    return started !== null
  }
  loop = startLoop({ name: 'runner', clock: deps.clock, intervalMs, round, onError: deps.onError })
  const started = loop
  return {
    nudge: started.nudge,
    stop: async () => {
      stopping.abort(new Fault('conflict', 'the agent stops'))
      await started.stop()
      await Promise.all(executing.values())
    },
  }
}

/** Runs under way that nobody carries out: of agents that are dead or gone (who was buried is not on the list), or left by an error or an earlier life of this one. */
async function orphans(deps: RunnerDeps, executing: ReadonlyMap<string, unknown>): Promise<Run[]> {
  const underWay = await deps.store.runs.list({ states: UNDER_WAY, limit: 100 })
  const others = underWay.filter((run) => !executing.has(run.id) && (deps.mode === 'live' || run.isDryRun))
  if (others.length === 0) return []
  const alive = new Set((await deps.store.agents.list()).map(({ id }) => id))
  return others.filter(({ agentId }) => agentId === deps.agentId || agentId === null || !alive.has(agentId))
}

async function executionOf(run: Run, deps: RunnerDeps): Promise<ExecuteDeps | null> {
  const entry = deps.services.find(run.service)
  const plan = deps.plans.byHash(run.planHash)
  if (!entry || !plan) return refuse(run, entry ? 'its plan has changed or is gone' : 'its service is gone', deps)
  if (plan.plan.direction === 'back' && !(await isByPerson(run, deps)))
    return refuse(run, 'a way back is never automatic', deps)
  const record = run.decisionId === null ? null : await deps.store.decisions.get(run.decisionId)
  const facts = Facts.safeParse(record?.facts)
  if (!facts.success && !run.isDryRun) return refuse(run, 'nobody can tell on which facts it was decided', deps)
  const { store, agentId, clock, mask, channels, ports, pollMs } = deps
  return {
    ...{ store, agentId, clock, mask, channels, ports, pollMs, plan: plan.plan, stages: plan.stages },
    service: entry.service,
    groupServices: servicesOfGroup(deps.services, run.group),
    approvers: entry.approvers,
    decidedOn: facts.success ? facts.data : null,
    look: (abort) => deps.lookAt(entry, run.incidentId, abort),
    measureLoss: (abort) => deps.measureLoss(plan, abort),
    ...(deps.onEntry && { onEntry: deps.onEntry }),
    ...(deps.onReport && { onReport: deps.onReport }),
  }
}

/** The record says who asked for it; a name alone proves nothing. */
async function isByPerson(run: Run, { store }: RunnerDeps): Promise<boolean> {
  const requests = await store.audit.list({ kinds: ['run_requested'], actor: run.requestedBy, limit: 500 })
  return requests.some(({ entry }) => 'runId' in entry && entry.runId === run.id && entry.actor.kind === 'person')
}

/** A run that cannot be carried out any more waits for a person when it has begun; the journal says what stands. */
async function refuse(run: Run, why: string, deps: RunnerDeps): Promise<null> {
  const actor = { kind: 'agent', id: deps.agentId, via: null } as const
  const begun = (await deps.store.runs.journalOf(run.id)).some(({ kind }) => kind === 'effect')
  const change = { runId: run.id, from: run.state, generation: run.generation, actor, detail: why }
  if (run.state === 'rolling_back') await deps.store.runs.change({ ...change, to: 'rollback_failed' })
  else if (run.state === 'running') await deps.store.runs.change({ ...change, to: begun ? 'paused' : 'failed' })
  const service = deps.services.find(run.service)?.service ?? unknownService(run.service)
  const planName = `plan ${run.planHash.slice(0, 12)}`
  const title = `cannot be carried out: ${why}`
  const told = { run, planName, service, isPage: true, severity: 'critical' as const, title, lines: [] }
  for (const one of runMessages({ ...told, at: nowOf(deps.clock) }, deps.channels))
    await deps.store.outbox.enqueue({ ...one, incidentId: run.incidentId })
  return null
}
