import { type Selectable, sql } from 'kysely'
import { found, fromRow, nowOf, type StoreContext } from './context.ts'
import { reading } from './database.ts'
import { databaseNow } from './incident-rows.ts'
import type { AgentStore } from './keeping.ts'
import { AgentRecord } from './records.ts'
import type { Schema } from './schema.ts'

/** Who is alive, by the database's clock; and what only one of them may do at a time. */
export function agentStore(context: StoreContext): AgentStore {
  const { db } = context
  return {
    register: async ({ id, host, pid, version }) => {
      const times = { started_at: databaseNow, heartbeat_at: databaseNow }
      await reading(db, (query) =>
        query
          .insertInto('agents')
          .values({ id, host, pid, version, ...times })
          .onConflict((conflict) => conflict.column('id').doUpdateSet({ host, pid, version, ...times }))
          .execute(),
      )
    },
    heartbeat: async (id) => {
      const row = await reading(db, (query) =>
        query
          .updateTable('agents')
          .set({ heartbeat_at: databaseNow })
          .where('id', '=', id)
          .returning('id')
          .executeTakeFirst(),
      )
      // Taken for dead and removed: its work may be with somebody else, and it must say so instead of going on.
      found(row, 'agent', id)
    },
    list: async () =>
      (await reading(db, (query) => query.selectFrom('agents').selectAll().orderBy('id').execute())).map(agentOf),
    dead: async (silentMs) => {
      const rows = await reading(db, (query) =>
        query
          .selectFrom('agents')
          .selectAll()
          .where(
            'heartbeat_at',
            '<',
            sql<string>`clock_timestamp() - make_interval(secs => ${sql.lit(silentMs / 1000)})`,
          )
          .orderBy('id')
          .execute(),
      )
      return rows.map(agentOf)
    },
    remove: async (id) => {
      await reading(db, (query) => query.deleteFrom('agents').where('id', '=', id).execute())
    },
    alone: (lock, run) => runAlone(context, lock, run),
    isFirstDelivery: async (source, deliveryId) => {
      const added = await reading(db, (query) =>
        query
          .insertInto('deliveries')
          .values({ source, delivery_id: deliveryId, at: nowOf(context) })
          .onConflict((conflict) => conflict.doNothing())
          .returning('source')
          .executeTakeFirst(),
      )
      return added !== undefined
    },
  }
}

function agentOf(row: Selectable<Schema['agents']>): AgentRecord {
  const { started_at: startedAt, heartbeat_at: heartbeatAt, ...rest } = row
  return fromRow(AgentRecord, { ...rest, startedAt, heartbeatAt }, 'agent')
}

async function runAlone<T>({ db }: StoreContext, lock: string, run: () => Promise<T>): Promise<T | null> {
  const key = sql`hashtextextended(${`failwise:${lock}`}, 0)`
  return db.connection().execute(async (connection) => {
    const query = (text: ReturnType<typeof sql<{ taken: boolean }>>) =>
      reading(connection, (lone) => text.execute(lone))
    const taken = await query(sql`select pg_try_advisory_lock(${key}) as taken`)
    if (!taken.rows[0]?.taken) return null
    try {
      return await run()
    } finally {
      await query(sql`select pg_advisory_unlock(${key}) as taken`)
    }
  })
}
