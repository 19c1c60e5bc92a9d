import { createHash } from 'node:crypto'
import type { Writable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { sql } from 'kysely'
import { z } from 'zod'
import type { Instant } from '../domain/time.ts'
import { type Db, reading } from './database.ts'
import { storeFault } from './faults.ts'
import { executedMigrations } from './migrate.ts'
import { writeTo } from './streams.ts'

/** Every table that is exported, parents before children. Scratch state (leases of agents, deliveries) is not. */
export const EXPORTED_TABLES = Object.freeze([
  'events',
  'incidents',
  'incident_alerts',
  'alert_states',
  'evaluations',
  'snapshots',
  'policy_texts',
  'raw_bodies',
  'decisions',
  'approvals',
  'approval_votes',
  'runs',
  'run_journal',
  'group_states',
  'freezes',
  'changes',
  'score_scopes',
  'score_current',
  'score_points',
  'score_buckets',
  'scope_metrics',
  'notifications',
  'posts',
  'outgoing_events',
  'anomaly_models',
  'anomaly_scopes',
  'model_spending',
  'audit_log',
] as const)
export type ExportedTable = (typeof EXPORTED_TABLES)[number]

export const FORMAT = 'failwise-store'
export const FORMAT_VERSION = 1

/** First line: what this is and which schema it was taken from. */
export const ExportHeader = z.object({
  format: z.literal(FORMAT),
  version: z.literal(FORMAT_VERSION),
  exportedAt: z.string(),
  migrations: z.array(z.string()),
})
/** A table begins: its columns. The rows follow as arrays of PostgreSQL's own text, null where null. */
export const ExportTable = z.object({
  table: z.enum(EXPORTED_TABLES),
  columns: z.array(z.string().regex(/^[a-z_0-9]+$/)),
})
export const ExportRow = z.array(z.string().nullable())
/** Last line: how many rows of what, and the SHA-256 of every line before. */
export const ExportFooter = z.object({
  end: z.literal(true),
  rows: z.record(z.string(), z.number()),
  sha256: z.string(),
})

const PAGE = 500

/** Writes the whole store as gzipped lines of JSON, from one consistent moment. */
export async function exportStore(db: Db, to: Writable, at: Instant): Promise<{ rows: number; checksum: string }> {
  const hash = createHash('sha256')
  const gzip = createGzip()
  const piped = new Promise<void>((resolve, reject) => {
    to.on('error', reject)
    gzip.on('error', reject)
    gzip.on('end', resolve)
  })
  // Handled where it is awaited; until then it must not count as unhandled.
  piped.catch(() => {})
  gzip.pipe(to, { end: false })
  const line = async (value: unknown) => {
    const text = `${JSON.stringify(value)}\n`
    hash.update(text)
    await writeTo(gzip, text)
  }
  const migrations = await reading(db, executedMigrations)
  await line({ format: FORMAT, version: FORMAT_VERSION, exportedAt: at, migrations } satisfies z.input<
    typeof ExportHeader
  >)
  const rows: Record<string, number> = {}
  try {
    await db
      .transaction()
      .setIsolationLevel('repeatable read')
      .setAccessMode('read only')
      .execute(async (tx) => {
        // A slow reader makes the transaction wait between two pages.
        await sql`set local idle_in_transaction_session_timeout = 0`.execute(tx)
        for (const table of EXPORTED_TABLES) rows[table] = await exportTable(tx, table, line)
      })
  } catch (error) {
    gzip.destroy()
    throw storeFault(error)
  }
  const checksum = hash.digest('hex')
  await writeTo(gzip, `${JSON.stringify({ end: true, rows, sha256: checksum })}\n`)
  gzip.end()
  await piped
  return { rows: Object.values(rows).reduce((sum, count) => sum + count, 0), checksum }
}

/** Columns as the database orders them. */
export async function columnsOf(db: Db, table: ExportedTable): Promise<string[]> {
  const found = await sql<{ name: string }>`
    select attname::text as name from pg_attribute
    where attrelid = ${table}::regclass and attnum > 0 and not attisdropped order by attnum
  `.execute(db)
  return found.rows.map((row) => row.name)
}

/** By primary key, so that two exports of the same rows are the same. */
async function orderOf(db: Db, table: ExportedTable) {
  const key = await sql<{ name: string }>`
    select attname::text as name from pg_index
    join pg_attribute on attrelid = indrelid and attnum = any(indkey)
    where indrelid = ${table}::regclass and indisprimary order by array_position(indkey, attnum)
  `.execute(db)
  const columns = key.rows.length > 0 ? key.rows.map((row) => row.name) : await columnsOf(db, table)
  return sql`order by ${sql.join(columns.map((column) => sql.id(column)))}`
}

async function exportTable(tx: Db, table: ExportedTable, line: (value: unknown) => Promise<void>): Promise<number> {
  const columns = await columnsOf(tx, table)
  await line({ table, columns })
  const texts = sql.join(columns.map((column) => sql`${sql.id(column)}::text`))
  const cursor = sql.id(`export_${table}`)
  const order = await orderOf(tx, table)
  await sql`declare ${cursor} no scroll cursor for
    select json_build_array(${texts})::text as line from ${sql.id(table)} ${order}`.execute(tx)
  let count = 0
  for (;;) {
    const page = await sql<{ line: string }>`fetch ${sql.lit(PAGE)} from ${cursor}`.execute(tx)
    for (const row of page.rows) await line(JSON.parse(row.line))
    count += page.rows.length
    if (page.rows.length < PAGE) break
  }
  await sql`close ${cursor}`.execute(tx)
  return count
}
