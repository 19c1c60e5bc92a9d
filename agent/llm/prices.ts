import { z } from 'zod'

const UsdPerMillion = z.number().min(0)

/** What a model costs, in US dollars per million tokens. */
export const Price = z.strictObject({
  /** Provider and the start of the model's name; the longest match counts. */
  model: z.string().min(1),
  input: UsdPerMillion,
  cachedInput: UsdPerMillion,
  output: UsdPerMillion,
  /** When it was read, and where. */
  asOf: z.iso.date(),
  source: z.string(),
})
export type Price = z.infer<typeof Price>

const CLAUDE = 'https://platform.claude.com/docs/models'
const OPENAI = 'https://developers.openai.com/api/docs/pricing'

/** List prices of standard calls below 200,000 input tokens. Vendors change them; the configuration can replace each. */
export const PRICES: readonly Price[] = [
  { model: 'anthropic:claude-fable-5', input: 10, cachedInput: 1, output: 50, asOf: '2026-11-21', source: CLAUDE },
  { model: 'anthropic:claude-opus-5-5', input: 4, cachedInput: 0.2, output: 20, asOf: '2026-11-21', source: CLAUDE },
  { model: 'anthropic:claude-opus-5', input: 5, cachedInput: 0.5, output: 25, asOf: '2026-11-21', source: CLAUDE },
  { model: 'anthropic:claude-sonnet-5', input: 2, cachedInput: 0.2, output: 10, asOf: '2026-11-21', source: CLAUDE },
  { model: 'anthropic:claude-haiku-4-5', input: 1, cachedInput: 0.1, output: 5, asOf: '2026-11-21', source: CLAUDE },
  { model: 'openai:gpt-6-astra', input: 10, cachedInput: 1, output: 50, asOf: '2026-09-22', source: OPENAI },
  { model: 'openai:gpt-6-sol', input: 2, cachedInput: 0.2, output: 10, asOf: '2026-09-22', source: OPENAI },
  { model: 'openai:gpt-6-luna', input: 0.1, cachedInput: 0.01, output: 0.5, asOf: '2026-09-22', source: OPENAI },
  { model: 'openai:gpt-5.6-terra', input: 2, cachedInput: 0.2, output: 12, asOf: '2026-07-30', source: OPENAI },
  { model: 'openai:gpt-5.6-luna', input: 0.2, cachedInput: 0.02, output: 1.2, asOf: '2026-07-30', source: OPENAI },
  { model: 'openai:gpt-5.2', input: 1.75, cachedInput: 0.175, output: 14, asOf: '2026-03-31', source: OPENAI },
  { model: 'openai:gpt-5-mini', input: 0.25, cachedInput: 0.025, output: 2, asOf: '2026-03-31', source: OPENAI },
]

/** The price of a model; null when nobody has told, for instance of a local one. */
export function priceOf(prices: readonly Price[], model: string): Price | null {
  // "gpt-5.2-pro" is another product than "gpt-5.2", while "gpt-5.2-2025-12-11" is a dated name of the same.
  const matches = prices.filter((price) => model === price.model || isDatedName(model, price.model))
  return matches.sort((a, b) => b.model.length - a.model.length)[0] ?? null
}

function isDatedName(model: string, priced: string): boolean {
  if (!model.startsWith(`${priced}-`)) return false
  return /^(?:\d{8}|\d{4}-\d{2}-\d{2}|\d|latest)$/.test(model.slice(priced.length + 1))
}

export interface TokenUse {
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cachedInputTokens: number
}

/** What a call cost; null when the price is not known. */
export function costOf(price: Price | null, use: TokenUse): number | null {
  if (!price) return null
  const fresh = Math.max(0, use.inputTokens - use.cachedInputTokens)
  const cost = (fresh * price.input + use.cachedInputTokens * price.cachedInput + use.outputTokens * price.output) / 1e6
  return Math.round(cost * 1e6) / 1e6
}
