import type { Clock } from '../lib/clock.ts'
import type { Budget, BudgetLimits } from '../llm/budget.ts'
import type { Store } from '../store/store.ts'

/** A budget that all agents on one store share and that survives restarts; days begin at midnight UTC. */
export function storeBudget(limits: BudgetLimits, store: Pick<Store, 'spending'>, clock: Pick<Clock, 'now'>): Budget {
  return {
    async reserve(incident, most) {
      const day = new Date(clock.now()).toISOString().slice(0, 10)
      const accounts = [
        { account: `day:${day}`, tokensLimit: limits.tokensPerDay, usdLimit: limits.usdPerDay },
        { account: `incident:${incident}`, tokensLimit: limits.tokensPerIncident, usdLimit: limits.usdPerIncident },
      ]
      const over = await store.spending.reserve(accounts, most)
      if (over) {
        const purse = over.account.startsWith('day:') ? 'today' : 'this incident'
        const what = over.of === 'tokens' ? 'tokens' : 'money'
        return { granted: false, reason: `the budget of ${what} for ${purse} (${over.limit}) is used up` }
      }
      let isSettled = false
      return {
        granted: true,
        settle: async (spent) => {
          if (isSettled) return
          isSettled = true
          const difference = { tokens: spent.tokens - most.tokens, usd: spent.usd - most.usd }
          await store.spending.settle(
            accounts.map(({ account }) => account),
            difference,
          )
        },
      }
    },
  }
}
