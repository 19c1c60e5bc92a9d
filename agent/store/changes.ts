import { fromRow, nowOf, type StoreContext } from './context.ts'
import { reading } from './database.ts'
import type { ChangeStore } from './keeping.ts'
import { ChangeRecord } from './records.ts'

/** Changes that others told us about. */
export function changeStore(context: StoreContext): ChangeStore {
  const { db } = context
  return {
    record: async (change) => {
      const added = await reading(db, (query) =>
        query
          .insertInto('changes')
          .values({
            source: change.source,
            id: change.id,
            service: change.service,
            change_kind: change.changeKind,
            at: change.at,
            ref: change.ref,
            summary: change.summary,
            rollout_percent: change.rolloutPercent,
            received_at: nowOf(context),
          })
          .onConflict((conflict) => conflict.columns(['source', 'id']).doNothing())
          .returning('id')
          .executeTakeFirst(),
      )
      return added !== undefined
    },
    within: async (services, window) => {
      if (services.length === 0) return []
      const rows = await reading(db, (query) =>
        query
          .selectFrom('changes')
          .selectAll()
          .where('service', 'in', [...services])
          .where('at', '>=', window.from)
          .where('at', '<', window.to)
          .orderBy('at')
          .orderBy('id')
          .execute(),
      )
      return rows.map(({ change_kind, rollout_percent, received_at, ...row }) =>
        fromRow(
          ChangeRecord,
          { ...row, changeKind: change_kind, rolloutPercent: rollout_percent, receivedAt: received_at },
          'change',
        ),
      )
    },
  }
}
