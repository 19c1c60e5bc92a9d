import { describe, expect, it } from 'vitest'
import { storeBudget } from '../../agent/app/store-budget.ts'
import { BudgetLimits } from '../../agent/llm/budget.ts'
import { testServer } from '../store/test-database.ts'

const server = testServer()
const limits = BudgetLimits.parse({ tokensPerIncident: 1000, tokensPerDay: 2500, usdPerIncident: 1, usdPerDay: 2 })
const call = { tokens: 600, usd: 0.1 }

describe('a budget in the store', () => {
  it('grants until an incident or the day has used it up, and says which', async () => {
    const { store, clock } = await server.open()
    const budget = storeBudget(limits, store, clock)
    expect(await budget.reserve('a', call)).toMatchObject({ granted: true })
    expect(await budget.reserve('a', call)).toMatchObject({
      granted: false,
      reason: expect.stringContaining('tokens for this incident'),
    })
    for (const incident of ['b', 'c', 'd'])
      expect(await budget.reserve(incident, call)).toMatchObject({ granted: true })
    expect(await budget.reserve('e', call)).toMatchObject({
      granted: false,
      reason: expect.stringContaining('tokens for today'),
    })
    expect(await budget.reserve('f', { tokens: 1, usd: 3 })).toMatchObject({
      granted: false,
      reason: expect.stringContaining('money'),
    })
  })

  it('gives back what was reserved and not used, once', async () => {
    const { store, clock } = await server.open()
    const budget = storeBudget(limits, store, clock)
    const first = await budget.reserve('a', call)
    if (!first.granted) throw new Error('not granted')
    await first.settle({ tokens: 100, usd: 0.01 })
    await first.settle({ tokens: 0, usd: 0 })
    expect(await budget.reserve('a', { tokens: 900, usd: 0.1 })).toMatchObject({ granted: true })
    expect(await budget.reserve('a', { tokens: 1, usd: 0 })).toMatchObject({ granted: false })
  })

  it('is shared by agents, survives a restart, never overspends together, and starts anew at midnight UTC', async () => {
    const { store, clock } = await server.open()
    const agents = [storeBudget(limits, store, clock), storeBudget(limits, store, clock)]
    const asked = await Promise.all(Array.from({ length: 10 }, (_, i) => agents[i % 2]?.reserve(`incident-${i}`, call)))
    expect(asked.filter((one) => one?.granted)).toHaveLength(4)
    expect(await storeBudget(limits, store, clock).reserve('later', call)).toMatchObject({ granted: false })
    clock.advance(24 * 3_600_000)
    expect(await storeBudget(limits, store, clock).reserve('tomorrow', call)).toMatchObject({ granted: true })
  })
})
