import { z } from 'zod'
import { Action, Disposition } from '../agent/domain/action.ts'
import { Decision } from '../agent/domain/decision.ts'
import { Opinion } from '../agent/domain/verdict.ts'
import { authorOf, type EvalCase } from './case.ts'
import type { Outcome } from './decider.ts'
import { delay, missed, needless, rootCause, scoredAs, TIERS, tierOf } from './scorers.ts'

const Tier = z.enum(TIERS)

/** One scored decision as the JSON report lists it. */
export const CaseResult = z.object({
  id: z.string(),
  repetition: z.number().int(),
  /** Who gave the opinion; another than was asked for when recordings are repeated. */
  analyst: z.string().nullable(),
  title: z.string(),
  author: z.string(),
  episode: z.string(),
  tags: z.array(z.string()),
  difficulty: z.string(),
  expectedCategory: z.string(),
  best: Action,
  action: Action,
  disposition: Disposition,
  /** What it counts as: a failover that is merely notified is a page. */
  scoredAs: Action,
  tier: Tier,
  needless: z.boolean(),
  missed: z.boolean(),
  harmful: z.boolean(),
  category: z.string().nullable(),
  categoryCorrect: z.boolean(),
  /** What the analyst recommended before the gate, and how that would have stood. */
  recommended: Action.nullable(),
  recommendedTier: Tier.nullable(),
  abstained: z.string().nullable(),
  /** As stated by the analyst. */
  confidence: z.number().nullable(),
  calibratedConfidence: z.number().nullable(),
  delayMinutes: z.number(),
  healthScore: z.number(),
  blocked: z.array(z.string()),
  inputTokens: z.number(),
  outputTokens: z.number(),
  costUsd: z.number().nullable(),
  latencyMs: z.number(),
})
export type CaseResult = z.infer<typeof CaseResult>

/** What is kept of a decision beside its scores: enough to write its page without deciding again. */
export const CaseDetail = z.object({ decision: Decision, opinion: Opinion.nullable() })
export type CaseDetail = z.infer<typeof CaseDetail>

/** A case that could not be decided; one of them fails the run. */
export interface CaseError {
  readonly id: string
  readonly path: string
  readonly repetition: number
  readonly error: string
}

/** Scores one outcome against its case. */
export function resultOf(one: EvalCase, repetition: number, outcome: Outcome, latencyMs: number): CaseResult {
  const { decision, opinion, healthScore } = outcome
  const verdict = opinion?.verdict ?? null
  const decided = {
    action: decision.action,
    disposition: decision.disposition,
    category: verdict?.rootCause.category ?? null,
  }
  const recommended = verdict?.recommendedAction ?? null
  return {
    id: one.id,
    repetition,
    analyst: opinion?.analyst ?? null,
    title: one.title,
    author: authorOf(one.id),
    episode: one.episode,
    tags: [...one.tags],
    difficulty: one.difficulty,
    expectedCategory: one.label.category,
    best: one.label.best,
    action: decision.action,
    disposition: decision.disposition,
    scoredAs: scoredAs(decided),
    tier: tierOf(one.label, decided),
    needless: needless(one.label, decided).score === 1,
    missed: missed(one.label, decided).score === 1,
    harmful: tierOf(one.label, decided) === 'forbidden',
    category: decided.category,
    categoryCorrect: rootCause(one.label, decided).score === 1,
    recommended,
    recommendedTier: recommended && tierOf(one.label, { action: recommended, disposition: 'act' }),
    abstained: opinion?.abstained?.reason ?? null,
    confidence: verdict?.confidence ?? null,
    calibratedConfidence: opinion?.calibratedConfidence ?? null,
    delayMinutes: delay(one.label, decided).score,
    healthScore: healthScore.score,
    blocked: decision.blocked.map(({ action, rules }) => `${action}: ${rules.join(', ')}`),
    inputTokens: opinion?.usage?.inputTokens ?? 0,
    outputTokens: opinion?.usage?.outputTokens ?? 0,
    costUsd: opinion?.usage?.costUsd ?? null,
    latencyMs: Math.round(latencyMs * 100) / 100,
  }
}
