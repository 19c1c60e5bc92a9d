import { readdirSync } from 'node:fs'
import { systemClock } from '../../agent/lib/clock.ts'
import { createMask, createSyncMask } from '../../agent/lib/mask.ts'
import { BudgetLimits, memoryBudget } from '../../agent/llm/budget.ts'
import type { ModelProvider } from '../../agent/llm/model.ts'
import { ModelLimits, modelAnalyst } from '../../agent/llm/model-analyst.ts'
import { costOf, PRICES } from '../../agent/llm/prices.ts'
import { noTracer } from '../../agent/llm/tracer.ts'
import { verdictSchema } from '../../agent/llm/verdict-reply.ts'
import { analystPrompt } from '../../prompts/index.ts'
import { estimateTokens } from '../../prompts/tokens.ts'
import { incidentAt, incidentText, KV_VERDICT } from '../fakes/incidents.ts'

/** One figure of a benchmark. */
export interface Figure {
  readonly name: string
  readonly median: number
  readonly max: number
  readonly unit: string
}

/** Tokens of the prompt per development incident, what a call costs on top of the model's own time, and the speed of the mask. */
export async function benchPrompt(): Promise<Figure[]> {
  const prompt = analystPrompt({ boundaryKey: 'a boundary key for figures', maxInputTokens: 6000 })
  const ids = readdirSync(new URL('../../evals/incidents/', import.meta.url))
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -5))
  const schemaTokens = estimateTokens(JSON.stringify(verdictSchema))
  const maskNow = createSyncMask({ key: 'a mask key for figures' })
  const instant: ModelProvider = {
    id: 'bench:instant',
    complete: async () => ({
      outcome: 'complete',
      text: JSON.stringify(KV_VERDICT),
      model: 'instant',
      usage: { inputTokens: 0, outputTokens: 0, cachedInputTokens: 0 },
      requestId: null,
    }),
  }
  const analyst = modelAnalyst({
    providers: [instant],
    prompt,
    mask: createMask({ key: 'a mask key for figures' }),
    fallback: { id: 'nobody', assess: () => Promise.reject(new Error('nobody else is asked')) },
    calibrations: [],
    prices: PRICES,
    budget: memoryBudget(BudgetLimits.parse({ tokensPerIncident: 1e9, tokensPerDay: 1e9 }), systemClock),
    memo: null,
    recorder: null,
    tracer: noTracer,
    clock: systemClock,
    random: () => 0,
    limits: ModelLimits.parse({}),
  })
  const tokens: number[] = []
  const overheadMs: number[] = []
  const maskMs: number[] = []
  for (const id of ids) {
    const { snapshot, facts } = await incidentAt(id)
    tokens.push(prompt.render(snapshot, facts).estimatedTokens + schemaTokens)
    const body = incidentText(id)
    for (let round = 0; round < 3; round++) {
      const started = performance.now()
      await analyst.assess(snapshot, facts, new AbortController().signal)
      overheadMs.push(performance.now() - started)
      const masking = performance.now()
      maskNow(body)
      maskMs.push(performance.now() - masking)
    }
  }
  const price = PRICES.find(({ model }) => model === 'openai:gpt-6-sol')!
  const costs = tokens.map(
    (inputTokens) => costOf(price, { inputTokens, outputTokens: 700, cachedInputTokens: 0 }) ?? 0,
  )
  return [
    figure('prompt per incident', tokens, 'tokens (estimated, schema included)'),
    figure('one call on gpt-6-sol with 700 tokens of reply', costs, 'USD'),
    figure('overhead per call', overheadMs, 'ms'),
    figure('masking a recorded body of about 80 KB', maskMs, 'ms'),
  ]
}

function figure(name: string, values: readonly number[], unit: string): Figure {
  const sorted = [...values].sort((a, b) => a - b)
  return { name, median: sorted[sorted.length >> 1] ?? 0, max: sorted.at(-1) ?? 0, unit }
}

if (import.meta.main)
  for (const { name, median, max, unit } of await benchPrompt())
    console.log(`${name}: median ${Number(median.toPrecision(4))}, max ${Number(max.toPrecision(4))} ${unit}`)
