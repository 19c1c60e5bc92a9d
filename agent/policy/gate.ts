import { type Action, type Ceiling, type Disposition, lowerCeiling, targetOf } from '../domain/action.ts'
import type { Decision, Reason } from '../domain/decision.ts'
import { factsHash } from '../domain/facts.ts'
import { snapshotHash } from '../domain/snapshot.ts'
import { epochMs, instantOf } from '../domain/time.ts'
import type { GateInput } from './input.ts'
import { type Policy, policyHash } from './policy.ts'
import { type Finding, LEVERS, type Rule } from './rule.ts'
import { areUsersFine } from './rules/users.ts'
import { RULES } from './rules.ts'

/**
 * Decides. Every rule runs, each gives the actions that it speaks about a ceiling, and the lowest stands. Only the recommended action is
 * considered: what is not permitted falls back to telling people or watching, never to another lever.
 */
export function decide(input: GateInput, policy: Policy): Decision {
  return {
    ...decideUnhashed(input, policy),
    snapshotHash: snapshotHash(input.snapshot),
    factsHash: factsHash(input.facts),
    policyHash: policyHash(policy),
  }
}

export type UnhashedDecision = Omit<Decision, 'snapshotHash' | 'factsHash' | 'policyHash'>

/** The decision without the identities of what it rests on, for whoever asks "what if" many times. */
export function decideUnhashed(input: GateInput, policy: Policy): UnhashedDecision {
  const reasons = RULES.flatMap((rule) => reasonsOf(rule, input, policy))
  const ceilings = ceilingsOf(reasons)
  const wanted = input.opinion.verdict?.recommendedAction ?? null
  const tried: Action[] = []
  let action: Action = wanted ?? fallback(null, input)
  while ((ceilings.get(action) ?? 'act') === 'none') {
    tried.push(action)
    action = fallback(action, input)
  }
  const disposition = dispositionOf(action, ceilings.get(action) ?? 'act')
  const isAsked = disposition === 'ask'
  return {
    action,
    disposition,
    target: targetOf(action),
    planHash: isLever(action) ? (input.state.plans[action]?.hash ?? null) : null,
    blocked: blockedOf(tried, reasons),
    reasons,
    decidedAt: input.now,
    expiresAt: isAsked ? instantOf(epochMs(input.now) + policy.approval.expiresMinutes * 60_000) : null,
  }
}

/** The lowest ceiling that any rule gave each action. */
export function ceilingsOf(reasons: readonly Reason[]): Map<Action, Ceiling> {
  const ceilings = new Map<Action, Ceiling>()
  for (const { action, ceiling } of reasons)
    if (action !== null) ceilings.set(action, lowerCeiling(ceilings.get(action) ?? 'act', ceiling))
  return ceilings
}

function reasonsOf(rule: Rule, input: GateInput, policy: Policy): Reason[] {
  return rule.apply(input, policy).map(({ action, ceiling, detail }) => ({
    rule: rule.id,
    action,
    ceiling,
    outcome: action === null ? 'info' : outcomeOf(ceiling),
    detail,
  }))
}

function outcomeOf(ceiling: Finding['ceiling']): Reason['outcome'] {
  if (ceiling === 'act') return 'pass'
  return ceiling === 'none' ? 'block' : 'limit'
}

/** What remains when an action is not permitted: watching when users are fine, otherwise people. Nothing else, and people always remain. */
function fallback(blocked: Action | null, input: GateInput): Action {
  if (blocked === 'observe') return 'page_human'
  if (areUsersFine(input)) return 'observe'
  return blocked === 'no_action' && input.facts.hurt.overall === 'unknown' ? 'observe' : 'page_human'
}

function isLever(action: Action): action is (typeof LEVERS)[number] {
  return (LEVERS as readonly Action[]).includes(action)
}

function dispositionOf(action: Action, ceiling: Ceiling): Disposition {
  if (isLever(action)) return ceiling === 'none' ? 'record' : ceiling
  return action === 'page_human' ? 'notify' : 'record'
}

function blockedOf(tried: readonly Action[], reasons: readonly Reason[]): Decision['blocked'] {
  return tried.map((action) => ({
    action,
    rules: reasons
      .filter((reason) => reason.action === action && reason.ceiling === 'none')
      .map((reason) => reason.rule),
  }))
}
