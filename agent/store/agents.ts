import { type Selectable, sql } from 'kysely'
import { ACTIVE_RUN_STATES } from '../domain/run.ts'
import { fromRow, nowOf, recording, refuseWrongClock, type StoreContext } from './context.ts'
import { type Db, reading, type Tx, writing } from './database.ts'
import { storeFault } from './faults.ts'
import { databaseNow, UNCLAIMED } from './incident-rows.ts'
import type { AgentStore, Buried } from './keeping.ts'
import { AgentRecord } from './records.ts'
import type { Schema } from './schema.ts'

type Self = Parameters<AgentStore['register']>[0]

/**
 * Who is alive, by the database's clock; what becomes of a dead one's work; and what only one agent may do at a time. Signs of life have a connection of
 * their own: an agent whose other connections are all busy is not dead.
 */
export function agentStore(context: StoreContext, vital: Db): AgentStore {
  const { db } = context
  return {
    register: (self, takenFor) =>
      writing(db, async (tx) => {
        const other = await tx
          .selectFrom('agents')
          .selectAll()
          .select(silentFor(takenFor.deadAfterMs).as('is_silent'))
          .where('id', '=', self.id)
          .forUpdate()
          .executeTakeFirst()
        const isAnother = other !== undefined && !(other.host === self.host && other.pid === self.pid)
        if (isAnother && !other.is_silent && !(await takenFor.isGone(agentOf(other)))) return agentOf(other)
        await insertSelf(tx, self)
        // Whatever an earlier life under this name has left.
        await giveBackWork(tx, context, self.id)
        return null
      }),
    heartbeat: async (self) => {
      // With a wrong clock it can put nothing on record; others take its work.
      await reading(vital, (query) => refuseWrongClock(query, context))
      const row = await reading(vital, (query) =>
        query
          .updateTable('agents')
          .set({ heartbeat_at: databaseNow })
          .where('id', '=', self.id)
          .returning('id')
          .executeTakeFirst(),
      )
      if (row) return 'known'
      await reading(vital, (query) => insertSelf(query, self))
      return 'was_taken_for_dead'
    },
    bury: (silentMs, by) =>
      recording(context, async (tx, note) => {
        const dead = await tx
          .deleteFrom('agents')
          .where('id', 'in', (query) =>
            // Two agents that bury at once do not wait for each other, and one that comes back at this moment stays.
            query
              .selectFrom('agents')
              .select('id')
              .where(silentFor(silentMs))
              .where('id', '!=', by)
              .forUpdate()
              .skipLocked(),
          )
          .returning('id')
          .execute()
        const buried: Buried[] = []
        for (const { id } of dead) {
          const work = await giveBackWork(tx, context, id)
          const actor = { kind: 'agent', id: by, via: null } as const
          const total = work.incidents + work.messages + work.runs
          note({ kind: 'agent_taken_over', at: nowOf(context), actor, deadAgent: id, work: total })
          buried.push({ id, ...work })
        }
        return buried
      }),
    list: async () =>
      (await reading(db, (query) => query.selectFrom('agents').selectAll().orderBy('id').execute())).map(agentOf),
    dead: async (silentMs) => {
      const rows = await reading(db, (query) =>
        query.selectFrom('agents').selectAll().where(silentFor(silentMs)).orderBy('id').execute(),
      )
      return rows.map(agentOf)
    },
    remove: async (id) => {
      await writing(db, async (tx) => {
        await giveBackWork(tx, context, id)
        await tx.deleteFrom('agents').where('id', '=', id).execute()
      })
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

function silentFor(ms: number) {
  return sql<boolean>`heartbeat_at < clock_timestamp() - make_interval(secs => ${sql.lit(ms / 1000)})`
}

async function insertSelf(db: Db, { id, host, pid, version }: Self): Promise<void> {
  const times = { started_at: databaseNow, heartbeat_at: databaseNow }
  await db
    .insertInto('agents')
    .values({ id, host, pid, version, ...times })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ host, pid, version, ...times }))
    .execute()
}

/** From this many claims without a decision on, an incident may be what its agents die of: the next look waits, so that it does not end all of them. */
const CLAIMS_BEFORE_DOUBT = 2
const DOUBT_SECONDS = 30
const LONGEST_DOUBT_SECONDS = 600

/**
 * Lets others take what an agent had in hand: claimed incidents and messages, at once. Its claims' tokens are gone, so it can store nothing any more. Runs
 * stay where they are: who carries one on raises its generation in the same statement.
 */
async function giveBackWork(tx: Tx, context: StoreContext, agentId: string): Promise<Omit<Buried, 'id'>> {
  const now = nowOf(context)
  const doubts = sql`greatest(claim_attempt - assessments - ${sql.lit(CLAIMS_BEFORE_DOUBT)}, 0)`
  const pause = sql`make_interval(secs => least(${doubts} * ${sql.lit(DOUBT_SECONDS)}, ${sql.lit(LONGEST_DOUBT_SECONDS)}))`
  const incidents = await tx
    .updateTable('incidents')
    .set({
      ...UNCLAIMED,
      state: sql`case when state = 'assessing' then coalesce(state_before_claim, 'open') else state end`,
      next_assessment_at: sql`${now}::timestamptz + ${pause}`,
      updated_at: now,
    })
    .where('claim_agent', '=', agentId)
    .where('claim_token', 'is not', null)
    .where('closed_at', 'is', null)
    .executeTakeFirst()
  const messages = await tx
    .updateTable('notifications')
    .set({ state: 'waiting', lease_until: null, claimed_by: null, next_attempt_at: now })
    .where('claimed_by', '=', agentId)
    .where('state', '=', 'sending')
    .executeTakeFirst()
  const { runs } = await tx
    .selectFrom('runs')
    .select(sql<number>`count(*)::int`.as('runs'))
    .where('agent_id', '=', agentId)
    .where('state', 'in', [...ACTIVE_RUN_STATES])
    .executeTakeFirstOrThrow()
  return { incidents: Number(incidents.numUpdatedRows), messages: Number(messages.numUpdatedRows), runs }
}

function agentOf(row: Selectable<Schema['agents']>): AgentRecord {
  const { started_at: startedAt, heartbeat_at: heartbeatAt, ...rest } = row
  return fromRow(AgentRecord, { ...rest, startedAt, heartbeatAt }, 'agent')
}

async function runAlone<T>({ db }: StoreContext, lock: string, run: () => Promise<T>): Promise<T | null> {
  const key = sql`hashtextextended(${`failwise:${lock}`}, 0)`
  let isConnected = false
  try {
    return await db.connection().execute(async (connection) => {
      isConnected = true
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
  } catch (error) {
    // What the function threw is the caller's own.
    throw isConnected ? error : storeFault(error)
  }
}
