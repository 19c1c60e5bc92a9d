import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { sql } from 'kysely'
import type { ZodType, z } from 'zod'
import { Fault, isFault } from '../lib/errors.ts'
import { verifyChain } from './audit-verify.ts'
import type { Db, Tx } from './database.ts'
import { storeFault } from './faults.ts'
import { executedMigrations } from './migrate.ts'
import {
  columnsOf,
  EXPORTED_TABLES,
  type ExportedTable,
  ExportFooter,
  ExportHeader,
  ExportRow,
  ExportTable,
} from './transfer.ts'

const ROWS_PER_INSERT = 200
/** PostgreSQL takes no more parameters than this in one statement. */
const PARAMETER_LIMIT = 60_000
/** One line is one row; the largest holds a raw body of some megabytes. */
const LINE_LIMIT_CHARACTERS = 256 * 1024 * 1024

/** Fills an empty store from an export: everything, verified, or nothing. */
export async function importStore(
  db: Db,
  from: AsyncIterable<Uint8Array>,
): Promise<{ rows: number; checksum: string }> {
  try {
    return await db.transaction().execute(async (tx) => {
      await sql`set local statement_timeout = 0`.execute(tx)
      await sql`set local idle_in_transaction_session_timeout = 0`.execute(tx)
      // Incidents refer to each other.
      await sql`set constraints all deferred`.execute(tx)
      await refuseUnlessEmpty(tx)
      const result = await readAll(tx, from)
      await sql`select setval(pg_get_serial_sequence('score_scopes', 'id'), coalesce(max(id), 0) + 1, false) from score_scopes`.execute(
        tx,
      )
      await sql`select setval(pg_get_serial_sequence('outgoing_events', 'seq'), coalesce(max(seq), 0) + 1, false) from outgoing_events`.execute(
        tx,
      )
      const { problem } = await verifyChain(tx, [])
      if (problem)
        throw new Fault('audit_broken', `the export's audit log does not verify: ${problem.detail}`, {
          hint: 'nothing was imported; take an export that verifies',
          details: { seq: problem.seq, kind: problem.kind },
        })
      return result
    })
  } catch (error) {
    throw storeFault(error)
  }
}

async function refuseUnlessEmpty(tx: Tx): Promise<void> {
  for (const table of EXPORTED_TABLES) {
    const row = await sql<{ found: boolean }>`select exists (select from ${sql.id(table)}) as found`.execute(tx)
    if (row.rows[0]?.found)
      throw new Fault('conflict', `the store is not empty (there are rows in ${table})`, {
        hint: 'import into a new data folder or a new database',
      })
  }
}

async function readAll(tx: Tx, from: AsyncIterable<Uint8Array>): Promise<{ rows: number; checksum: string }> {
  const hash = createHash('sha256')
  const counts: Record<string, number> = {}
  let number = 0
  let current: { table: ExportedTable; columns: string[] } | null = null
  let pending: (string | null)[][] = []
  let footer: z.infer<typeof ExportFooter> | null = null
  const flush = async () => {
    if (current && pending.length > 0) await insertRows(tx, current, pending)
    pending = []
  }
  for await (const line of lines(from)) {
    number += 1
    if (footer) throw broken(number, 'there is more after its end')
    const value = parseLine(line, number)
    if (number === 1) await checkHeader(tx, value)
    else if (Array.isArray(value)) {
      if (!current) throw broken(number, 'a row stands before its table')
      const row = checked(ExportRow, value, number)
      if (row.length !== current.columns.length) throw broken(number, 'a row has another number of columns')
      pending.push(row)
      counts[current.table] = (counts[current.table] ?? 0) + 1
      if (pending.length >= Math.min(ROWS_PER_INSERT, PARAMETER_LIMIT / row.length)) await flush()
    } else if (value !== null && typeof value === 'object' && 'end' in value) {
      await flush()
      footer = checked(ExportFooter, value, number)
      continue
    } else {
      await flush()
      current = checked(ExportTable, value, number)
      await checkColumns(tx, current)
      counts[current.table] ??= 0
    }
    hash.update(`${line}\n`)
  }
  const checksum = hash.digest('hex')
  if (!footer) throw broken(number, 'it ends too early')
  if (footer.sha256 !== checksum) throw broken(number, 'its checksum does not match')
  for (const [table, rows] of Object.entries(footer.rows))
    if ((counts[table] ?? 0) !== rows) throw broken(number, `${table} should have ${rows} rows`)
  return { rows: Object.values(counts).reduce((sum, count) => sum + count, 0), checksum }
}

async function checkHeader(tx: Tx, value: unknown): Promise<void> {
  const header = checked(ExportHeader, value, 1)
  const here = await executedMigrations(tx)
  const unknown = header.migrations.filter((name) => !here.includes(name))
  if (unknown.length > 0)
    throw new Fault('conflict', `the export comes from a newer version (${unknown.join(', ')})`, {
      hint: 'import it with that version or a newer one',
    })
}

async function checkColumns(tx: Tx, { table, columns }: { table: ExportedTable; columns: string[] }): Promise<void> {
  const here = await columnsOf(tx, table)
  const unknown = columns.filter((column) => !here.includes(column))
  if (unknown.length > 0)
    throw new Fault('payload_invalid', `the export has unknown columns in ${table}: ${unknown.join(', ')}`)
}

async function insertRows(
  tx: Tx,
  { table, columns }: { table: ExportedTable; columns: string[] },
  rows: readonly (readonly (string | null)[])[],
): Promise<void> {
  const names = sql.join(columns.map((column) => sql.id(column)))
  const values = sql.join(rows.map((row) => sql`(${sql.join(row.map((text) => sql`${text}`))})`))
  await sql`insert into ${sql.id(table)} (${names}) values ${values}`.execute(tx)
}

function checked<T>(schema: ZodType<T>, value: unknown, line: number): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw broken(line, 'this line is not what an export holds there')
}

function parseLine(line: string, number: number): unknown {
  try {
    return JSON.parse(line)
  } catch {
    throw broken(number, 'this line is not JSON')
  }
}

function broken(line: number | null, how: string): Fault {
  return new Fault('payload_invalid', `the export cannot be imported${line === null ? '' : `, line ${line}`}: ${how}`, {
    hint: 'nothing was imported; check that the file was copied completely',
  })
}

/** Lines of gzipped text. */
async function* lines(from: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const packed = Readable.from(from)
  const unpacked = createGunzip()
  packed.on('error', (error) => unpacked.destroy(error))
  // Whoever iterates hears of an error; without a listener one that comes between two reads would end the process.
  unpacked.on('error', () => {})
  packed.pipe(unpacked)
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rest = ''
  try {
    for await (const chunk of unpacked) {
      rest += decoder.decode(chunk, { stream: true })
      if (rest.length > LINE_LIMIT_CHARACTERS) throw broken(null, 'a line is too long')
      const parts = rest.split('\n')
      rest = parts.pop() ?? ''
      yield* parts
    }
  } catch (error) {
    if (isFault(error)) throw error
    throw broken(null, 'it is not a complete gzip file')
  } finally {
    packed.destroy()
    unpacked.destroy()
  }
  if (rest !== '') yield rest
}
