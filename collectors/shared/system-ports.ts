import { resolveCname } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
import { connect as connectSocket, isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import pg from 'pg'
import { Fault } from '../../agent/lib/errors.ts'
import { instantFrom } from './lenient.ts'
import type { CollectorPorts, QueryPostgres, ServedCertificate } from './ports.ts'

/** The machine's own network and files. */
export function systemPorts(given: Pick<CollectorPorts, 'clock' | 'recentChanges'>): CollectorPorts {
  return {
    ...given,
    resolveCname: (host) => resolveCname(host),
    connectTcp,
    certificateOf,
    queryPostgres,
    readText: (path) => readFile(path, 'utf8'),
  }
}

const connectTcp: CollectorPorts['connectTcp'] = ({ host, port }, abort) =>
  new Promise((resolve, reject) => {
    if (abort.aborted) return reject(abort.reason)
    const socket = connectSocket({ host, port })
    const onAbort = () => socket.destroy(abort.reason)
    abort.addEventListener('abort', onAbort, { once: true })
    socket.once('connect', () => {
      socket.end()
      resolve()
    })
    socket.once('error', reject)
    socket.once('close', () => abort.removeEventListener('abort', onAbort))
  })

const certificateOf: CollectorPorts['certificateOf'] = ({ host, port, serverName }, abort) =>
  new Promise<ServedCertificate>((resolve, reject) => {
    if (abort.aborted) return reject(abort.reason)
    // The certificate is looked at, not relied on: a refused one has dates to tell, too. Nothing is sent over the connection.
    const options = { host, port, rejectUnauthorized: false, ...(isIP(serverName) === 0 && { servername: serverName }) }
    const socket = connectTls(options, () => {
      const { valid_from, valid_to } = socket.getPeerCertificate()
      const [validFrom, validTo] = [instantFrom(valid_from ?? ''), instantFrom(valid_to ?? '')]
      const problem = socket.authorizationError as (Error & { code?: string }) | string | null | undefined
      socket.destroy()
      if (!validFrom || !validTo)
        return reject(new Fault('upstream_malformed', 'the server presents no readable certificate'))
      resolve({ validFrom, validTo, problem: socket.authorized ? null : codeOf(problem) })
    })
    const onAbort = () => socket.destroy(abort.reason)
    abort.addEventListener('abort', onAbort, { once: true })
    socket.once('error', reject)
    socket.once('close', () => abort.removeEventListener('abort', onAbort))
  })

function codeOf(problem: (Error & { code?: string }) | string | null | undefined): string {
  return (typeof problem === 'string' ? problem : problem?.code) ?? 'UNTRUSTED'
}

const queryPostgres: QueryPostgres = async (address, sql, { timeoutMs, maxRows }, abort) => {
  const { host, port, database, user, password, ca, tls } = address
  const client = new pg.Client({
    host,
    port,
    database,
    user,
    ...(password !== undefined && { password }),
    ssl: tls === 'off' ? false : { rejectUnauthorized: tls === 'verify', ...(ca !== undefined && { ca }) },
    application_name: 'failwise',
    // Also for a statement that tries to leave its transaction.
    options: '-c default_transaction_read_only=on',
    connectionTimeoutMillis: timeoutMs,
    statement_timeout: timeoutMs,
    lock_timeout: timeoutMs,
    query_timeout: timeoutMs + 500,
  })
  // Without a listener, an error on an idle connection would end the process.
  client.on('error', () => undefined)
  const onAbort = () => void client.end().catch(() => undefined)
  abort.addEventListener('abort', onAbort, { once: true })
  try {
    abort.throwIfAborted()
    await client.connect()
    await client.query('BEGIN TRANSACTION READ ONLY')
    // A cursor, so that a statement that returns a table costs as many rows as are wanted.
    const text = `DECLARE failwise_read NO SCROLL CURSOR FOR ${sql.replace(/;\s*$/, '')}`
    // The extended protocol takes one statement at a time.
    const declare: pg.QueryConfig & { queryMode: 'extended' } = { text, queryMode: 'extended' }
    await client.query(declare)
    const { rows } = await client.query<Record<string, unknown>>(
      `FETCH FORWARD ${Math.trunc(maxRows)} FROM failwise_read`,
    )
    await client.query('ROLLBACK')
    return rows
  } catch (error) {
    abort.throwIfAborted()
    throw postgresFault(error, address.host)
  } finally {
    abort.removeEventListener('abort', onAbort)
    await client.end().catch(() => undefined)
  }
}

/** By SQLSTATE or system code; a server's message may quote the statement and its values. */
function postgresFault(error: unknown, host: string): Fault {
  const { code } = (error ?? {}) as { code?: unknown }
  const known = typeof code === 'string' && /^[A-Z0-9_]+$/.test(code) ? code : undefined
  const details = { host, ...(known !== undefined && { code: known }) }
  const told = known ? ` (${known})` : ''
  if (known?.startsWith('28'))
    return new Fault('upstream_refused', `PostgreSQL at ${host} refuses the login${told}`, {
      details: { ...details, failureKind: 'auth' },
    })
  if (known === '57014')
    return new Fault('deadline', `PostgreSQL at ${host} did not answer in time${told}`, { details })
  // Five characters are an SQLSTATE: the server answered, and said no. Class 08 is the connection's.
  if (known && /^[0-9A-Z]{5}$/.test(known) && !known.startsWith('08') && !known.startsWith('E'))
    return new Fault('upstream_refused', `PostgreSQL at ${host} refused the statement${told}`, { details })
  return new Fault('upstream_unreachable', `PostgreSQL at ${host} cannot be reached${told}`, { details })
}
