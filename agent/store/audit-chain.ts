import type { Selectable } from 'kysely'
import { AuditEntry, CHAIN_START, ChainedEntry, type ChainHead, chainHash } from '../domain/audit.ts'
import { canonicalJson } from '../domain/canonical.ts'
import { type Db, lockFor, type Tx } from './database.ts'
import type { Schema } from './schema.ts'

export type AuditRow = Selectable<Schema['audit_log']>

/** The columns that lists are filtered by; they repeat what the entry says, and verification compares them. */
export function indexOf(entry: AuditEntry) {
  return {
    at: entry.at,
    kind: entry.kind,
    actor: entry.actor.id,
    incident_id: 'incidentId' in entry ? entry.incidentId : null,
    service: 'service' in entry ? entry.service : null,
  }
}

/** Chains entries to the log within a transaction; null when there is nothing to chain. */
export async function appendToChain(tx: Tx, entries: readonly AuditEntry[]): Promise<ChainHead | null> {
  if (entries.length === 0) return null
  // One writer at a time, to the end of the transaction: the next one must see this head.
  await lockFor(tx, 'audit')
  const head = await headOf(tx)
  let seq = head?.seq ?? 0
  let hash = head?.hash ?? CHAIN_START
  const rows = entries.map((given) => {
    const entry = AuditEntry.parse(given)
    seq += 1
    const previous = hash
    hash = chainHash(seq, previous, entry)
    return { seq, ...indexOf(entry), previous_hash: previous, hash, entry: canonicalJson(entry) }
  })
  await tx.insertInto('audit_log').values(rows).execute()
  return { seq, hash, at: rows.at(-1)!.at }
}

/** The newest entry's place; null for an empty log. */
export async function headOf(db: Db): Promise<ChainHead | null> {
  const row = await db
    .selectFrom('audit_log')
    .select(['seq', 'hash', 'at'])
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row ? { seq: Number(row.seq), hash: row.hash, at: row.at } : null
}

export function chainedEntry(row: AuditRow): ChainedEntry {
  return ChainedEntry.parse({
    seq: Number(row.seq),
    previousHash: row.previous_hash,
    hash: row.hash,
    entry: JSON.parse(row.entry),
  })
}
