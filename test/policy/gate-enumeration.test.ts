import { describe, expect, it } from 'vitest'
import { Action } from '../../agent/domain/action.ts'
import type { Facts } from '../../agent/domain/facts.ts'
import type { HurtView } from '../../agent/domain/facts-hurt.ts'
import { Category, type Opinion } from '../../agent/domain/verdict.ts'
import { decideUnhashed } from '../../agent/policy/gate.ts'
import { type AgentState, quietState } from '../../agent/policy/input.ts'
import { defaultPolicy } from '../../agent/policy/policy.ts'
import { ago, BLIND, factsWith, inputWith, sureOpinion } from './inputs.ts'

const policy = defaultPolicy()

/** Every combination of one choice of each list. */
function* product<T extends Record<string, readonly unknown[]>>(
  choices: T,
): Generator<{ [K in keyof T]: T[K][number] }> {
  const keys = Object.keys(choices) as (keyof T)[]
  const at = keys.map(() => 0)
  for (;;) {
    yield Object.fromEntries(keys.map((key, index) => [key, choices[key]![at[index]!]])) as {
      [K in keyof T]: T[K][number]
    }
    let index = keys.length - 1
    while (index >= 0 && ++at[index]! === choices[keys[index]!]!.length) at[index--] = 0
    if (index < 0) return
  }
}

const SEEN: HurtView = {
  ...BLIND,
  state: 'yes',
  basis: 'series',
  extent: 'full',
  evidence: ['s'],
  sustainedSeconds: 600,
  worstRatio: 50,
}
const VIEWS: Record<string, HurtView> = {
  bad: SEEN,
  brief: { ...SEEN, sustainedSeconds: 30 },
  healing: { ...SEEN, isRecovering: true },
  fine: { ...BLIND, state: 'no', basis: 'series', worstRatio: 0.1 },
  dark: BLIND,
  checks: { ...SEEN, basis: 'checks', sustainedSeconds: null, worstRatio: null },
}
const PROBES: Record<string, HurtView> = {
  bad: { ...SEEN, basis: 'checks', sustainedSeconds: null, worstRatio: null },
  fine: { ...BLIND, state: 'no', basis: 'checks' },
  dark: BLIND,
}
type Target = Facts['targets']['secondary']
const TARGETS: Record<string, (target: Target) => void> = {
  ready: () => {},
  unhealthy: (target) => (target.healthy = false),
  late: (target) => (target.lagSeconds = 61),
  unmeasured: (target) => (target.signal = null),
}
const CHANGES: Record<string, (facts: Facts) => void> = {
  none: () => {},
  unknown: (facts) => (facts.evidence.byObserver.change = { ok: 0, empty: 0, failed: 1 }),
  suspect: (facts) =>
    facts.changes.push({
      id: 'changes:1',
      evidence: 'changes',
      kind: 'deploy',
      service: 'shop',
      at: ago(12),
      rolloutPercent: 60,
      minutesBeforeOnset: 2,
      ageMinutes: 12,
      relation: 'service',
    }),
}

function factsOf(own: string, probes: string, isDeclared: boolean, target: string, change: string): Facts {
  return factsWith((facts) => {
    facts.hurt.own_telemetry = VIEWS[own]!
    facts.hurt.outside_probe = PROBES[probes]!
    const isHurt = ['bad', 'brief', 'healing', 'checks'].includes(own) || (probes === 'bad' && own === 'dark')
    facts.hurt.overall = isHurt ? 'yes' : own === 'fine' && probes === 'fine' ? 'no' : 'unknown'
    facts.hurt.isRecovering = own === 'healing'
    if (!isDeclared) {
      facts.providerEvents = []
      facts.hurt.provider = BLIND
      facts.checks = facts.checks.map((check) => (check.check === 'provider_api' ? { ...check, status: 'ok' } : check))
    }
    TARGETS[target]!(facts.targets.secondary)
    TARGETS[target]!(facts.targets.dr)
    CHANGES[change]!(facts)
  })
}

describe('the whole discretised input space', () => {
  it('never moves users against a promise, whatever the evidence, verdict and state', () => {
    const problems: string[] = []
    let decided = 0
    const counts = { act: 0, ask: 0, other: 0 }
    const worlds = [
      ...product({
        own: Object.keys(VIEWS),
        probes: Object.keys(PROBES),
        isDeclared: [true, false],
        target: Object.keys(TARGETS),
        change: Object.keys(CHANGES),
      }),
    ].map((world) => ({ world, facts: factsOf(world.own, world.probes, world.isDeclared, world.target, world.change) }))
    const verdicts = [
      ...product({
        action: ['region_failover', 'dr_failover'] as const,
        category: Category.options,
        confidence: [0.3, 0.8, 0.97] as const,
        calibrated: [true, false] as const,
      }),
    ].map((verdict) => ({
      verdict,
      opinion: opinionOf(verdict.action, verdict.category, verdict.confidence, verdict.calibrated),
    }))
    const states: [string, AgentState][] = [
      ['quiet', quietState()],
      ['killed', { ...quietState(), killSwitch: true }],
    ]
    for (const { world, facts } of worlds)
      for (const { verdict, opinion } of verdicts)
        for (const [state, agent] of states) {
          const { action, disposition } = decideUnhashed(inputWith({ facts, opinion, state: agent }), policy)
          decided++
          const isMove = action === 'region_failover' || action === 'dr_failover'
          if (!isMove || disposition === 'notify') {
            counts.other++
            continue
          }
          counts[disposition === 'act' ? 'act' : 'ask']++
          const isOwnCause = /^(internal|security|monitoring|mixed|none|unknown)/.test(verdict.category)
          const isLate = world.target !== 'ready'
          // Stated again, apart from the rules: what must hold before anybody is even asked.
          const mayAsk =
            state === 'quiet' &&
            action === verdict.action &&
            !isOwnCause &&
            !isLate &&
            verdict.confidence >= 0.6 &&
            (world.own === 'bad' || world.own === 'brief' || (world.probes === 'bad' && world.isDeclared)) &&
            world.own !== 'healing' &&
            world.own !== 'fine' &&
            (world.change === 'none' || world.isDeclared)
          const mayAct =
            mayAsk &&
            verdict.calibrated &&
            verdict.confidence >= 0.9 &&
            world.own === 'bad' &&
            world.probes === 'bad' &&
            world.isDeclared &&
            world.change === 'none' &&
            /^(aws|azure|gcp)_infrastructure$/.test(verdict.category)
          if (!mayAsk || (disposition === 'act' && !mayAct))
            problems.push(JSON.stringify({ action, disposition, world, verdict, state }))
        }
    expect(problems.slice(0, 5)).toEqual([])
    expect(decided).toBe(worlds.length * verdicts.length * states.length)
    // Not safe by never acting.
    expect(counts.act).toBeGreaterThan(0)
    expect(counts.ask).toBeGreaterThan(counts.act)
  })

  it('lets no switch of the agent’s state be outvoted', () => {
    const flags = {
      killSwitch: [false, true],
      frozen: [false, true],
      paused: [false, true],
      maintenance: [false, true],
      approversExist: [true, false],
      halfMoved: [null, 'run-0'],
    }
    const rest = {
      cooldownUntil: [null, ago(-1)],
      activeRun: [null, 'run-1'],
      globalRunsInFlight: [0, 3],
      reach: [true, false, null],
      action: Action.options,
      plan: ['good', 'irreversible', 'unfenced', 'none'],
    }
    for (const one of product({ ...flags, ...rest })) {
      const { reach, action, plan, ...state } = one
      const agent: AgentState = {
        ...quietState(),
        ...state,
        isolation: { recoverySiteReachable: reach, neutralAnchorReachable: reach },
        plans:
          plan === 'none'
            ? {}
            : { [action]: { hash: 'h', irreversible: plan === 'irreversible', unfenced: plan === 'unfenced' } },
      }
      const decision = decideUnhashed(inputWith({ opinion: sureOpinion(action), state: agent }), policy)
      const isStopped =
        state.killSwitch ||
        state.frozen ||
        state.paused ||
        state.maintenance ||
        !state.approversExist ||
        state.activeRun !== null ||
        state.globalRunsInFlight > 2 ||
        reach === false
      const isLever = !['no_action', 'observe', 'page_human'].includes(decision.action)
      if (
        isLever &&
        decision.disposition === 'act' &&
        (isStopped || plan !== 'good' || reach !== true || state.halfMoved !== null)
      )
        throw new Error(`acts under ${JSON.stringify(one)}`)
      if (isLever && decision.disposition === 'ask' && (isStopped || plan === 'none'))
        throw new Error(`asks under ${JSON.stringify(one)}`)
      if (plan === 'none' && isLever) throw new Error(`proposes what has no plan under ${JSON.stringify(one)}`)
    }
  })
})

function opinionOf(action: Action, category: Category, confidence: number, isCalibrated: boolean): Opinion {
  const sure = sureOpinion(action)
  return {
    ...sure,
    verdict: { ...sure.verdict!, confidence, rootCause: { category, provider: 'aws', summary: '' } },
    calibratedConfidence: isCalibrated ? confidence : null,
  }
}
