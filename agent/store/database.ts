import { Kysely, PostgresDialect, type PostgresPoolClient, sql, type Transaction } from 'kysely'
import pg from 'pg'
import { Fault } from '../lib/errors.ts'
import { isContention, isStandby, sqlStateOf, storeFault } from './faults.ts'
import type { Schema } from './schema.ts'

export type Db = Kysely<Schema>
export type Tx = Transaction<Schema>

/** The role that the agent works as; it may add to the audit log and read it, and nothing else there. */
export const AGENT_ROLE = 'failwise_agent'

const INT8 = 20
const TIMESTAMPTZ = 1184
const FLOAT8 = 701
const BYTEA = 17
const BOOL = 16
const SMALL_NUMBERS: ReadonlySet<number> = new Set([21, 23, 26, 700, FLOAT8])

/** Text of a timestamptz (session time zone UTC) as an instant. */
function parseTimestamp(text: string): string {
  const ms = Date.parse(`${text.replace(' ', 'T')}:00`)
  if (!Number.isFinite(ms)) throw new Fault('store_corrupt', `the database holds an impossible time: ${text}`)
  return new Date(ms).toISOString()
}

/** Explicit about every type that is used: int8 stays text, times become instants, the rest stays text. */
const types = {
  getTypeParser(oid: number) {
    if (oid === TIMESTAMPTZ) return parseTimestamp
    if (oid === BOOL) return (text: string) => text === 't'
    if (oid === BYTEA) return (text: string) => Buffer.from(text.slice(2), 'hex')
    if (SMALL_NUMBERS.has(oid)) return Number
    if (oid === INT8) return (text: string) => text
    return (text: string) => text
  },
}

/** PostgreSQL text holds neither NUL nor half a surrogate pair; both arrive in hostile alerts. */
export function storable<T>(value: T): T
export function storable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(storable)
  return typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '\uFFFD') : value
}

export interface PoolOptions {
  readonly databaseUrl: string
  readonly maximumConnections: number
  readonly connectTimeoutMs: number
  readonly statementTimeoutMs: number
  /** Work as this role; null as whoever the URL names. */
  readonly role: string | null
  readonly applicationName: string
}

/**
 * No transaction of ours waits for anything but the database. One that does belongs to a machine that stopped or was cut off, and what it has locked (the audit
 * chain) would stop all others.
 */
const IDLE_IN_TRANSACTION_MS = 8000

/** The server notices within half a minute that a machine is gone, and frees what its session held. */
const KEEPALIVES = 'set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3'

/** A pool whose connections speak UTC and whose losses are noticed. */
export function openPool(options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: options.databaseUrl,
    max: options.maximumConnections,
    connectionTimeoutMillis: options.connectTimeoutMs,
    // The server ends a long statement; the client gives up on a silent server a little later.
    query_timeout: options.statementTimeoutMs + 2000,
    keepAlive: true,
    application_name: options.applicationName,
    types: types as pg.CustomTypesConfig,
    onConnect: async (client) => {
      // A connection that breaks between two statements of a transaction belongs to nobody who listens; unheard, it would end the process.
      client.on('error', () => {})
      await client.query(
        `set timezone = 'UTC'; set statement_timeout = ${options.statementTimeoutMs}; set idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_MS}; ${KEEPALIVES}`,
      )
      if (options.role) await client.query(`set role ${options.role}`)
    },
  })
  // A connection that breaks while idle; the next use finds out and answers for it.
  pool.on('error', () => {})
  return pool
}

/** When the network to the database was last found dead; connections that are older than that are dropped instead of being waited for one by one. */
export interface Suspicion {
  sinceMs: number
}

/** Typed queries on a pool. Several pools of one database share what they find out about the network. */
export function openKysely(pool: pg.Pool, suspicion: Suspicion = { sinceMs: 0 }): Db {
  return new Kysely<Schema>({
    dialect: new PostgresDialect({
      pool: {
        end: () => pool.end(),
        options: pool.options,
        connect: async () => usable(await freshClient(pool, suspicion), suspicion),
      },
    }),
  })
}

const openedAtMs = new WeakMap<pg.PoolClient, number>()

async function freshClient(pool: pg.Pool, suspicion: Suspicion): Promise<pg.PoolClient> {
  for (;;) {
    const client = await pool.connect()
    const openedMs = openedAtMs.get(client)
    if (openedMs === undefined) openedAtMs.set(client, performance.now())
    else if (openedMs < suspicion.sinceMs) {
      hangUp(client)
      client.release(true)
      continue
    }
    return client
  }
}

/** A client for one borrower. After a failure that the server did not answer, nothing more is said on this connection: it would wait behind what hangs. */
function usable(client: pg.PoolClient, suspicion: Suspicion): PostgresPoolClient {
  let isBroken = false
  const query = async (text: string, parameters: readonly unknown[]) => {
    if (isBroken) throw new Error('the connection broke before')
    try {
      return await client.query(text, parameters.map(storable))
    } catch (error) {
      const isSilent = error instanceof Error && error.message === SILENT_SERVER
      if (isSilent || isStandby(error)) suspicion.sinceMs = performance.now()
      if (sqlStateOf(error) === null || isStandby(error)) {
        isBroken = true
        hangUp(client)
      }
      throw error
    }
  }
  const release = (destroy?: boolean) => client.release(destroy === true || isBroken)
  return { query, release } as unknown as PostgresPoolClient
}

/** What the driver says when the time for an answer is over; it has no code for it. */
const SILENT_SERVER = 'Query read timeout'

/** Ends the connection without a goodbye, which a dead network would never deliver. */
function hangUp(client: pg.PoolClient): void {
  const { connection } = client as unknown as { readonly connection?: { readonly stream?: { destroy(): void } } }
  connection?.stream?.destroy()
}

/** Runs queries outside of a transaction, with faults of our own. */
export async function reading<T>(db: Db, run: (db: Db) => Promise<T>): Promise<T> {
  try {
    return await run(db)
  } catch (error) {
    throw storeFault(error)
  }
}

const CONTENTION_ATTEMPTS = 4

/** One transaction; tried again at once on a deadlock. Commits, or leaves no trace. */
export async function writing<T>(db: Db, run: (tx: Tx) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.transaction().execute(run)
    } catch (error) {
      if (isContention(error) && attempt < CONTENTION_ATTEMPTS) continue
      throw storeFault(error)
    }
  }
}

/** Locks that are held to the end of a transaction, by purpose. */
export const LOCKS = Object.freeze({
  audit: 7_301,
  ingest: 7_302,
  runStart: 7_303,
  migrate: 7_304,
  prune: 7_305,
  events: 7_306,
})

/** Waits for one of the transaction locks. */
export async function lockFor(tx: Tx, purpose: keyof typeof LOCKS): Promise<void> {
  await sql`select pg_advisory_xact_lock(${sql.lit(LOCKS[purpose])})`.execute(tx)
}

/** Rows as one JSON parameter, for statements that write many at once. */
export function rowsParameter(rows: readonly unknown[]): string {
  // Inside of JSON a NUL would be an escape that the server unfolds, so it is replaced before.
  return JSON.stringify(rows, (_key, value) => storable(value))
}
