import { CHAIN_START, type ChainHead, chainHash } from '../domain/audit.ts'
import { canonicalJson } from '../domain/canonical.ts'
import { type AuditRow, chainedEntry, indexOf } from './audit-chain.ts'
import type { Tx } from './database.ts'
import { recordHashes } from './decision-document.ts'
import type { AuditVerification } from './keeping.ts'

type Problem = NonNullable<AuditVerification['problem']>

const PAGE = 500

/** Reads the whole chain in order and names the first entry that is wrong. */
export async function verifyChain(tx: Tx, anchors: readonly ChainHead[]): Promise<AuditVerification> {
  const anchored = new Map<number, Set<string>>()
  for (const anchor of anchors) {
    if (anchor.seq < 1) continue
    const hashes = anchored.get(anchor.seq) ?? new Set()
    anchored.set(anchor.seq, hashes.add(anchor.hash))
  }
  const newestAnchor = Math.max(0, ...anchored.keys())
  let head: ChainHead | null = null
  let agreed = 0
  let problem: Problem | null = null
  for (let rows = await page(tx, 0); rows.length > 0 && !problem; rows = await page(tx, Number(rows.at(-1)!.seq))) {
    const records = await recordHashes(tx, rows)
    for (const [place, row] of rows.entries()) {
      const expected: number = (head?.seq ?? 0) + 1
      const next = rows[place + 1] ?? (await page(tx, Number(row.seq), 1))[0]
      problem = checkLink(row, expected, head?.hash ?? CHAIN_START, next) ?? checkRecord(row, records)
      if (!problem) {
        const hashes = anchored.get(expected)
        if (hashes && (hashes.size > 1 || !hashes.has(row.hash))) problem = replaced(agreed, expected)
        else if (hashes) agreed = expected
      }
      if (problem) break
      head = { seq: expected, hash: row.hash, at: row.at }
    }
  }
  const last = head?.seq ?? 0
  if (!problem && last < newestAnchor)
    problem = {
      seq: last + 1,
      kind: 'truncated',
      detail: `the log ends at entry ${last}, but entry ${newestAnchor} was anchored outside`,
    }
  return {
    ok: problem === null,
    entries: last,
    head,
    anchors: anchored.size,
    anchoredUpTo: agreed,
    problem,
  }
}

function page(tx: Tx, afterSeq: number, limit = PAGE): Promise<AuditRow[]> {
  return tx
    .selectFrom('audit_log')
    .selectAll()
    .where('seq', '>', String(afterSeq))
    .orderBy('seq')
    .limit(limit)
    .execute()
}

function checkLink(row: AuditRow, expected: number, previous: string, next: AuditRow | undefined): Problem | null {
  const seq = Number(row.seq)
  if (seq !== expected) {
    const detail = seq === expected + 1 ? `entry ${expected} is gone` : `entries ${expected} to ${seq - 1} are gone`
    return { seq: expected, kind: 'missing', detail }
  }
  const entry = parsed(row)
  if (entry === null) return { seq, kind: 'altered', detail: `entry ${seq} cannot be read as an entry` }
  const hash = chainHash(seq, row.previous_hash, entry)
  if (row.previous_hash !== previous || hash !== row.hash) {
    // Whole and chained, but made for a later place: either its neighbour stands where it belongs, or one before it is gone.
    if (row.previous_hash !== previous && chainHash(seq + 1, row.previous_hash, entry) === row.hash) {
      const swapped = next && chainHash(seq, previous, parsed(next)) === next.hash
      return swapped
        ? { seq, kind: 'reordered', detail: `entries ${seq} and ${seq + 1} changed places` }
        : { seq, kind: 'missing', detail: `entry ${seq} is gone, and the later ones were renumbered` }
    }
    if (hash === row.hash && seq > 1)
      return {
        seq: seq - 1,
        kind: 'altered',
        detail: `entry ${seq - 1} does not have the hash that entry ${seq} was chained to`,
      }
    return { seq, kind: 'altered', detail: `entry ${seq} does not match its hash` }
  }
  const copies = indexOf(entry)
  const isCopied = (Object.keys(copies) as (keyof typeof copies)[]).every((column) => row[column] === copies[column])
  if (!isCopied || canonicalJson(entry) !== row.entry)
    return { seq, kind: 'altered', detail: `the columns of entry ${seq} say something else than the entry` }
  return null
}

function parsed(row: AuditRow) {
  try {
    return chainedEntry(row).entry
  } catch {
    return null
  }
}

function checkRecord(row: AuditRow, records: ReadonlyMap<string, string | null>): Problem | null {
  const entry = row.kind === 'decision_made' ? parsed(row) : null
  if (entry?.kind !== 'decision_made') return null
  const stored = records.get(entry.decisionId)
  const seq = Number(row.seq)
  if (stored === undefined)
    return { seq, kind: 'record_altered', detail: `decision ${entry.decisionId} of entry ${seq} is gone` }
  if (stored !== entry.recordHash)
    return { seq, kind: 'record_altered', detail: `decision ${entry.decisionId} was altered after entry ${seq}` }
  return null
}

function replaced(agreed: number, seq: number): Problem {
  const first = agreed + 1
  const which = first === seq ? `entry ${seq}` : `one or more of the entries ${first} to ${seq}`
  return { seq: first, kind: 'replaced', detail: `${which}: rewritten, since the hash anchored outside is another one` }
}
