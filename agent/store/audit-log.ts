import { sql } from 'kysely'
import type { AuditEntry } from '../domain/audit.ts'
import { Fault } from '../lib/errors.ts'
import { type AuditRow, appendToChain, chainedEntry, headOf } from './audit-chain.ts'
import { verifyChain } from './audit-verify.ts'
import { fromRow, type StoreContext } from './context.ts'
import { type Db, reading, writing } from './database.ts'
import { storeFault } from './faults.ts'
import type { AuditFilter, AuditLog } from './keeping.ts'
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
    list: async (filter = {}) => {
      const limit = Math.min(filter.limit ?? DEFAULT_LIMIT, MAXIMUM_LIMIT)
      const rows = await reading(db, (query) =>
        filtered(query, filter)
          .orderBy('seq', filter.order === 'oldest' ? 'asc' : 'desc')
          .limit(limit)
          .execute(),
      )
      return rows.map(entryOf)
    },
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
    export: async (to, format, filter = {}) => {
      let written = 0
      const isNewestFirst = filter.order === 'newest'
      let place = isNewestFirst ? Number.MAX_SAFE_INTEGER : 0
      if (format === 'csv') await writeTo(to, `${CSV_COLUMNS.join(',')}\n`)
      if (format === 'json') await writeTo(to, '[')
      for (;;) {
        const from = String(place)
        const rows = await reading(db, (query) =>
          filtered(query, filter)
            .where('seq', isNewestFirst ? '<' : '>', from)
            .orderBy('seq', isNewestFirst ? 'desc' : 'asc')
            .limit(PAGE)
            .execute(),
        )
        for (const row of rows) {
          const text = format === 'csv' ? csvLine(row) : JSON.stringify(entryOf(row))
          const separator = format === 'json' && written > 0 ? ',\n' : ''
          await writeTo(to, format === 'json' ? `${separator}${text}` : `${text}\n`)
          written += 1
        }
        if (rows.length < PAGE) break
        place = Number(rows.at(-1)!.seq)
      }
      if (format === 'json') await writeTo(to, ']\n')
      return written
    },
  }
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
  if (filter.afterSeq !== undefined) query = query.where('seq', '>', String(filter.afterSeq))
  if (filter.beforeSeq !== undefined) query = query.where('seq', '<', String(filter.beforeSeq))
  return query
}

/** A field of the entry that has no column of its own; such filters narrow what others found, or read the whole log. */
function fieldOf(name: 'action' | 'disposition') {
  return sql<string>`(entry::jsonb ->> ${sql.lit(name)})`
}

const CSV_COLUMNS = ['seq', 'at', 'kind', 'actor', 'incident_id', 'service', 'previous_hash', 'hash', 'entry'] as const

function csvLine(row: AuditRow): string {
  return CSV_COLUMNS.map((column) => csvField(row[column])).join(',')
}

/** A spreadsheet runs what begins like a formula, so such a field is marked as text. */
function csvField(value: string | number | null): string {
  const text = value === null ? '' : String(value)
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
