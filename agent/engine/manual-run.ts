import type { Action, Ceiling } from '../domain/action.ts'
import { allowsAtLeast, isFailover, targetOf } from '../domain/action.ts'
import type { Actor } from '../domain/audit.ts'
import type { Decision, Reason } from '../domain/decision.ts'
import { deriveFacts, type Facts, factsHash } from '../domain/facts.ts'
import { type HealthScoreOptions, scoreHealth } from '../domain/health-score.ts'
import type { Run } from '../domain/run.ts'
import { groupOf } from '../domain/service.ts'
import { type Snapshot, snapshotHash } from '../domain/snapshot.ts'
import { epochMs, instantOf } from '../domain/time.ts'
import type { NewId } from '../lib/ids.ts'
import type { GateInput } from '../policy/input.ts'
import { policyHash } from '../policy/policy.ts'
import type { Rule } from '../policy/rule.ts'
import { RULES } from '../policy/rules.ts'
import type { Store } from '../store/store.ts'
import { agentStateFor, type Isolation } from './agent-state.ts'
import type { PolicyInForce } from './assess.ts'
import { isIrreversible, isUnfenced, type LoadedPlan } from './plan-book.ts'
import type { ServiceBook, ServiceEntry } from './service-entry.ts'

export interface ManualRunDeps {
  readonly store: Store
  readonly services: ServiceBook
  readonly policy: PolicyInForce
  readonly mode: 'shadow' | 'live'
  readonly isolation: Isolation
  readonly healthScore: HealthScoreOptions
  readonly newId: NewId
}

export interface ManualRunOrder {
  readonly entry: ServiceEntry
  readonly plan: LoadedPlan
  readonly snapshot: Snapshot
  readonly by: Actor
  readonly isDryRun: boolean
  /** Seconds of data that this person agrees to lose by this run; null when nothing was said. */
  readonly acceptedDataLossSeconds: number | null
}

export type ManualRunOutcome =
  | {
      readonly outcome: 'requested'
      readonly decisionId: string
      readonly run: Run
      readonly reasons: readonly Reason[]
    }
  | { readonly outcome: 'refused'; readonly why: string; readonly reasons: readonly Reason[] }

/** A request that no agent has taken by then lapses. */
const START_WITHIN_MS = 120_000

/** Rules that hold for people too: what they know better is the cause and whether it is worth it, not whether the place to go to stands. */
const SAFETY = /^(state\.|plan\.|evidence\.|target\.|place\.event-at-target$)/
/** On the way back the place to go to is the old primary, which no readiness speaks of; the plan's own stages look at it. */
const SAFETY_ON_THE_WAY_BACK = /^(state\.|plan\.|evidence\.)/

/**
 * A person asks for a run. It passes through the gate's rules about safety, and leaves the same record as a decision of the agent. A rehearsal is
 * told what the rules say, and is not refused for it.
 */
export async function requestManualRun(order: ManualRunOrder, deps: ManualRunDeps): Promise<ManualRunOutcome> {
  const { entry, plan, snapshot, by, isDryRun } = order
  const { store } = deps
  const { service } = entry
  const nowMs = epochMs(snapshot.takenAt)
  const action: Action = plan.plan.action
  const facts = deriveFacts(snapshot)
  const planned = { hash: plan.hash, isIrreversible: isIrreversible(plan), isUnfenced: isUnfenced(plan) }
  const asked: ServiceEntry = { ...entry, plans: { ...entry.plans, [action]: { name: plan.plan.name, ...planned } } }
  const isolation = () => deps.isolation
  const state = await agentStateFor(asked, { store, services: deps.services, mode: deps.mode, isolation, nowMs })
  const reasons = safetyReasons(order, { snapshot, facts, state, now: snapshot.takenAt }, deps)
  const against = reasons.filter(({ ceiling }) => !allowsAtLeast(ceiling, 'ask'))
  const first = against[0]
  if (first && !isDryRun) return { outcome: 'refused', why: `${first.rule}: ${first.detail}`, reasons: against }

  const isMoving = isFailover(action) && plan.plan.direction === 'away'
  const target = isMoving ? targetOf(action) : null
  const decisionId = deps.newId('dec')
  const decision: Decision = {
    ...{ action, disposition: 'act', target, planHash: plan.hash, blocked: [], reasons: [...reasons] },
    ...{ decidedAt: snapshot.takenAt, snapshotHash: snapshotHash(snapshot), factsHash: factsHash(facts) },
    ...{ policyHash: policyHash(deps.policy.policy), expiresAt: null },
  }
  await store.decisions.record({
    ...{ id: decisionId, claim: null, service: service.name, mode: deps.mode, actor: by, snapshot, decision },
    ...{ facts: { ...facts }, healthScore: scoreHealth(snapshot.evidence, deps.healthScore) },
    ...{ anomaly: null, opinion: null, gateInput: { ...state }, policyText: deps.policy.text, bodies: {}, timings: {} },
    ...{ nextAssessmentAt: null, approval: null, run: null, notifications: [] },
  })
  const open = await store.incidents.list({ open: true, group: groupOf(service), limit: 1 })
  const requested = await store.runs.request({
    ...{
      service: service.name,
      group: groupOf(service),
      action,
      target,
      planHash: plan.hash,
      by,
      isDryRun,
      decisionId,
    },
    factsHash: decision.factsHash,
    incidentId: open[0]?.id ?? null,
    startBefore: instantOf(Math.max(nowMs, epochMs(snapshot.takenAt)) + START_WITHIN_MS),
    cooldownSeconds: isFailover(action) ? deps.policy.policy.runs.cooldownSeconds : 0,
    dataLossConsentSeconds: order.acceptedDataLossSeconds,
  })
  if ('run' in requested) return { outcome: 'requested', decisionId, run: requested.run, reasons: against }
  return { outcome: 'refused', why: REFUSALS[requested.refused], reasons: against }
}

const REFUSALS = {
  group_busy: 'another run of this group is under way (`failwise runs`)',
  frozen: 'everything or this service is frozen (`failwise unfreeze`)',
  cooldown:
    'the group was moved a short while ago and is cooling down; a named person may end that (`failwise run end-cooldown`)',
} as const

function safetyReasons(
  { plan, acceptedDataLossSeconds }: ManualRunOrder,
  seen: Pick<GateInput, 'snapshot' | 'facts' | 'state' | 'now'>,
  { policy }: ManualRunDeps,
): Reason[] {
  const { action, direction } = plan.plan
  const wanted = direction === 'back' ? SAFETY_ON_THE_WAY_BACK : SAFETY
  return RULES.filter(({ id }) => wanted.test(id)).flatMap((rule) =>
    findings(rule, seen, policy)
      .filter((finding) => finding.action === action)
      .map(({ ceiling, detail }) => {
        const isConsented = rule.id === 'target.lag' && consentCovers(seen.facts, action, acceptedDataLossSeconds)
        const allowed: Ceiling = isConsented ? 'ask' : ceiling
        const outcome = allowed === 'act' ? 'pass' : allowed === 'ask' ? 'limit' : 'block'
        const told = isConsented ? `${detail}; a person accepts ${acceptedDataLossSeconds} s` : detail
        return { rule: rule.id, action, ceiling: allowed, outcome, detail: told }
      }),
  )
}

/** Unknown lag is infinite, and nobody can consent to that. */
function consentCovers(facts: Facts, action: Action, acceptedSeconds: number | null): boolean {
  const target = targetOf(action)
  const lagSeconds = target === null ? null : facts.targets[target].lagSeconds
  return acceptedSeconds !== null && lagSeconds !== null && lagSeconds <= acceptedSeconds
}

/** The rules about safety look at the world and the agent; none of them reads an opinion, so there is none to give. */
function findings(rule: Rule, seen: Pick<GateInput, 'snapshot' | 'facts' | 'state' | 'now'>, policy: PolicyInForce) {
  return rule.apply(seen as GateInput, policy.policy)
}
