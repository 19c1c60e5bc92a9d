import { exchangeOf, type KeptExchange } from '../engine/kept-exchange.ts'
import type { DecisionRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'

/** What upstreams answered for a decision, as far as retention has kept it. */
export async function exchangesOf(record: DecisionRecord, { bodies }: Pick<Store, 'bodies'>): Promise<KeptExchange[]> {
  const kept: KeptExchange[] = []
  for (const [evidenceId, hashes] of Object.entries(record.bodies))
    for (const hash of hashes) {
      const body = await bodies.get(hash)
      if (body) kept.push(exchangeOf(evidenceId, body))
    }
  return kept
}
