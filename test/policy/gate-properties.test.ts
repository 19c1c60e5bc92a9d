import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Action, type Ceiling } from '../../agent/domain/action.ts'
import { deriveFacts, Facts } from '../../agent/domain/facts.ts'
import type { Snapshot } from '../../agent/domain/snapshot.ts'
import { Category, type Opinion } from '../../agent/domain/verdict.ts'
import { ceilingsOf, decide, decideUnhashed, type UnhashedDecision } from '../../agent/policy/gate.ts'
import { type GateInput, quietState } from '../../agent/policy/input.ts'
import { defaultPolicy } from '../../agent/policy/policy.ts'
import { LEVERS } from '../../agent/policy/rule.ts'
import { RULES } from '../../agent/policy/rules.ts'
import { arbitrarySnapshot } from './arbitrary.ts'
import { ago, BLIND, clearOutage, inputWith, sureOpinion } from './inputs.ts'

const policy = defaultPolicy()
const RANK: Record<Ceiling, number> = { none: 0, notify: 1, ask: 2, act: 3 }

/** Something that makes an input speak less for acting: weaker evidence, lower confidence, higher cost, staler data, or more in the way. */
type Mutable<T> = { -readonly [K in keyof T]: T[K] }
type Weakening = (input: Mutable<GateInput>) => void
const view =
  (name: 'own_telemetry' | 'outside_probe' | 'provider', change: (facts: Facts) => void): Weakening =>
  (input) => {
    if (input.facts.hurt[name].state === 'yes') change(input.facts)
  }
const target =
  (change: (target: Facts['targets']['dr']) => void): Weakening =>
  (input) => {
    change(input.facts.targets.dr)
    change(input.facts.targets.secondary)
  }
const verdict =
  (change: (verdict: NonNullable<Opinion['verdict']>) => void): Weakening =>
  (input) => {
    if (input.opinion.verdict) change(input.opinion.verdict)
  }
const lower = (value: number | null, by: number) => (value === null ? null : value * by)

const WEAKENINGS: Record<string, Weakening> = {
  'own telemetry went dark': view('own_telemetry', (f) => (f.hurt.own_telemetry = BLIND)),
  'own telemetry recovers': view('own_telemetry', (f) => {
    f.hurt.own_telemetry.isRecovering = true
    f.hurt.isRecovering = true
  }),
  'own telemetry is bad for a shorter time': (i) =>
    (i.facts.hurt.own_telemetry.sustainedSeconds = lower(i.facts.hurt.own_telemetry.sustainedSeconds, 0.05)),
  'own telemetry is less bad': (i) =>
    (i.facts.hurt.own_telemetry.worstRatio = lower(i.facts.hurt.own_telemetry.worstRatio, 0.1)),
  'how bad is not known': (i) => {
    if ((i.facts.hurt.own_telemetry.worstRatio ?? 0) >= 2) i.facts.hurt.own_telemetry.worstRatio = null
  },
  'probes went dark': view('outside_probe', (f) => (f.hurt.outside_probe = BLIND)),
  'probes fail in part': view('outside_probe', (f) => (f.hurt.outside_probe.extent = 'partial')),
  'provider says nothing': (i) => {
    i.facts.providerEvents = []
    i.facts.hurt.provider = BLIND
  },
  'provider calls are not seen to fail': (i) =>
    (i.facts.checks = i.facts.checks.filter((check) => check.observer !== 'provider')),
  'checks are stale': (i) => {
    for (const check of i.facts.checks) check.isStale = true
  },
  'alert is young': (i) => (i.facts.alert.ageSeconds = 20),
  'alert is of unknown age': (i) => (i.facts.alert.ageSeconds = null),
  'evidence is darker': (i) => (i.facts.evidence.darkShare = Math.min(1, i.facts.evidence.darkShare + 0.25)),
  'a provider feed failed': (i) =>
    i.facts.evidence.failed.push({ id: 'status:x', observer: 'provider', kind: 'timeout' }),
  'changes are not known': (i) => (i.facts.evidence.byObserver.change = { ok: 0, empty: 0, failed: 1 }),
  'an own change came before onset': (i) =>
    i.facts.changes.push({
      id: 'changes:9',
      evidence: 'changes',
      kind: 'deploy',
      service: 'shop',
      at: ago(12),
      rolloutPercent: 50,
      minutesBeforeOnset: 2,
      ageMinutes: 12,
      relation: 'service',
    }),
  'target is not healthy': target((t) => (t.healthy = false)),
  'target is of unknown health': target((t) => (t.healthy &&= null)),
  'target is smaller': target((t) => (t.capacity = t.capacity === 'ok' ? 'low' : 'none')),
  'target lags more': target((t) => (t.lagSeconds = t.lagSeconds === null ? null : t.lagSeconds * 40)),
  'lag is not known': target((t) => (t.lagSeconds = null)),
  'target was measured earlier': target(
    (t) => (t.checkAgeMinutes = t.checkAgeMinutes === null ? null : t.checkAgeMinutes + 6),
  ),
  'target is not measured': target((t) => (t.signal = null)),
  'restore test is older': target(
    (t) => (t.restoreTestAgeDays = t.restoreTestAgeDays === null ? null : t.restoreTestAgeDays + 40),
  ),
  'restore test is not known': target((t) => (t.restoreTestAgeDays = null)),
  'backup is not known': target((t) => (t.backupAgeHours = null)),
  'target shares what fails': target((t) => t.failingDependencies.push('cloudflare:cdn')),
  'target shares what may fail': target((t) => t.suspectDependencies.push('cloudflare:cdn')),
  'target has an event': target((t) => t.events.push('e')),
  'confidence is lower': verdict((v) => (v.confidence *= 0.75)),
  'calibrated confidence is lower': (i) =>
    (i.opinion = { ...i.opinion, calibratedConfidence: lower(i.opinion.calibratedConfidence, 0.75) }),
  'there are fewer citations': verdict((v) => v.citations.pop()),
  'analyst abstains': (i) =>
    (i.opinion = { ...i.opinion, verdict: null, abstained: { reason: 'deadline', detail: '' } }),
  'snapshot is older': (i) => (i.snapshot.takenAt = ago(9)),
  'moving costs more': (i) => {
    const { costs } = i.snapshot.service
    if (costs)
      i.snapshot.service.costs = {
        ...costs,
        regionFailover: costs.regionFailover * 5,
        drFailover: costs.drFailover * 5,
      }
  },
  'staying costs less': (i) => {
    const { costs } = i.snapshot.service
    if (costs) i.snapshot.service.costs = { ...costs, outagePerMinute: costs.outagePerMinute / 5 }
  },
  'risk is lower': (i) => (i.anomaly = { risk: i.anomaly?.risk == null ? 0.1 : i.anomaly.risk * 0.5 }),
  'kill switch': (i) => (i.state.killSwitch = true),
  frozen: (i) => (i.state.frozen = true),
  maintenance: (i) => (i.state.maintenance = true),
  cooldown: (i) => (i.state.cooldownUntil = ago(-30)),
  'a run holds the group': (i) => (i.state.activeRun = 'run-1'),
  'more runs': (i) => (i.state.globalRunsInFlight += 2),
  'nobody to ask': (i) => (i.state.approversExist = false),
  'site reach is not known': (i) => (i.state.isolation.recoverySiteReachable &&= null),
  'cut off': (i) => (i.state.isolation = { recoverySiteReachable: false, neutralAnchorReachable: false }),
  'no plans': (i) => (i.state.plans = {}),
  'a good evaluation': (i) => (i.state.evaluations = [...(i.state.evaluations ?? []), { at: ago(0), state: 'good' }]),
  'an unknown evaluation': (i) =>
    (i.state.evaluations = [...(i.state.evaluations ?? []), { at: ago(0), state: 'unknown' }]),
}

/** What an automatic system would do to users: the disposition of the lever, 0 where people or time are left to it. */
function permissiveness({ action, disposition }: UnhashedDecision): number {
  if (!(LEVERS as readonly Action[]).includes(action)) return 0
  return disposition === 'act' ? 3 : disposition === 'ask' ? 2 : 1
}

function baseInput(action: Action, category: Category, confidence: number): Mutable<GateInput> {
  const opinion = sureOpinion(action)
  opinion.verdict!.confidence = confidence
  opinion.verdict!.rootCause = { category, provider: 'aws', summary: '' }
  opinion.calibratedConfidence = confidence
  const snapshot = clearOutage()
  return { ...inputWith(), snapshot, facts: deriveFacts(snapshot), opinion, state: quietState() }
}

const names = Object.keys(WEAKENINGS)
const someWeakenings = fc.uniqueArray(fc.constantFrom(...names), { maxLength: 4 })
const baseVerdict = {
  action: fc.constantFrom(...Action.options),
  category: fc.constantFrom<Category>(
    'aws_infrastructure',
    'network_transit',
    'internal_deploy',
    'third_party_service',
  ),
  confidence: fc.constantFrom(0.99, 0.92, 0.7),
}

describe('promise 18: monotone for fixed opinions', () => {
  it('never permits more of any lever when something weakens, whatever has weakened before', () => {
    fc.assert(
      fc.property(
        fc.record(baseVerdict),
        someWeakenings,
        fc.constantFrom(...names),
        ({ action, category, confidence }, before, next) => {
          const input = baseInput(action, category, confidence)
          for (const name of before) WEAKENINGS[name]!(input)
          const first = decideUnhashed(input, policy)
          WEAKENINGS[next]!(input)
          const second = decideUnhashed(input, policy)
          const [was, is] = [ceilingsOf(first.reasons), ceilingsOf(second.reasons)]
          // A rollback needs a change: one that newly shows up is evidence for it, not against it.
          for (const lever of LEVERS)
            if (!(next === 'an own change came before onset' && lever === 'rollback_change'))
              expect(RANK[is.get(lever)!], `${lever} after ${next}`).toBeLessThanOrEqual(RANK[was.get(lever)!])
          if (next !== 'an own change came before onset')
            expect(permissiveness(second)).toBeLessThanOrEqual(permissiveness(first))
        },
      ),
      { numRuns: 4000 },
    )
  })

  it('has no weakening that weakens nothing', () => {
    const isSilentAfter = (name: string, before: string | null) =>
      (['region_failover', 'dr_failover'] as const).every((action) => {
        const input = baseInput(action, 'aws_infrastructure', 0.99)
        if (before !== null) WEAKENINGS[before]!(input)
        const { reasons } = decideUnhashed(input, policy)
        WEAKENINGS[name]!(input)
        return JSON.stringify(decideUnhashed(input, policy).reasons) === JSON.stringify(reasons)
      })
    // Some matter only once another has happened: how probes fail counts when nothing else sees users.
    const silent = names.filter((name) => [null, ...names].every((before) => isSilentAfter(name, before)))
    expect(silent).toEqual([])
  })

  it('never permits more at a lower confidence, of any cause', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Category.options),
        fc.constantFrom(...LEVERS),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (category, action, a, b) => {
          const at = (confidence: number) =>
            permissiveness(decideUnhashed(baseInput(action, category, confidence), policy))
          expect(at(Math.min(a, b))).toBeLessThanOrEqual(at(Math.max(a, b)))
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('any valid input', () => {
  const anyOpinion: fc.Arbitrary<Opinion> = fc
    .record({
      category: fc.constantFrom(...Category.options),
      provider: fc.constantFrom(null, 'aws', 'AWS', '', 'cloudflare', '__proto__'),
      action: fc.constantFrom(...Action.options),
      confidence: fc.double({ min: 0, max: 1, noNaN: true }),
      calibrated: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
      abstains: fc.boolean(),
    })
    .map(({ category, provider, action, confidence, calibrated, abstains }) => ({
      ...sureOpinion(action),
      calibratedConfidence: calibrated,
      ...(abstains
        ? { verdict: null, abstained: { reason: 'inconclusive' as const, detail: '' } }
        : { verdict: { ...sureOpinion(action).verdict!, rootCause: { category, provider, summary: '' }, confidence } }),
    }))
  const inputOf = (snapshot: Snapshot, opinion: Opinion): GateInput => ({
    ...inputWith(),
    snapshot,
    facts: deriveFacts(snapshot),
    opinion,
    now: snapshot.takenAt,
  })

  it('gives valid facts and one decision, always the same, in which every rule speaks', () => {
    fc.assert(
      fc.property(arbitrarySnapshot, anyOpinion, (snapshot, opinion) => {
        const input = inputOf(snapshot, opinion)
        expect(Facts.safeParse(input.facts).error).toBeUndefined()
        const decision = decide(input, policy)
        expect(decide(inputOf(structuredClone(snapshot), structuredClone(opinion)), policy)).toEqual(decision)
        expect(new Set(decision.reasons.map((reason) => reason.rule)).size).toBe(RULES.length)
        expect(decision.reasons.filter((reason) => reason.action === 'page_human' && reason.ceiling !== 'act')).toEqual(
          [],
        )
        const wanted = opinion.verdict?.recommendedAction
        expect([wanted, 'observe', 'page_human']).toContain(decision.action)
      }),
      { numRuns: 300 },
    )
  })

  it('never leads to a failover without a measured, healthy target', () => {
    fc.assert(
      fc.property(arbitrarySnapshot, anyOpinion, (snapshot, opinion) => {
        const { action, disposition } = decideUnhashed(inputOf(snapshot, opinion), policy)
        if (disposition !== 'act' && disposition !== 'ask') return
        const wanted = action === 'region_failover' ? 'secondary' : action === 'dr_failover' ? 'dr' : null
        if (wanted === null) return
        const signals = snapshot.evidence.flatMap((piece) => piece.signals)
        expect(signals.some((one) => one.kind === 'readiness' && one.target === wanted && one.healthy === true)).toBe(
          true,
        )
      }),
      { numRuns: 300 },
    )
  })
})
