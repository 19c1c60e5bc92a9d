import { Fault, isFault } from '../lib/errors.ts'

/** SQLSTATE classes that mean "not now": connection lost, resources exhausted (53), operator intervention (57). */
const AWAY_CLASSES: ReadonlySet<string> = new Set(['08', '53', '57'])
/** This server became a standby meanwhile, or ended a transaction whose owner had stopped. */
const AWAY_STATES: ReadonlySet<string> = new Set(['25006', '25P03'])
/** A login that the server refuses, or a database that is not there: waiting does not help, a person does. */
const LOGIN_CLASSES: ReadonlySet<string> = new Set(['28', '3D'])
const DISK_FULL = '53100'
const DUPLICATE = '23505'
/** Serialization failure and deadlock: the same transaction may succeed at once. */
const RETRY_AT_ONCE: ReadonlySet<string> = new Set(['40001', '40P01'])

/** The SQLSTATE of an error that PostgreSQL answered; null when it came from somewhere else. */
export function sqlStateOf(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null
  return /^[0-9A-Z]{5}$/.test(error.code) && 'severity' in error ? error.code : null
}

/** Whether the same transaction may be tried again at once. */
export function isContention(error: unknown): boolean {
  return RETRY_AT_ONCE.has(sqlStateOf(error) ?? '')
}

/** Whether the server that answers is not, or no longer, the one that takes writes. */
export function isStandby(error: unknown): boolean {
  return sqlStateOf(error) === '25006'
}

/** Whether the data, not the database, was the trouble. */
export function isRefusedData(error: unknown): boolean {
  const state = sqlStateOf(error instanceof Fault ? error.cause : error)
  return state !== null && ['22', '23', '54'].includes(state.slice(0, 2))
}

/**
 * Turns what the driver threw into a Fault. An error without SQLSTATE comes from the connection (the driver has no code of its own for a
 * connection that ended), so it means that the database is away. Programming errors pass unchanged.
 */
export function storeFault(error: unknown): unknown {
  if (isFault(error) || !(error instanceof Error)) return error
  const state = sqlStateOf(error)
  if (state === DISK_FULL)
    return new Fault('store_unavailable', 'the database has no disk space left', {
      cause: error,
      hint: 'free space on the disk that holds the data folder; nothing was half-written',
    })
  if (state !== null && (AWAY_CLASSES.has(state.slice(0, 2)) || AWAY_STATES.has(state)))
    return new Fault('store_unavailable', `the database is not available (SQLSTATE ${state})`, { cause: error })
  if (state !== null && LOGIN_CLASSES.has(state.slice(0, 2)))
    return new Fault('store_unavailable', `the database refused the connection (SQLSTATE ${state})`, {
      cause: error,
      hint: 'check user, password and database name in DATABASE_URL',
    })
  if (state === DUPLICATE)
    return new Fault('conflict', 'somebody else was faster: this row is there already', { cause: error })
  if (state !== null) return error
  if (error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError) return error
  if (error.name === 'ZodError' || error.name === '$ZodError') return error
  return new Fault('store_unavailable', 'the database cannot be reached', { cause: error })
}
