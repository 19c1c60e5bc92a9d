import { z } from 'zod'
import { Action } from './action.ts'

export const Category = z.enum([
  'aws_infrastructure',
  'azure_infrastructure',
  'gcp_infrastructure',
  'cloudflare_infrastructure',
  'cdn_infrastructure',
  'network_transit',
  'third_party_service',
  'internal_deploy',
  'internal_config',
  'internal_capacity',
  'internal_data',
  'internal_certificate',
  'security',
  'monitoring_fault',
  'mixed',
  'none',
  'unknown',
])
export type Category = z.infer<typeof Category>

export const Citation = z.object({
  /** Id of a piece of evidence or of one of its signals. */
  evidence: z.string().min(1),
  stance: z.enum(['supports', 'contradicts']),
  note: z.string(),
})
export type Citation = z.infer<typeof Citation>

/** The analyst's validated opinion, before the gate. It authorises nothing. */
export const Verdict = z.object({
  rootCause: z.object({
    category: Category,
    provider: z.string().nullable(),
    summary: z.string(),
  }),
  recommendedAction: Action,
  /** As stated, 0..1; the gate uses the calibrated number. */
  confidence: z.number().min(0).max(1),
  reasoning: z.string(),
  citations: z.array(Citation),
  alternatives: z.array(z.object({ category: Category, whyNot: z.string() })),
  unknowns: z.array(z.string()),
})
export type Verdict = z.infer<typeof Verdict>

/** Why an analyst gave no verdict; a closed set because it is also a metric label. */
export const AbstainReason = z.enum([
  'refused',
  'truncated',
  'empty_reply',
  'reasoning_only',
  'invalid_reply',
  'unsupported',
  'deadline',
  'unavailable',
  'over_budget',
  'not_recorded',
  'inconclusive',
])
export type AbstainReason = z.infer<typeof AbstainReason>

/** What an analyst returned, and what it took. */
export const Opinion = z.object({
  /** `rules`, or provider and model such as `openai:gpt-5.2`. */
  analyst: z.string().min(1),
  verdict: Verdict.nullable(),
  abstained: z.object({ reason: AbstainReason, detail: z.string() }).nullable(),
  /** Confidence through the fitted map of this analyst and prompt; null when there is no map. */
  calibratedConfidence: z.number().min(0).max(1).nullable(),
  promptHash: z.string().nullable().default(null),
  /** What happened on the way here: analysts tried before, citations dropped, confidence lowered. */
  notes: z.array(z.string()).default([]),
  usage: z
    .object({
      inputTokens: z.number().int().min(0),
      outputTokens: z.number().int().min(0),
      cachedInputTokens: z.number().int().min(0).default(0),
      costUsd: z.number().min(0).nullable(),
      latencyMs: z.number().min(0),
    })
    .nullable()
    .default(null),
})
export type Opinion = z.infer<typeof Opinion>
