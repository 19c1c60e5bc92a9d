import { describe, expect, it } from 'vitest'
import { BudgetLimits, memoryBudget } from '../../agent/llm/budget.ts'
import { isSameModel } from '../../agent/llm/opinion.ts'
import { costOf, PRICES, Price, priceOf } from '../../agent/llm/prices.ts'
import { steppingClock } from '../fakes/stepping-clock.ts'

const limits = (of: Partial<BudgetLimits>) => BudgetLimits.parse(of)

describe('budget', () => {
  it('counts what is reserved until it is settled, so that calls at the same time cannot overspend', async () => {
    const budget = memoryBudget(limits({ tokensPerIncident: 100 }), steppingClock())
    const first = await budget.reserve('i', { tokens: 60, usd: 0 })
    expect(first.granted).toBe(true)
    expect((await budget.reserve('i', { tokens: 60, usd: 0 })).granted).toBe(false)
    if (first.granted) await first.settle({ tokens: 10, usd: 0 })
    expect((await budget.reserve('i', { tokens: 60, usd: 0 })).granted).toBe(true)
  })

  it('settles once, however often it is told to', async () => {
    const budget = memoryBudget(limits({ tokensPerIncident: 100 }), steppingClock())
    const leave = await budget.reserve('i', { tokens: 60, usd: 0 })
    if (!leave.granted) throw new Error('refused')
    await leave.settle({ tokens: 50, usd: 0 })
    await leave.settle({ tokens: 50, usd: 0 })
    expect((await budget.reserve('i', { tokens: 51, usd: 0 })).granted).toBe(false)
    expect((await budget.reserve('i', { tokens: 50, usd: 0 })).granted).toBe(true)
  })

  it('adds incidents up over the day and begins anew at midnight', async () => {
    const clock = steppingClock()
    const budget = memoryBudget(limits({ usdPerDay: 1, usdPerIncident: 1 }), clock)
    expect((await budget.reserve('a', { tokens: 1, usd: 0.7 })).granted).toBe(true)
    expect(await budget.reserve('b', { tokens: 1, usd: 0.7 })).toEqual({
      granted: false,
      reason: 'the budget of money for today (1) is used up',
    })
    clock.advance(12 * 3_600_000)
    expect((await budget.reserve('b', { tokens: 1, usd: 0.7 })).granted).toBe(true)
  })
})

describe('prices', () => {
  it('are valid, dated and sourced', () => {
    for (const price of PRICES) expect(Price.safeParse(price).success).toBe(true)
    expect(new Set(PRICES.map(({ model }) => model)).size).toBe(PRICES.length)
  })

  it.each([
    ['anthropic:claude-opus-5-5', 'anthropic:claude-opus-5-5'],
    ['anthropic:claude-haiku-4-5-20251001', 'anthropic:claude-haiku-4-5'],
    ['openai:gpt-5.2-2025-12-11', 'openai:gpt-5.2'],
    ['openai:gpt-5.2-pro', undefined],
    ['openai:qwen3', undefined],
  ])('of %s', (model, found) => {
    expect(priceOf(PRICES, model)?.model).toBe(found)
  })

  it('charge cached input at its own price, and nothing is guessed for an unknown model', () => {
    const price = priceOf(PRICES, 'openai:gpt-6-sol')
    expect(costOf(price, { inputTokens: 1_000_000, cachedInputTokens: 500_000, outputTokens: 100_000 })).toBe(2.1)
    expect(costOf(null, { inputTokens: 1, cachedInputTokens: 0, outputTokens: 1 })).toBeNull()
  })
})

describe('the model that answered', () => {
  it.each([
    ['openai:gpt-6-sol', 'gpt-6-sol', true],
    ['openai:gpt-6-sol', 'gpt-6-sol-2026-09-22', true],
    ['openai:gpt-6-sol', 'openai/gpt-6-sol', true],
    ['anthropic:claude-haiku-4-5', 'claude-haiku-4-5-20251001', true],
    ['openai:gpt-5.3-chat-latest', 'gpt-5.3-chat-2026-01-05', true],
    ['openai:llama3.3:70b', 'llama3.3:70b', true],
    ['openai:gpt-5.2', 'gpt-5.2-pro', false],
    ['openai:gpt-6-sol', 'gpt-6-luna', false],
    ['openai:gpt-6-sol', '', false],
  ])('asked %s, answered %s', (asked, answered, same) => {
    expect(isSameModel(asked, answered)).toBe(same)
  })
})
