import type { Selectable } from 'kysely'
import { Fault } from '../lib/errors.ts'
import { fromRow, nowOf, recording, refuseWrongClock, type StoreContext } from './context.ts'
import { reading } from './database.ts'
import type { FreezeStore } from './keeping.ts'
import { Freeze } from './records.ts'
import { activeFreezes } from './run-requests.ts'
import type { Schema } from './schema.ts'

/** The kill switch, for everything or for one service; setting and lifting are on the record. */
export function freezeStore(context: StoreContext): FreezeStore {
  return {
    set: ({ service, kind, reason, by, until }) => {
      if (reason.trim() === '')
        throw new Fault('usage', 'a freeze needs a reason', { hint: 'say why, for those who find it' })
      return recording(context, async (tx, note) => {
        const at = nowOf(context)
        const row = await tx
          .insertInto('freezes')
          .values({ id: context.newId('frz'), service, kind, reason, set_by: by.id, set_at: at, until })
          .returningAll()
          .executeTakeFirstOrThrow()
        note({ kind: 'freeze_set', at, actor: by, service, reason })
        return freezeOf(row)
      })
    },
    lift: (service, by, reason) =>
      recording(context, async (tx, note) => {
        const at = nowOf(context)
        const rows = await tx
          .updateTable('freezes')
          .set({ lifted_by: by.id, lifted_at: at })
          .where('lifted_at', 'is', null)
          .where('service', service === null ? 'is' : '=', service)
          .returningAll()
          .execute()
        if (rows.length > 0) note({ kind: 'freeze_lifted', at, actor: by, service, reason })
        return rows.map(freezeOf)
      }),
    active: async (service) => {
      const rows = await reading(context.db, async (query) => {
        // By a clock that jumped ahead a freeze would seem over, and a run that asks here would go on in the middle of it.
        await refuseWrongClock(query, context)
        return activeFreezes(query, nowOf(context), service).execute()
      })
      return rows.map(freezeOf)
    },
  }
}

function freezeOf(row: Selectable<Schema['freezes']>): Freeze {
  const freeze = {
    id: row.id,
    service: row.service,
    kind: row.kind,
    reason: row.reason,
    setBy: row.set_by,
    setAt: row.set_at,
    until: row.until,
    liftedBy: row.lifted_by,
    liftedAt: row.lifted_at,
  }
  return fromRow(Freeze, freeze, 'freeze')
}
