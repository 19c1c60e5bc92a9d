import { type Selectable, sql } from 'kysely'
import { found, fromRow, nowOf, parseDocument, type StoreContext } from './context.ts'
import { reading, type Tx, writing } from './database.ts'
import { afterNow } from './incident-rows.ts'
import type { Outbox } from './keeping.ts'
import { type NewNotification, Notification } from './records.ts'
import type { Schema } from './schema.ts'

const DEFAULT_LIMIT = 100

/** Messages to people: written with what they are about, sent at least once, told apart by their key. */
export function outbox(context: StoreContext): Outbox {
  const { db } = context
  return {
    enqueue: async ({ incidentId, ...notification }) =>
      (await writing(db, (tx) => enqueueNotifications(tx, context, [notification], incidentId))) === 1,
    claim: (limit, leaseMs, agentId) =>
      writing(db, async (tx) => {
        const due = await tx
          .selectFrom('notifications')
          .select('id')
          .where('next_attempt_at', '<=', nowOf(context))
          .where((is) =>
            is.or([
              is('state', '=', 'waiting'),
              is.and([is('state', '=', 'sending'), sql<boolean>`lease_until < clock_timestamp()`]),
            ]),
          )
          .orderBy('next_attempt_at')
          .limit(limit)
          .forUpdate()
          .skipLocked()
          .execute()
        if (due.length === 0) return []
        const ids = due.map(({ id }) => id)
        const rows = await tx
          .updateTable('notifications')
          .set({
            ...{ state: 'sending', lease_until: afterNow(leaseMs), attempts: sql`attempts + 1` },
            claimed_by: agentId ?? null,
          })
          .where('id', 'in', ids)
          .returningAll()
          .execute()
        return rows.map(notificationOf).sort((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id))
      }),
    markSent: async (id) => {
      const sent = await reading(db, (query) =>
        query
          .updateTable('notifications')
          .set({ state: 'sent', sent_at: nowOf(context), lease_until: null, last_error: null })
          .where('id', '=', id)
          .returning('id')
          .executeTakeFirst(),
      )
      found(sent, 'notification', id)
    },
    markFailed: async (id, error, nextAttemptAt) => {
      const change = nextAttemptAt
        ? { state: 'waiting', next_attempt_at: nextAttemptAt, lease_until: null, last_error: error }
        : { state: 'given_up', lease_until: null, last_error: error }
      const failed = await reading(db, (query) =>
        query.updateTable('notifications').set(change).where('id', '=', id).returning('id').executeTakeFirst(),
      )
      found(failed, 'notification', id)
    },
    list: async (filter = {}) => {
      let query = db.selectFrom('notifications').selectAll()
      if (filter.incidentId !== undefined) query = query.where('incident_id', '=', filter.incidentId)
      if (filter.state) query = query.where('state', '=', filter.state)
      const limited = query
        .orderBy('created_at', 'desc')
        .orderBy('id')
        .limit(filter.limit ?? DEFAULT_LIMIT)
      return (await reading(db, () => limited.execute())).map(notificationOf)
    },
  }
}

/** Queues messages within a transaction; returns how many were new. */
export async function enqueueNotifications(
  tx: Tx,
  context: StoreContext,
  notifications: readonly NewNotification[],
  incidentId: string | null,
): Promise<number> {
  if (notifications.length === 0) return 0
  const now = nowOf(context)
  const added = await tx
    .insertInto('notifications')
    .values(
      notifications.map(({ dedupeKey, channel, payload }) => ({
        id: context.newId('msg'),
        dedupe_key: dedupeKey,
        channel,
        incident_id: incidentId,
        payload: JSON.stringify(payload),
        state: 'waiting',
        attempts: 0,
        next_attempt_at: now,
        created_at: now,
      })),
    )
    .onConflict((conflict) => conflict.column('dedupe_key').doNothing())
    .returning('id')
    .execute()
  return added.length
}

function notificationOf(row: Selectable<Schema['notifications']>): Notification {
  const notification = {
    id: row.id,
    dedupeKey: row.dedupe_key,
    channel: row.channel,
    incidentId: row.incident_id,
    payload: parseDocument(row.payload, 'notification'),
    state: row.state,
    attempts: row.attempts,
    nextAttemptAt: row.next_attempt_at,
    lastError: row.last_error,
    createdAt: row.created_at,
    sentAt: row.sent_at,
  }
  return fromRow(Notification, notification, 'notification')
}
