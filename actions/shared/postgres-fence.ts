import { z } from 'zod'
import type { PostgresTarget, ReadPorts, WritePorts } from '../ports.ts'
import { GUARD_LENGTH, guarded, isUnreachable, oneRow, sqlStateOf, tellNewer } from './postgres-server.ts'

/**
 * Makes a server refuse writes: new transactions are read-only from here on, and every session that began before is ended, since a transaction that
 * is open keeps the rights it began with. Written with ALTER SYSTEM, which is not replicated: a standby must not inherit it.
 */
export async function refuseWriters(
  write: WritePorts,
  server: PostgresTarget,
  generation: number,
  abort: AbortSignal,
): Promise<number> {
  const statements = guarded(generation, [
    { sql: "ALTER SYSTEM SET default_transaction_read_only = 'on'" },
    { sql: 'SELECT pg_reload_conf()' },
    // A session that was being opened during the reload reads the new setting when the signal reaches it.
    { sql: 'SELECT pg_sleep(0.3)' },
    { sql: END_SESSIONS },
  ])
  try {
    const rows = await write.executePostgres(server, statements, abort)
    return Number(rows[GUARD_LENGTH + 3]?.[0]?.ended ?? 0)
  } catch (error) {
    throw tellNewer(error, server)
  }
}

const END_SESSIONS = `
  SELECT count(*) FILTER (WHERE pg_terminate_backend(pid))::int AS ended
    FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`

/** Ends again what has not ended yet. */
export async function endSessions(write: WritePorts, server: PostgresTarget, abort: AbortSignal): Promise<void> {
  await write.executePostgres(server, [{ sql: END_SESSIONS }], abort)
}

/** Lets writers in again, as before. */
export async function admitWriters(
  write: WritePorts,
  server: PostgresTarget,
  generation: number,
  abort: AbortSignal,
): Promise<void> {
  const statements = guarded(generation, [
    { sql: 'ALTER SYSTEM RESET default_transaction_read_only' },
    { sql: 'SELECT pg_reload_conf()' },
    { sql: 'SELECT pg_sleep(0.3)' },
  ])
  try {
    await write.executePostgres(server, statements, abort)
  } catch (error) {
    throw tellNewer(error, server)
  }
}

const LeftoverRow = z.object({ writing: z.number(), prepared: z.number(), overrides: z.array(z.string()) })
export type Leftover = z.infer<typeof LeftoverRow>

// A transaction that holds an id has written; a prepared one can still be committed; a role or database may have a setting of its own that wins.
const LEFTOVER_SQL = `
  SELECT (SELECT count(*)::int FROM pg_stat_activity
           WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND backend_xid IS NOT NULL) AS writing,
         (SELECT count(*)::int FROM pg_prepared_xacts) AS prepared,
         (SELECT coalesce(array_agg(coalesce(r.rolname, 'every role') || ' in ' || coalesce(d.datname, 'every database')), '{}')
            FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase
           WHERE EXISTS (SELECT FROM unnest(s.setconfig) AS c
                          WHERE lower(c) ~ '^(default_)?transaction_read_only=(off|false|no|0)$')) AS overrides`

/** What could still write after the fence went up. */
export async function leftoverOf(
  read: Pick<ReadPorts, 'queryPostgres'>,
  server: PostgresTarget,
  abort: AbortSignal,
): Promise<Leftover> {
  return oneRow(LeftoverRow, await read.queryPostgres(server, { sql: LEFTOVER_SQL }, abort), server)
}

/** How a server answers a write: `unreachable` proves nothing, it may come back. */
export type WriteAnswer = 'accepted' | 'refused' | 'unreachable'

/**
 * Tries a write as a user would, and takes it back. PostgreSQL says "read-only" before it looks at privileges, so that a role that may not create
 * tables tells the difference just as well; any other refusal means that the server would have written.
 */
export async function tryWrite(write: WritePorts, server: PostgresTarget, abort: AbortSignal): Promise<WriteAnswer> {
  const statements = [{ sql: 'BEGIN' }, { sql: 'CREATE TABLE failwise_write_probe ()' }, { sql: 'ROLLBACK' }]
  try {
    await write.executePostgres(server, statements, abort)
    return 'accepted'
  } catch (error) {
    if (abort.aborted) throw error
    const state = sqlStateOf(error)
    if (state === '25006') return 'refused'
    if (isUnreachable(error)) return 'unreachable'
    // No privilege, or the table is there: the server got as far as writing. A refused login says nothing about writing and stays a fault.
    if (state === '42501' || state === '42P07' || state === '3F000') return 'accepted'
    throw error
  }
}
