import { type Kysely, sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import { Fault } from '../lib/errors.ts'
import { AGENT_ROLE, type Db, LOCKS } from './database.ts'
import { sqlStateOf, storeFault } from './faults.ts'
import { MIGRATIONS, SCHEMA_FLOOR } from './migrations/index.ts'

const ALREADY_THERE: ReadonlySet<string> = new Set(['42710', '23505'])
const NOT_PERMITTED = '42501'

/** What a migrated database offers. */
export interface Migrated {
  /** The role to work as; null when this login may create none, and then only the trigger guards the audit log. */
  readonly role: string | null
  readonly applied: readonly string[]
}

/** Brings the schema up to date, one agent at a time, and grants the agent's role no more than it needs. */
export async function migrate(db: Db): Promise<Migrated> {
  try {
    return await db.connection().execute(async (connection) => {
      // A session lock: several agents may start at once, and the migrator works in transactions of its own.
      await sql`select pg_advisory_lock(${sql.lit(LOCKS.migrate)})`.execute(connection)
      try {
        const applied = await applyMigrations(connection)
        const role = await grantRole(connection)
        return { role, applied }
      } finally {
        await sql`select pg_advisory_unlock(${sql.lit(LOCKS.migrate)})`.execute(connection)
      }
    })
  } catch (error) {
    throw storeFault(error)
  }
}

async function applyMigrations(db: Db): Promise<string[]> {
  const known = Object.keys(MIGRATIONS)
  const executed = await executedMigrations(db)
  const unknown = executed.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    const floor = await schemaFloor(db)
    // A newer version has only added to what this one knows, as during an upgrade of one agent after the other.
    if (floor !== null && known.includes(floor)) return []
    throw new Fault('config_invalid', `the database was migrated by a newer version (${unknown.join(', ')})`, {
      hint: 'run that version or a newer one; going back is done by importing an export into an empty store',
    })
  }
  const migrator = new Migrator({
    db: db as unknown as Kysely<unknown>,
    provider: { getMigrations: async () => ({ ...MIGRATIONS }) },
  })
  const { error, results } = await migrator.migrateToLatest()
  if (error) throw error
  await sql`
    insert into schema_floor (migration) values (${SCHEMA_FLOOR})
    on conflict (only_row) do update set migration = excluded.migration
  `.execute(db)
  return (results ?? []).map((result) => result.migrationName)
}

/** Names of the migrations that this database has seen; none when it is empty. */
export async function executedMigrations(db: Db): Promise<string[]> {
  const table = await sql<{ found: string | null }>`select to_regclass('kysely_migration')::text as found`.execute(db)
  if (!table.rows[0]?.found) return []
  const rows = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db)
  return rows.rows.map((row) => row.name)
}

async function schemaFloor(db: Db): Promise<string | null> {
  const table = await sql<{ found: string | null }>`select to_regclass('schema_floor')::text as found`.execute(db)
  if (!table.rows[0]?.found) return null
  const row = await db.selectFrom('schema_floor').select('migration').executeTakeFirst()
  return row?.migration ?? null
}

async function grantRole(db: Db): Promise<string | null> {
  try {
    await sql`create role ${sql.id(AGENT_ROLE)} nologin`.execute(db)
  } catch (error) {
    const state = sqlStateOf(error) ?? ''
    if (!ALREADY_THERE.has(state) && state !== NOT_PERMITTED) throw error
  }
  try {
    await db.transaction().execute(async (tx) => {
      const role = sql.id(AGENT_ROLE)
      await sql`grant ${role} to current_user`.execute(tx)
    })
  } catch (error) {
    const state = sqlStateOf(error) ?? ''
    // Granted before by someone who may; otherwise the role is out of reach.
    if (state !== NOT_PERMITTED && state !== '42704' && state !== '0LP01') throw error
  }
  const member = await sql<{ member: boolean }>`
    select coalesce((select pg_has_role(current_user, oid, 'member') from pg_roles where rolname = ${AGENT_ROLE}), false)
      as member`.execute(db)
  if (!member.rows[0]?.member) return null
  await db.transaction().execute(async (tx) => {
    const role = sql.id(AGENT_ROLE)
    await sql`grant usage on schema public to ${role}`.execute(tx)
    await sql`grant select, insert, update, delete on all tables in schema public to ${role}`.execute(tx)
    await sql`grant usage, select, update on all sequences in schema public to ${role}`.execute(tx)
    await sql`revoke update, delete, truncate, references, trigger on audit_log from ${role}`.execute(tx)
    await sql`revoke insert, update, delete on kysely_migration, kysely_migration_lock, schema_floor from ${role}`.execute(
      tx,
    )
  })
  return AGENT_ROLE
}
