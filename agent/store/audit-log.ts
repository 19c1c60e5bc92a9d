import { sql } from 'kysely'
import type { AuditEntry, ChainedEntry } from '../domain/audit.ts'
import { entryText } from '../domain/audit-text.ts'
import { Fault } from '../lib/errors.ts'
import { type AuditRow, appendToChain, chainedEntry, headOf } from './audit-chain.ts'
import { verifyChain } from './audit-verify.ts'
import { fromRow, type StoreContext } from './context.ts'
import { type Db, reading, writing } from './database.ts'
import { storeFault } from './faults.ts'
import type { AuditColumn, AuditFilter, AuditLog, AuditSort } from './keeping.ts'
import { writeTo } from './streams.ts'

const PAGE = 500
const DEFAULT_LIMIT = 100
const MAXIMUM_LIMIT = 10_000

/** The append-only record of decisions, approvals, runs and administrative acts. */
export function auditLog(context: StoreContext): AuditLog {
  const { db } = context
  const entryOf = (row: AuditRow) => fromRow({ parse: () => chainedEntry(row) }, row, 'audit entry')
  return {
    append: async (entries: readonly AuditEntry[]) => {
      const head = await writing(db, (tx) => appendToChain(tx, entries))
      if (!head) throw new Fault('internal', 'an empty list cannot be put on record')
      context.anchors.anchor(head)
      return head
    },
    head: () => reading(db, headOf),
    get: async (seq) => {
      const row = await reading(db, (query) =>
        query.selectFrom('audit_log').selectAll().where('seq', '=', String(seq)).executeTakeFirst(),
      )
      return row ? entryOf(row) : null
    },
    list: async (filter = {}) => (await page(db, filter)).map(entryOf),
    verify: async (anchors) => {
      try {
        return await db
          .transaction()
          .setIsolationLevel('repeatable read')
          .setAccessMode('read only')
          .execute((tx) => verifyChain(tx, anchors))
      } catch (error) {
        throw storeFault(error)
      }
    },
    export: async (to, format, filter = {}, columns = undefined) => {
      const order = filter.order ?? 'oldest'
      let written = 0
      let following: AuditFilter['following']
      if (format === 'csv') await writeTo(to, `${(columns ?? CSV_COLUMNS).join(',')}\n`)
      if (format === 'json') await writeTo(to, '[')
      for (;;) {
        const rows = await page(db, { ...filter, order, limit: PAGE, ...(following && { following }) })
        for (const row of rows) {
          const separator = format === 'json' && written > 0 ? ',\n' : ''
          await writeTo(to, `${separator}${lineOf(row, format, columns)}${format === 'json' ? '' : '\n'}`)
          written += 1
        }
        const last = rows.at(-1)
        if (!last || rows.length < PAGE) break
        following = { value: sortedBy(last, filter.sort ?? 'seq'), seq: Number(last.seq) }
      }
      if (format === 'json') await writeTo(to, ']\n')
      return written
    },
  }
  function lineOf(row: AuditRow, format: 'ndjson' | 'csv' | 'json', columns: readonly AuditColumn[] | undefined) {
    if (columns) {
      const cells = cellsOf(entryOf(row))
      if (format === 'csv') return columns.map((column) => csvField(cells[column])).join(',')
      return JSON.stringify(Object.fromEntries(columns.map((column) => [column, cells[column]])))
    }
    if (format === 'csv') return CSV_COLUMNS.map((column) => csvField(row[column])).join(',')
    return JSON.stringify(entryOf(row))
  }
}

/** One page of what fits, in the order that is asked for. */
function page(db: StoreContext['db'], filter: AuditFilter): Promise<AuditRow[]> {
  const limit = Math.min(filter.limit ?? DEFAULT_LIMIT, MAXIMUM_LIMIT)
  const { sort = 'seq', order = 'newest', following } = filter
  const direction = order === 'oldest' ? 'asc' : 'desc'
  return reading(db, (query) => {
    let rows = filtered(query, filter)
    if (sort === 'seq') {
      if (following) rows = rows.where('seq', direction === 'asc' ? '>' : '<', String(following.seq))
      return rows.orderBy('seq', direction).limit(limit).execute()
    }
    const value = sql<string>`coalesce(${sql.ref(sort)}, '') collate "C"`
    if (following) {
      const { value: from, seq } = following
      const isBeyond = direction === 'asc' ? sql`>` : sql`<`
      // Equal values stand in the order of the chain whichever way the list goes, so only the value turns around.
      rows = rows.where(sql<boolean>`(${value} ${isBeyond} ${from} or (${value} = ${from} and seq > ${seq}))`)
    }
    return rows.orderBy(value, direction).orderBy('seq', 'asc').limit(limit).execute()
  })
}

/** What an entry is sorted by, as the database compares it. */
function sortedBy(row: AuditRow, sort: AuditSort): string {
  return sort === 'seq' ? '' : (row[sort] ?? '')
}

function filtered(db: Db, filter: AuditFilter) {
  let query = db.selectFrom('audit_log').selectAll()
  if (filter.kinds?.length) query = query.where('kind', 'in', filter.kinds)
  if (filter.incidentId !== undefined) query = query.where('incident_id', '=', filter.incidentId)
  if (filter.service !== undefined) query = query.where('service', '=', filter.service)
  if (filter.actor !== undefined) query = query.where('actor', '=', filter.actor)
  if (filter.from !== undefined) query = query.where('at', '>=', filter.from)
  if (filter.to !== undefined) query = query.where('at', '<', filter.to)
  if (filter.action !== undefined) query = query.where(fieldOf('action'), '=', filter.action)
  if (filter.disposition !== undefined) query = query.where(fieldOf('disposition'), '=', filter.disposition)
  if (filter.text !== undefined) query = query.where('entry', 'ilike', `%${filter.text.replace(/[\\%_]/g, '\\$&')}%`)
  if (filter.beforeSeq !== undefined) query = query.where('seq', '<', String(filter.beforeSeq))
  return query
}

/** A field of the entry that has no column of its own; such filters narrow what others found, or read the whole log. */
function fieldOf(name: 'action' | 'disposition') {
  return sql<string>`(entry::jsonb ->> ${sql.lit(name)})`
}

const CSV_COLUMNS = ['seq', 'at', 'kind', 'actor', 'incident_id', 'service', 'previous_hash', 'hash', 'entry'] as const

/** An entry in the columns that people choose from. */
function cellsOf({ seq, hash, entry }: ChainedEntry): Record<AuditColumn, string | number | null> {
  const fields: { readonly [field: string]: unknown } = entry
  const text = (name: string) => (typeof fields[name] === 'string' ? (fields[name] as string) : null)
  return {
    ...{ seq, hash, at: entry.at, kind: entry.kind, actor: entry.actor.id, words: entryText(entry) },
    ...{ service: text('service'), action: text('action'), disposition: text('disposition') },
    ...{ incident: text('incidentId'), decision: text('decisionId') },
  }
}

/** A spreadsheet runs what begins like a formula, so such a field is marked as text. */
function csvField(value: string | number | null): string {
  const text = value === null ? '' : String(value)
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
