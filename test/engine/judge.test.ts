import { describe, expect, it } from 'vitest'
import type { AnomalyOpinion } from '../../agent/domain/anomaly.ts'
import { canonicalJson } from '../../agent/domain/canonical.ts'
import { deriveFacts, factsHash } from '../../agent/domain/facts.ts'
import { HealthScoreOptions } from '../../agent/domain/health-score.ts'
import type { Opinion } from '../../agent/domain/verdict.ts'
import { type AnomalyReader, type JudgeDeps, judge } from '../../agent/engine/judge.ts'
import { quietState } from '../../agent/policy/input.ts'
import { Policy } from '../../agent/policy/policy.ts'
import { clearOutage, NOW, sureOpinion } from '../policy/inputs.ts'
import { analystWith } from './scene.ts'

const HASH = factsHash(deriveFacts(clearOutage()))

function depsOf(changes: Partial<JudgeDeps> = {}): JudgeDeps {
  return {
    analyst: analystWith(),
    policy: Policy.parse({ version: 1 }),
    healthScore: HealthScoreOptions.parse({}),
    anomaly: null,
    state: quietState(),
    now: NOW,
    abort: new AbortController().signal,
    ...changes,
  }
}

const abstention: Opinion = {
  ...sureOpinion(),
  verdict: null,
  abstained: { reason: 'deadline', detail: 'no answer in time' },
}

const abstained: AnomalyOpinion = {
  ...{ status: 'abstained', scope: 'shop', at: NOW, reason: '3.0 hours of history, at least 24 are needed' },
  ...{ modelVersion: null, trainedOn: null },
}

function anomalyAt(probability: number): Extract<AnomalyOpinion, { status: 'ok' }> {
  return {
    ...{
      status: 'ok',
      scope: 'shop',
      at: NOW,
      score: 1,
      percentile: 0.9,
      threshold: 2,
      isAnomalous: false,
      since: null,
    },
    ...{ contributions: [], missing: [], risk30: { probability, baseRate: 0.055 }, modelVersion: 'v1' },
    trainedOn: { from: NOW, to: NOW, rows: 2000 },
  }
}

describe('judging a snapshot', () => {
  it('forms the same judgement from the same snapshot', async () => {
    const first = await judge(clearOutage(), depsOf())
    const second = await judge(clearOutage(), depsOf())
    expect(canonicalJson(second)).toBe(canonicalJson(first))
    expect(first.decision).toMatchObject({ action: 'region_failover', disposition: 'act', factsHash: HASH })
  })

  it('changes nothing of what it is given', async () => {
    const snapshot = clearOutage()
    const before = canonicalJson(snapshot)
    await judge(snapshot, depsOf())
    expect(canonicalJson(snapshot)).toBe(before)
  })

  it('keeps the opinion before, without what it cost, while the facts stay the same', async () => {
    const analyst = analystWith()
    const opinion: Opinion = {
      ...sureOpinion(),
      notes: ['kept from dec_0: the facts have not changed since', 'one citation dropped'],
      usage: { inputTokens: 900, outputTokens: 80, cachedInputTokens: 0, costUsd: 0.01, latencyMs: 900 },
    }
    const previous = { factsHash: HASH, opinion, decisionId: 'dec_1' }
    const judged = await judge(clearOutage(), depsOf({ analyst, previous }))
    expect(analyst.asked).toBe(0)
    expect(judged.opinion.usage).toBeNull()
    expect(judged.opinion.notes).toEqual(['one citation dropped', 'kept from dec_1: the facts have not changed since'])
    expect(judged.decision.disposition).toBe('act')
  })

  it.each([
    ['other facts', { factsHash: 'other', opinion: sureOpinion(), decisionId: 'dec_1' }],
    ['an abstention', { factsHash: HASH, opinion: abstention, decisionId: 'dec_1' }],
  ])('asks again after %s', async (_what, previous) => {
    const analyst = analystWith()
    await judge(clearOutage(), depsOf({ analyst, previous }))
    expect(analyst.asked).toBe(1)
  })

  it('comes to a decision without any verdict, and that is no failover', async () => {
    const judged = await judge(clearOutage(), depsOf({ analyst: analystWith(abstention) }))
    expect(judged.decision.action).toBe('page_human')
  })

  it('never lets the anomaly model permit what the gate would not', async () => {
    const frozen = { ...quietState(), frozen: true }
    for (const risk of [0, 0.5, 1]) {
      const { decision } = await judge(clearOutage(), depsOf({ state: frozen, anomaly: async () => anomalyAt(risk) }))
      expect(decision.disposition).toBe('notify')
    }
  })

  it('lets a calm past lower acting to asking, and a loud one confirm it', async () => {
    const calm = await judge(clearOutage(), depsOf({ anomaly: async () => anomalyAt(0.1) }))
    expect(calm.decision).toMatchObject({ action: 'region_failover', disposition: 'ask' })
    expect(calm.anomaly).toEqual(anomalyAt(0.1))
    const loud = await judge(clearOutage(), depsOf({ anomaly: async () => anomalyAt(0.9) }))
    expect(loud.decision).toMatchObject({ action: 'region_failover', disposition: 'act' })
  })

  it.each<[string, AnomalyReader]>([
    ['an abstention', async () => abstained],
    ['a detector without a calibrated risk', async () => ({ ...anomalyAt(0), risk30: null })],
    [
      'a model that fails',
      async () => {
        throw new Error('the database is away')
      },
    ],
  ])('decides the same with %s as without any model, whatever stands in the way', async (_what, anomaly) => {
    for (const state of [quietState(), { ...quietState(), frozen: true }, { ...quietState(), killSwitch: true }]) {
      const without = await judge(clearOutage(), depsOf({ state }))
      const judged = await judge(clearOutage(), depsOf({ state, anomaly }))
      expect(canonicalJson(judged.decision)).toBe(canonicalJson(without.decision))
      expect(judged.anomaly).not.toBeNull()
    }
  })

  it('tells its phases in order', async () => {
    const phases: string[] = []
    await judge(clearOutage(), depsOf({ progress: (phase) => phases.push(phase) }))
    expect(phases).toEqual(['score', 'anomaly', 'analyst', 'gate'])
  })
})
