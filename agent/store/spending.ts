import { sql } from 'kysely'
import { nowOf, type StoreContext } from './context.ts'
import { type Tx, writing } from './database.ts'
import type { SpendingStore } from './keeping.ts'

/** What model calls took, shared by all agents and kept over restarts. */
export function spendingStore(context: StoreContext): SpendingStore {
  return {
    reserve: (accounts, amount) =>
      writing(context.db, async (tx) => {
        // In one order for everybody, so that two agents never wait for each other.
        const sorted = [...accounts].sort((a, b) => (a.account < b.account ? -1 : 1))
        for (const { account } of sorted)
          await sql`insert into model_spending (account, updated_at) values (${account}, ${nowOf(context)}::timestamptz)
            on conflict do nothing`.execute(tx)
        for (const { account, tokensLimit, usdLimit } of sorted) {
          const spent = await tx
            .selectFrom('model_spending')
            .select(['tokens', 'usd'])
            .where('account', '=', account)
            .forUpdate()
            .executeTakeFirstOrThrow()
          if (Number(spent.tokens) + amount.tokens > tokensLimit) return { account, of: 'tokens', limit: tokensLimit }
          if (spent.usd + amount.usd > usdLimit) return { account, of: 'usd', limit: usdLimit }
        }
        for (const { account } of sorted) await add(tx, context, account, amount)
        return null
      }),
    settle: (accounts, difference) =>
      writing(context.db, async (tx) => {
        for (const account of [...accounts].sort()) await add(tx, context, account, difference)
      }),
  }
}

async function add(
  tx: Tx,
  context: StoreContext,
  account: string,
  amount: { tokens: number; usd: number },
): Promise<void> {
  await tx
    .updateTable('model_spending')
    .set({
      tokens: sql`greatest(0, tokens + ${Math.round(amount.tokens)})`,
      usd: sql`greatest(0, usd + ${amount.usd})`,
      updated_at: nowOf(context),
    })
    .where('account', '=', account)
    .execute()
}
