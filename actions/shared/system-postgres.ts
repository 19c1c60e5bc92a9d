import pg from 'pg'
import { Fault } from '../../agent/lib/errors.ts'
import type { PostgresTarget, ReadPorts, Rows, SqlStatement, WritePorts } from '../ports.ts'

const CONNECT_TIMEOUT_MS = 5000

/** Asks within a transaction that the server keeps read-only. */
export const queryPostgres: ReadPorts['queryPostgres'] = (target, { sql, parameters }, abort) =>
  connected(target, '-c default_transaction_read_only=on', abort, async (client) => {
    await client.query('BEGIN TRANSACTION READ ONLY')
    // The extended protocol takes one statement at a time, so that none can end the transaction and begin another.
    const query: pg.QueryConfig & { queryMode: 'extended' } = { text: sql, queryMode: 'extended' }
    const { rows } = await client.query<Record<string, unknown>>({ ...query, values: [...(parameters ?? [])] })
    await client.query('ROLLBACK')
    return rows
  })

/** Carries statements out one after the other on one connection; the first that fails ends it. */
export const executePostgres: WritePorts['executePostgres'] = (target, statements, abort) =>
  connected(target, undefined, abort, async (client) => {
    const all: Rows[] = []
    for (const statement of statements) all.push(await rowsOf(client, statement))
    return all
  })

async function rowsOf(client: pg.Client, { sql, parameters }: SqlStatement): Promise<Rows> {
  const { rows } = await client.query<Record<string, unknown>>(sql, parameters ? [...parameters] : undefined)
  return rows
}

async function connected<T>(
  target: PostgresTarget,
  startup: string | undefined,
  abort: AbortSignal,
  use: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const { host, port, database, user, password, ca, tls } = target
  const client = new pg.Client({
    host,
    port,
    database,
    user,
    ...(password !== undefined && { password }),
    ssl: tls === 'off' ? false : { rejectUnauthorized: tls === 'verify', ...(ca !== undefined && { ca }) },
    application_name: 'failwise',
    ...(startup !== undefined && { options: startup }),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  })
  // Without a listener, an error on an idle connection would end the process.
  client.on('error', () => undefined)
  let onAbort = () => {}
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => {
      // A server that hangs does not answer a goodbye either.
      ;(client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy()
      reject(abort.reason)
    }
  })
  aborted.catch(() => undefined)
  abort.addEventListener('abort', onAbort, { once: true })
  try {
    abort.throwIfAborted()
    await Promise.race([client.connect(), aborted])
    return await Promise.race([use(client), aborted])
  } catch (error) {
    abort.throwIfAborted()
    throw postgresFault(error, `${host}:${port}`)
  } finally {
    abort.removeEventListener('abort', onAbort)
    if (!abort.aborted) await client.end().catch(() => undefined)
  }
}

/** By SQLSTATE or system code, which goes into the details; a server's message may quote the statement and its values. */
function postgresFault(error: unknown, place: string): Fault {
  const { code } = (error ?? {}) as { code?: unknown }
  const known = typeof code === 'string' && /^[A-Z0-9_]+$/.test(code) ? code : undefined
  const details = { place, ...(known !== undefined && { code: known }) }
  const told = known ? ` (${known})` : ''
  const isAnswer =
    known !== undefined && /^[0-9A-Z]{5}$/.test(known) && !known.startsWith('08') && !/^E[A-Z]/.test(known)
  if (!isAnswer || known.startsWith('57P'))
    return new Fault('upstream_unreachable', `PostgreSQL at ${place} cannot be reached${told}`, { details })
  if (known.startsWith('28'))
    return new Fault('upstream_refused', `PostgreSQL at ${place} refuses the login${told}`, { details })
  return new Fault('upstream_refused', `PostgreSQL at ${place} refused the statement${told}`, { details })
}
