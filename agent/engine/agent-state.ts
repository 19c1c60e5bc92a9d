import type { Action } from '../domain/action.ts'
import { ACTIVE_RUN_STATES } from '../domain/run.ts'
import { groupOf } from '../domain/service.ts'
import { instantOf } from '../domain/time.ts'
import type { AgentState } from '../policy/input.ts'
import type { Store } from '../store/store.ts'
import { type ServiceBook, type ServiceEntry, servicesOfGroup } from './service-entry.ts'

/** Whether the agent itself can see out, from probes of its own. */
export type Isolation = AgentState['isolation']

export interface AgentStateDeps {
  readonly store: Pick<Store, 'freezes' | 'runs' | 'scores'>
  readonly mode: 'shadow' | 'live'
  readonly isolation: () => Isolation
  /** Whose freezes hold the group. */
  readonly services: ServiceBook
  readonly nowMs: number
}

const EVALUATIONS_KEPT = 10

/** What the agent itself brings to a decision: freezes, cooldown, runs in flight, plans, its own history of the condition. */
export async function agentStateFor(entry: ServiceEntry, deps: AgentStateDeps): Promise<AgentState> {
  const { service } = entry
  const group = groupOf(service)
  const [allFreezes, cooldown, groupRuns, lastEnds, allRuns, evaluations] = await Promise.all([
    deps.store.freezes.active(),
    deps.store.runs.cooldown(group),
    deps.store.runs.list({ group, states: ACTIVE_RUN_STATES, limit: 1 }),
    deps.store.runs.list({ group, states: ['succeeded', 'rollback_failed'], isDryRun: false, limit: 1 }),
    deps.store.runs.list({ states: ACTIVE_RUN_STATES, limit: 100 }),
    deps.store.scores.evaluations(service.name, EVALUATIONS_KEPT),
  ])
  // A run moves the whole group, so a freeze of any of its services forbids it.
  const held = new Set([service.name, ...servicesOfGroup(deps.services, group)])
  const freezes = allFreezes.filter((freeze) => freeze.service === null || held.has(freeze.service))
  const isCooling = cooldown !== null && cooldown.until > instantOf(deps.nowMs)
  return {
    mode: deps.mode,
    killSwitch: freezes.some((freeze) => freeze.kind === 'freeze' && freeze.service === null),
    frozen: freezes.some((freeze) => freeze.kind === 'freeze' && freeze.service !== null),
    paused: groupRuns.some((run) => run.state === 'paused'),
    maintenance: freezes.some((freeze) => freeze.kind === 'maintenance'),
    cooldownUntil: isCooling ? cooldown.until : null,
    cooldownAfter: isCooling ? cooldown.after : null,
    // A later run that succeeded made the group whole again; one that was undone changed nothing about it.
    halfMoved: lastEnds.find(({ state }) => state === 'rollback_failed')?.id ?? null,
    activeRun: groupRuns[0]?.id ?? null,
    globalRunsInFlight: allRuns.length,
    isolation: deps.isolation(),
    approversExist: (entry.approverCount ?? entry.approvers.length) >= Math.max(1, entry.approvalsNeeded),
    plans: planFacts(entry),
    evaluations: ownHistory(
      evaluations.map(({ at, good, fresh }) => ({ at, state: fresh ? (good ? 'good' : 'bad') : 'unknown' }) as const),
    ),
  }
}

/** What the gate knows of a service's plans. */
export function planFacts(entry: ServiceEntry): AgentState['plans'] {
  const plans: AgentState['plans'] = {}
  for (const [action, plan] of Object.entries(entry.plans) as [Action, NonNullable<ServiceEntry['plans'][Action]>][])
    plans[action] = {
      ...{ hash: plan.hash, irreversible: plan.isIrreversible, unfenced: plan.isUnfenced },
      ...(plan.isAlwaysAsked && { alwaysAsked: true }),
    }
  return plans
}

/** Fewer looks than a rule wants to see. */
const TOO_FEW = 3

/**
 * The agent's own looks, oldest first; null while there are too few to say more than the series do. A look that was not bad always counts: one good
 * evaluation resets what was sustained.
 */
function ownHistory(newestFirst: NonNullable<AgentState['evaluations']>): AgentState['evaluations'] {
  const isSilent = newestFirst.length < TOO_FEW && newestFirst.every(({ state }) => state === 'bad')
  return isSilent ? null : [...newestFirst].reverse()
}
