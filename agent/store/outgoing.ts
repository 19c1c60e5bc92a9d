import { sql } from 'kysely'
import { found, nowOf, parseDocument, type StoreContext } from './context.ts'
import { reading, storable } from './database.ts'
import type { OutgoingStore } from './keeping.ts'

/** Events on their way to a broker: written with what they tell of, kept until the broker has them. */
export function outgoingStore(context: StoreContext): OutgoingStore {
  const { db } = context
  return {
    waiting: async (limit) => {
      const rows = await reading(db, (query) =>
        query
          .selectFrom('outgoing_events')
          .select(['id', 'type', 'subject', 'at', 'data', 'attempts'])
          .where('published_at', 'is', null)
          .orderBy('seq')
          .limit(limit)
          .execute(),
      )
      return rows.map((row) => ({ ...row, data: parseDocument(row.data, 'event') }))
    },
    published: async (ids) => {
      if (ids.length === 0) return
      await reading(db, (query) =>
        query
          .updateTable('outgoing_events')
          .set({ published_at: nowOf(context), last_error: null })
          .where('id', 'in', [...ids])
          .execute(),
      )
    },
    failed: async (id, error, isFinal) => {
      const row = await reading(db, (query) =>
        query
          .updateTable('outgoing_events')
          .set({
            ...{ attempts: sql<number>`attempts + 1`, last_error: storable(error) },
            ...(isFinal && { published_at: nowOf(context) }),
          })
          .where('id', '=', id)
          .returning('id')
          .executeTakeFirst(),
      )
      found(row, 'event', id)
    },
  }
}
