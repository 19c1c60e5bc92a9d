import { sql } from 'kysely'
import type { AuditEntry, ChainHead } from '../domain/audit.ts'
import { type Instant, instantOf } from '../domain/time.ts'
import type { Clock } from '../lib/clock.ts'
import { Fault } from '../lib/errors.ts'
import type { AnchorKeeper } from './anchors.ts'
import { appendToChain } from './audit-chain.ts'
import { type Db, type Tx, writing } from './database.ts'
import { enqueueEvents, eventsOf } from './outgoing-rows.ts'

/** What every group of the store works with. */
export interface StoreContext {
  readonly db: Db
  readonly clock: Clock
  /** A new identifier, such as `inc_…` for the kind `inc`. */
  readonly newId: (kind: string) => string
  readonly anchors: AnchorKeeper
  /** Whether what is put on record is also told to others as events. */
  readonly isPublishing: boolean
  /** Whose clock differs from the database's by more puts nothing on record; null trusts every clock. */
  readonly maximumSkewMs: number | null
}

export function nowOf(context: StoreContext): Instant {
  return instantOf(context.clock.now())
}

/** One transaction whose audit entries are chained at its end, so that the chain's lock is held as briefly as possible. */
export async function recording<T>(
  context: StoreContext,
  run: (tx: Tx, note: (entry: AuditEntry) => void) => Promise<T>,
): Promise<T> {
  let head: ChainHead | null = null
  const result = await writing(context.db, async (tx) => {
    await refuseWrongClock(tx, context)
    const entries: AuditEntry[] = []
    const value = await run(tx, (entry) => entries.push(entry))
    await enqueueEvents(tx, context, eventsOf(entries))
    head = await appendToChain(tx, entries)
    return value
  })
  if (head) context.anchors.anchor(head)
  return result
}

/** Cooldowns, deadlines of questions and freezes are about real time: a clock that jumped must neither end nor prolong one. */
export async function refuseWrongClock(tx: Db, { clock, maximumSkewMs }: StoreContext): Promise<void> {
  if (maximumSkewMs === null) return
  const { rows } = await sql<{ ms: number }>`
    select extract(epoch from clock_timestamp())::float8 * 1000 as ms`.execute(tx)
  const skewMs = clock.now() - (rows[0]?.ms ?? 0)
  if (Math.abs(skewMs) <= maximumSkewMs) return
  throw new Fault('store_unavailable', `the clock here and the database's differ by ${Math.round(skewMs / 1000)} s`, {
    hint: 'set the clock of this machine or of the database; until then nothing is put on record from here',
    details: { skewMs: Math.round(skewMs) },
  })
}

/** A row that must be there, or Fault `not_found` in the words of people. */
export function found<T>(row: T | undefined, what: string, id: string): T {
  if (row === undefined) throw new Fault('not_found', `there is no ${what} ${id}`)
  return row
}

/** What a row holds, checked on its way in; a row that does not fit was not written by us. */
export function fromRow<T>(schema: { parse(value: unknown): T }, value: unknown, what: string): T {
  try {
    return schema.parse(value)
  } catch (cause) {
    throw new Fault('store_corrupt', `the database holds a ${what} that cannot be read`, { cause })
  }
}

/** A JSON text column. */
export function parseDocument(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Fault('store_corrupt', `the database holds a ${what} that is not JSON`, { cause })
  }
}
