import type { Selectable } from 'kysely'
import { fromRow, nowOf, type StoreContext } from './context.ts'
import { reading } from './database.ts'
import type { PostStore } from './keeping.ts'
import { Post } from './records.ts'
import type { Schema } from './schema.ts'

/** Messages that stand somewhere and are updated in place; the intent is written before the message is sent. */
export function postStore(context: StoreContext): PostStore {
  const { db } = context
  return {
    of: async (incidentId) =>
      (
        await reading(db, (query) =>
          query
            .selectFrom('posts')
            .selectAll()
            .where('incident_id', '=', incidentId)
            .orderBy('attempted_at')
            .orderBy('id')
            .execute(),
        )
      ).map(postOf),
    unsettled: async (limit) =>
      (
        await reading(db, (query) =>
          query
            .selectFrom('posts')
            .select('incident_id')
            .where('is_settled', '=', false)
            .groupBy('incident_id')
            .orderBy((is) => is.fn.max('attempted_at'), 'desc')
            .limit(limit)
            .execute(),
        )
      ).map((row) => row.incident_id),
    unposted: async (since, limit) =>
      (
        await reading(db, (query) =>
          query
            .selectFrom('approvals')
            .select('incident_id')
            .where('created_at', '>', since)
            .where(({ not, exists, selectFrom }) =>
              not(
                exists(
                  selectFrom('posts').select('posts.id').whereRef('posts.incident_id', '=', 'approvals.incident_id'),
                ),
              ),
            )
            .groupBy('incident_id')
            .orderBy((is) => is.fn.max('created_at'), 'desc')
            .limit(limit)
            .execute(),
        )
      ).map((row) => row.incident_id),
    intend: async ({ id, incidentId, channel }) => {
      await reading(db, (query) =>
        query
          .insertInto('posts')
          .values({ id, incident_id: incidentId, channel, attempted_at: nowOf(context), is_settled: false })
          .onConflict((conflict) => conflict.doNothing())
          .execute(),
      )
    },
    confirm: async ({ id, place, contentHash }) => {
      const at = nowOf(context)
      await reading(db, (query) =>
        query
          .updateTable('posts')
          .set({ place, content_hash: contentHash, posted_at: at })
          .where('id', '=', id)
          .execute(),
      )
    },
    forget: async (id) => {
      await reading(db, (query) => query.deleteFrom('posts').where('id', '=', id).execute())
    },
    settle: async (incidentId, isSettled) => {
      await reading(db, (query) =>
        query
          .updateTable('posts')
          .set({ is_settled: isSettled })
          .where('incident_id', '=', incidentId)
          .where('is_settled', '=', !isSettled)
          .execute(),
      )
    },
  }
}

function postOf(row: Selectable<Schema['posts']>): Post {
  const post = {
    id: row.id,
    incidentId: row.incident_id,
    channel: row.channel,
    place: row.place,
    contentHash: row.content_hash,
    attemptedAt: row.attempted_at,
    postedAt: row.posted_at,
    isSettled: row.is_settled,
  }
  return fromRow(Post, post, 'post')
}
