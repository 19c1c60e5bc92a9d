import { z } from 'zod'
import { AnthropicOptions } from '../llm/anthropic.ts'
import { BudgetLimits } from '../llm/budget.ts'
import { ModelLimits } from '../llm/model-analyst.ts'
import { OpenAiOptions } from '../llm/openai.ts'
import { Price } from '../llm/prices.ts'
import { LangfuseOptions } from '../llm/trace.ts'

const ModelSettings = z.discriminatedUnion('provider', [
  z.strictObject({ provider: z.literal('openai'), ...OpenAiOptions.shape }),
  z.strictObject({ provider: z.literal('anthropic'), ...AnthropicOptions.shape }),
])
export type ModelSettings = z.infer<typeof ModelSettings>

/** Which models give their opinion, in which order, and what they may take. */
export const AnalystSettings = z
  .strictObject({
    /** Asked in this order; when none answers, the built-in rules do. Empty: whatever the environment has a key for. */
    models: z.array(ModelSettings).default([]),
    limits: ModelLimits,
    budget: BudgetLimits,
    maxInputTokens: z.number().int().min(2000).max(200_000).default(6000),
    /** Replace list prices, or add those of models that are not in the list. */
    prices: z.array(Price).default([]),
    /** Folder in which every real call is kept for replay; relative to the configuration. */
    recordings: z.string().min(1).optional(),
    langfuse: LangfuseOptions.optional(),
  })
  .prefault({})
export type AnalystSettings = z.infer<typeof AnalystSettings>

/** Models that are asked when only a key is set. */
export const DEFAULT_MODELS = Object.freeze({ openai: 'gpt-6-sol', anthropic: 'claude-sonnet-5' })

/** The models of the settings, or those that the environment has a key or a base URL for. */
export function modelsOf(
  settings: AnalystSettings,
  environment: Readonly<Record<string, string | undefined>>,
): ModelSettings[] {
  if (settings.models.length > 0) return settings.models
  const models: ModelSettings[] = []
  const { OPENAI_API_KEY, OPENAI_BASE_URL, OPENAI_MODEL, ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL, ANTHROPIC_MODEL } =
    environment
  if (ANTHROPIC_API_KEY || ANTHROPIC_BASE_URL)
    models.push({
      provider: 'anthropic',
      ...AnthropicOptions.parse({
        model: ANTHROPIC_MODEL || DEFAULT_MODELS.anthropic,
        apiKey: ANTHROPIC_API_KEY || 'none',
        ...(ANTHROPIC_BASE_URL && { baseUrl: ANTHROPIC_BASE_URL }),
      }),
    })
  if (OPENAI_API_KEY || OPENAI_BASE_URL)
    models.push({
      provider: 'openai',
      ...OpenAiOptions.parse({
        model: OPENAI_MODEL || DEFAULT_MODELS.openai,
        ...(OPENAI_API_KEY && { apiKey: OPENAI_API_KEY }),
        ...(OPENAI_BASE_URL && { baseUrl: OPENAI_BASE_URL }),
      }),
    })
  return models
}

/** Tracing as configured, or by the variables that Langfuse documents; null when it is off. */
export function langfuseOf(
  settings: AnalystSettings,
  environment: Readonly<Record<string, string | undefined>>,
): LangfuseOptions | null {
  if (settings.langfuse) return settings.langfuse
  const { LANGFUSE_PUBLIC_KEY, LANGFUSE_SECRET_KEY, LANGFUSE_BASEURL } = environment
  if (!LANGFUSE_PUBLIC_KEY || !LANGFUSE_SECRET_KEY) return null
  return LangfuseOptions.parse({
    publicKey: LANGFUSE_PUBLIC_KEY,
    secretKey: LANGFUSE_SECRET_KEY,
    ...(LANGFUSE_BASEURL && { baseUrl: LANGFUSE_BASEURL }),
  })
}
