import { z } from 'zod'
import type { Clock } from '../lib/clock.ts'

export const BudgetLimits = z
  .strictObject({
    /** Input and output together, over all calls of one incident. */
    tokensPerIncident: z.number().int().positive().default(120_000),
    tokensPerDay: z.number().int().positive().default(3_000_000),
    usdPerIncident: z.number().positive().default(2),
    usdPerDay: z.number().positive().default(25),
  })
  .prefault({})
export type BudgetLimits = z.infer<typeof BudgetLimits>

export interface Spending {
  readonly tokens: number
  readonly usd: number
}

/** Leave to make one call; what it really took is settled afterwards. */
export type Reservation =
  | { readonly granted: true; settle(spent: Spending): Promise<void> }
  | { readonly granted: false; readonly reason: string }

/** Where spending is counted. Money is reserved before a call, so that calls at the same time cannot overspend together. */
export interface Budget {
  reserve(incident: string, most: Spending): Promise<Reservation>
}

const DAY_MS = 86_400_000
const REMEMBERED_INCIDENTS = 5000

/** A budget of this process; days begin at midnight UTC. */
export function memoryBudget(limits: BudgetLimits, clock: Pick<Clock, 'now'>): Budget {
  const zero = (): { tokens: number; usd: number } => ({ tokens: 0, usd: 0 })
  const incidents = new Map<string, { tokens: number; usd: number }>()
  let day = { number: -1, spent: zero() }

  return {
    async reserve(incident, most) {
      const number = Math.floor(clock.now() / DAY_MS)
      if (number !== day.number) day = { number, spent: zero() }
      const today = day.spent
      const own = incidents.get(incident) ?? zero()
      incidents.set(incident, own)
      if (incidents.size > REMEMBERED_INCIDENTS) incidents.delete(incidents.keys().next().value as string)
      const bounds: [string, number, number][] = [
        ['tokens for this incident', own.tokens + most.tokens, limits.tokensPerIncident],
        ['tokens for today', today.tokens + most.tokens, limits.tokensPerDay],
        ['money for this incident', own.usd + most.usd, limits.usdPerIncident],
        ['money for today', today.usd + most.usd, limits.usdPerDay],
      ]
      const over = bounds.find(([, wanted, limit]) => wanted > limit)
      if (over) return { granted: false, reason: `the budget of ${over[0]} (${over[2]}) is used up` }
      const add = (tokens: number, usd: number) => {
        for (const account of [own, today]) {
          account.tokens += tokens
          account.usd += usd
        }
      }
      add(most.tokens, most.usd)
      let isSettled = false
      return {
        granted: true,
        async settle(spent) {
          if (isSettled) return
          isSettled = true
          add(spent.tokens - most.tokens, spent.usd - most.usd)
        },
      }
    },
  }
}
