import { sql } from 'kysely'
import type { OutgoingEvent } from '../domain/cloud-event.ts'
import { nowOf, parseDocument, type StoreContext } from './context.ts'
import { type Db, LOCKS, reading, storable } from './database.ts'
import type { EventSent, OutgoingStore } from './keeping.ts'

/** Events on their way to a broker: written with what they tell of, kept until the broker has them. */
export function outgoingStore(context: StoreContext): OutgoingStore {
  const { db } = context
  return {
    waiting: (limit) => reading(db, (query) => waiting(query, limit)),
    drain: (limit, send) =>
      reading(db, (query) =>
        // One agent at a time, in order. An agent that stops in the middle loses the transaction, and its lock with it.
        query.transaction().execute(async (tx) => {
          const lock = await sql<{
            taken: boolean
          }>`select pg_try_advisory_xact_lock(${sql.lit(LOCKS.events)}) as taken`
          if (!(await lock.execute(tx)).rows[0]?.taken) return 0
          const events = await waiting(tx, limit)
          let gone = 0
          for (const { id, ...event } of events) {
            const sent = await send({ id, ...event })
            await settle(tx, context, id, sent)
            // Later ones must not overtake one that waits.
            if (sent.outcome === 'failed') break
            gone += 1
          }
          return gone
        }),
      ),
  }
}

async function waiting(db: Db, limit: number): Promise<OutgoingEvent[]> {
  const rows = await db
    .selectFrom('outgoing_events')
    .select(['id', 'type', 'subject', 'at', 'data', 'attempts'])
    .where('published_at', 'is', null)
    .orderBy('seq')
    .limit(limit)
    .execute()
  return rows.map((row) => ({ ...row, data: parseDocument(row.data, 'event') }))
}

async function settle(tx: Db, context: StoreContext, id: string, { outcome, error }: EventSent): Promise<void> {
  await tx
    .updateTable('outgoing_events')
    .set({
      attempts: sql<number>`attempts + 1`,
      last_error: error === null ? null : storable(error),
      ...(outcome !== 'failed' && { published_at: nowOf(context) }),
    })
    .where('id', '=', id)
    .execute()
}
