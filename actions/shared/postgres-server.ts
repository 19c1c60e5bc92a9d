import { z } from 'zod'
import { Fault, isFault } from '../../agent/lib/errors.ts'
import type { PostgresTarget, ReadPorts, Rows, SqlStatement } from '../ports.ts'

/** A PostgreSQL server and a role on it. */
export const PostgresServer = z.strictObject({
  host: z.string().min(1),
  port: z.number().int().min(1).max(65_535).default(5432),
  database: z.string().min(1).default('postgres'),
  user: z.string().min(1),
  password: z.string().optional(),
  /** PEM of the authority of its certificate. */
  ca: z.string().min(1).optional(),
  tls: z.enum(['verify', 'unverified', 'off']).default('verify'),
})
export type PostgresServer = z.infer<typeof PostgresServer>

/** A server in words: where it is, and nothing secret. */
export function placeOf({ host, port, database }: Pick<PostgresTarget, 'host' | 'port' | 'database'>): string {
  return `${database} at ${host}:${port}`
}

/** What PostgreSQL says about itself. */
export interface ServerState {
  /** The same on a primary and all of its standbys, different on any other cluster. */
  readonly systemIdentifier: string
  readonly timeline: number
  readonly isStandby: boolean
  /** By its configuration files, new transactions are read-only unless they ask for more. */
  readonly isReadOnly: boolean
  /** A primary's last flushed position; a standby's last received one, or replayed where nothing was received yet. */
  readonly position: string
  /** The highest generation that was written to this server; 0 where none was. */
  readonly generation: number
}

// The control file names the new timeline only after the checkpoint that follows a promotion; the name of the current WAL file does at once.
const STATE_SQL = `
  SELECT (SELECT system_identifier::text FROM pg_control_system()) AS system_identifier,
         pg_is_in_recovery() AS is_standby,
         CASE WHEN pg_is_in_recovery()
              THEN (SELECT greatest(timeline_id, (SELECT received_tli FROM pg_stat_wal_receiver)) FROM pg_control_checkpoint())
              ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END AS timeline,
         coalesce((SELECT setting::bool FROM pg_file_settings
                    WHERE name = 'default_transaction_read_only' ORDER BY seqno DESC LIMIT 1), false) AS read_only,
         CASE WHEN pg_is_in_recovery() THEN greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
              ELSE pg_current_wal_flush_lsn() END::text AS position,
         (SELECT coalesce(max(setting::bigint), 0)::text FROM pg_file_settings WHERE name = 'failwise.generation') AS generation`

const StateRow = z.object({
  system_identifier: z.string().regex(/^\d+$/),
  is_standby: z.boolean(),
  timeline: z.number().int().positive(),
  read_only: z.boolean(),
  position: z.string().nullable(),
  generation: z.string().regex(/^\d+$/),
})

/** Asks a server for its state; throws `upstream_unreachable` when it does not answer. */
export async function stateOf(
  read: Pick<ReadPorts, 'queryPostgres'>,
  server: PostgresTarget,
  abort: AbortSignal,
): Promise<ServerState> {
  const row = oneRow(StateRow, await read.queryPostgres(server, { sql: STATE_SQL }, abort), server)
  return {
    systemIdentifier: row.system_identifier,
    timeline: row.timeline,
    isStandby: row.is_standby,
    isReadOnly: row.read_only,
    position: row.position ?? '0/0',
    generation: Number(row.generation),
  }
}

/** The state of a server, or null when it cannot be reached; a server that answers and refuses is a fault of its own. */
export async function stateIfReachable(
  read: Pick<ReadPorts, 'queryPostgres'>,
  server: PostgresTarget,
  abort: AbortSignal,
): Promise<ServerState | null> {
  try {
    return await stateOf(read, server, abort)
  } catch (error) {
    if (isUnreachable(error) && !abort.aborted) return null
    throw error
  }
}

/** Whether nobody answered. Starting up (57P03) and shutting down (57P01, 57P02) are no answers either: nothing can be written. */
export function isUnreachable(error: unknown): boolean {
  if (isFault(error, 'upstream_unreachable') || isFault(error, 'deadline')) return true
  return ['57P01', '57P02', '57P03'].includes(sqlStateOf(error) ?? '')
}

/** The SQLSTATE that a server answered, from the details of the fault. */
export function sqlStateOf(error: unknown): string | undefined {
  const code = isFault(error) ? error.details.code : undefined
  return typeof code === 'string' ? code : undefined
}

/** The single row of an answer, checked. */
export function oneRow<T>(schema: z.ZodType<T>, rows: Rows, server: PostgresTarget): T {
  const parsed = schema.safeParse(rows[0])
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new Fault(
    'upstream_malformed',
    `${placeOf(server)} answered an unexpected row: ${issue?.path.join('.')}: ${issue?.message}`,
  )
}

/** A position in the write-ahead log as a number, for comparing: `16/B374D848`. */
export function positionNumber(position: string): bigint {
  const [high = '0', low = '0'] = position.split('/')
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`)
}

/** SQLSTATE that a server raises when a newer generation was there before us. */
export const NEWER_GENERATION = 'FW001'

/**
 * Wraps statements so that the server itself compares and sets: under a lock of its own it refuses a generation older than the highest one written,
 * writes ours into `postgresql.auto.conf` (which a standby may do as well, and which is not replicated), and only then goes on.
 */
export function guarded(generation: number, statements: readonly SqlStatement[]): SqlStatement[] {
  const ours = Math.trunc(generation)
  return [
    { sql: "SELECT pg_advisory_lock(hashtext('failwise.generation'))" },
    {
      sql: `DO $$ BEGIN
        IF (SELECT coalesce(max(setting::bigint), 0) FROM pg_file_settings WHERE name = 'failwise.generation') > ${ours}
        THEN RAISE EXCEPTION 'a newer generation has been here' USING ERRCODE = '${NEWER_GENERATION}'; END IF; END $$`,
    },
    // The server takes a setting of this name only in a session that has one already.
    { sql: `SET failwise.generation = '${ours}'` },
    { sql: `ALTER SYSTEM SET failwise.generation = '${ours}'` },
    ...statements,
  ]
}

/** How many statements `guarded` puts in front. */
export const GUARD_LENGTH = 4

/** Says in words that an effect came too late; any other error stays what it is. */
export function tellNewer(error: unknown, server: PostgresTarget): unknown {
  if (sqlStateOf(error) !== NEWER_GENERATION) return error
  return new Fault('conflict', `a newer run or takeover has already changed ${placeOf(server)}; this one is too old`, {
    cause: error,
    details: { reason: 'older_generation' },
  })
}
