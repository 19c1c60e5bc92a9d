import { type Action, isFailover } from '../agent/domain/action.ts'
import { deriveFacts, type Facts } from '../agent/domain/facts.ts'
import { HealthScoreOptions, scoreHealth } from '../agent/domain/health-score.ts'
import type { Snapshot } from '../agent/domain/snapshot.ts'
import type { Opinion } from '../agent/domain/verdict.ts'
import { decideUnhashed, type UnhashedDecision } from '../agent/policy/gate.ts'
import { type GateInput, quietState } from '../agent/policy/input.ts'
import { defaultPolicy, type Policy } from '../agent/policy/policy.ts'
import type { Label } from './case.ts'

/** What is needed of an evaluation case: the label, and the snapshot that its collectors made. */
export interface GateCase {
  readonly id: string
  readonly label: Label
  readonly snapshot: Snapshot
  /** The snapshot's facts, where somebody has derived them already. */
  readonly facts?: Facts | undefined
}

/** One failover that the gate judged otherwise than the label. */
export interface GateMiss {
  readonly id: string
  readonly action: Action
  /** The rules that stood in the way; empty when nothing did. */
  readonly rules: readonly string[]
}

/** What the gate alone is worth, with the analyst taken out of the question. */
export interface GateReport {
  readonly cases: number
  /** Cases whose best or acceptable action is a failover, and those that the gate let through to *ask* or *act*. */
  readonly right: number
  readonly permitted: number
  readonly permittedToAct: number
  /** Forbidden failovers recommended with the true cause, and those that the gate stopped. */
  readonly forbidden: number
  readonly stopped: number
  /** The same over verdicts as a good analyst would give them: the right action is never turned into a forbidden one. */
  readonly harmedByGate: readonly GateMiss[]
  readonly notPermitted: readonly GateMiss[]
  readonly notStopped: readonly GateMiss[]
}

/**
 * Judges the gate with perfect verdicts: the labelled category, high confidence, every piece of evidence cited, calibrated. Right failovers must
 * pass to *ask* or better; each forbidden failover in turn, recommended with the true category, must be stopped.
 */
export function gateAlone(cases: readonly GateCase[], policy: Policy = defaultPolicy()): GateReport {
  const right: { one: GateCase; action: Action; decision: UnhashedDecision }[] = []
  const wrong: { one: GateCase; action: Action; decision: UnhashedDecision }[] = []
  const harmedByGate: GateMiss[] = []
  for (const one of cases) {
    const facts = one.facts ?? deriveFacts(one.snapshot)
    const input = gateInput(one, facts, perfectOpinion(one, one.label.best))
    const judge = (action: Action) => decideUnhashed({ ...input, opinion: perfectOpinion(one, action) }, policy)
    for (const action of [one.label.best, ...one.label.acceptable]) {
      const decision = judge(action)
      if (isFailover(action)) right.push({ one, action, decision })
      if (one.label.forbidden.includes(effectiveAction(decision)))
        harmedByGate.push({ id: one.id, action: decision.action, rules: rulesAgainst(decision, action) })
    }
    for (const action of one.label.forbidden)
      if (isFailover(action)) wrong.push({ one, action, decision: judge(action) })
  }
  const missOf = ({ one, action, decision }: (typeof right)[number]): GateMiss => ({
    id: one.id,
    action,
    rules: rulesAgainst(decision, action),
  })
  const passed = right.filter(({ decision }) => isDecidedFailover(decision))
  return {
    cases: cases.length,
    right: right.length,
    permitted: passed.length,
    permittedToAct: passed.filter(({ decision }) => decision.disposition === 'act').length,
    forbidden: wrong.length,
    stopped: wrong.filter(({ decision }) => !isDecidedFailover(decision)).length,
    harmedByGate,
    notPermitted: right.filter(({ decision }) => !isDecidedFailover(decision)).map(missOf),
    notStopped: wrong.filter(({ decision }) => isDecidedFailover(decision)).map(missOf),
  }
}

/** Whether a decision moves users, or asks to. */
export function isDecidedFailover(decision: Pick<UnhashedDecision, 'action' | 'disposition'>): boolean {
  return isFailover(decision.action) && (decision.disposition === 'act' || decision.disposition === 'ask')
}

/** A verdict that knows the true cause, is sure of itself, and cites everything that answered. */
export function perfectOpinion(one: GateCase, recommendedAction: Action): Opinion {
  const cited = one.snapshot.evidence.filter((piece) => piece.status === 'ok')
  return {
    analyst: 'perfect',
    verdict: {
      rootCause: { category: one.label.category, provider: one.label.provider, summary: '' },
      recommendedAction,
      confidence: 0.95,
      reasoning: '',
      citations: cited.map((piece) => ({ evidence: piece.id, stance: 'supports' as const, note: '' })),
      alternatives: [],
      unknowns: [],
    },
    abstained: null,
    calibratedConfidence: 0.95,
    promptHash: null,
    notes: [],
    usage: null,
  }
}

/** The gate's input for a case: an agent with nothing in its way, at the moment of the snapshot. */
export function gateInput(one: Pick<GateCase, 'snapshot'>, facts: Facts, opinion: Opinion): GateInput {
  return {
    snapshot: one.snapshot,
    facts,
    healthScore: scoreHealth(one.snapshot.evidence, HealthScoreOptions.parse({})),
    anomaly: null,
    opinion,
    state: quietState(),
    now: one.snapshot.takenAt,
  }
}

/** A lever that people are merely told of counts as telling people. */
function effectiveAction({ action, disposition }: UnhashedDecision): Action {
  return disposition === 'notify' ? 'page_human' : action
}

function rulesAgainst(decision: UnhashedDecision, action: Action): string[] {
  const against = decision.reasons.filter(
    (reason) => reason.action === action && (reason.ceiling === 'none' || reason.ceiling === 'notify'),
  )
  return against.map((reason) => reason.rule)
}
