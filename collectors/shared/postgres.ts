import { z } from 'zod'
import type { CollectContext } from '../collector.ts'
import type { CollectorPorts } from './ports.ts'

/** A PostgreSQL server and a role that may read; `pg_monitor` is enough. */
export const PostgresOptions = z.strictObject({
  host: z.string().min(1),
  port: z.number().int().min(1).max(65_535).default(5432),
  database: z.string().min(1).default('postgres'),
  user: z.string().min(1),
  password: z.string().optional(),
  ca: z.string().min(1).optional(),
  tls: z.enum(['verify', 'unverified', 'off']).default('verify'),
})
export type PostgresOptions = z.infer<typeof PostgresOptions>

/**
 * What promoting this standby now would lose: what it has not received, since promotion replays what it has. As long as its source streams to it,
 * that is at most what was written since the last word from there (an idle source speaks at least every wal_sender_timeout / 2). Cut off, it cannot
 * know what it lacks, and the age of its last transaction is the least that must be assumed.
 */
const LAG_SQL = `
  SELECT pg_is_in_recovery() AS in_recovery,
         extract(epoch FROM now() - receiver.last_msg_receipt_time)::float8 AS silence,
         receiver.latest_end_lsn > pg_last_wal_receive_lsn() AS misses_known_data,
         extract(epoch FROM now() - pg_last_xact_replay_timestamp())::float8 AS last_transaction_age
    FROM (SELECT 1) AS one
    LEFT JOIN pg_stat_wal_receiver AS receiver ON receiver.status = 'streaming'`

export interface StandbyLag {
  /** Null when it cannot be told: no standby, or one that has replayed nothing yet. */
  readonly lagSeconds: number | null
  readonly detail: string
}

/** Measures the lag of a standby, asking the standby itself, since the primary may be what is gone. */
export async function standbyLag(
  address: PostgresOptions,
  ports: Pick<CollectorPorts, 'queryPostgres'>,
  timeoutMs: number,
  ctx: CollectContext,
): Promise<StandbyLag> {
  const [row] = await ports.queryPostgres(address, LAG_SQL, { timeoutMs, maxRows: 1 }, ctx.abort)
  if (row?.in_recovery !== true) return { lagSeconds: null, detail: 'it is not a standby' }
  const silence = secondsOf(row.silence)
  const age = secondsOf(row.last_transaction_age)
  const told = age === null ? 'it has replayed no transaction yet' : `last transaction ${age.toFixed(1)} s ago`
  if (silence === null) return { lagSeconds: age, detail: `not connected to its source, ${told}` }
  if (row.misses_known_data === false)
    return { lagSeconds: silence, detail: `streaming, heard of its source ${silence.toFixed(1)} s ago` }
  const lagSeconds = age === null ? null : Math.max(age, silence)
  return { lagSeconds, detail: `streaming, but behind its source, ${told}` }
}

function secondsOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? Math.max(0, value) : null
}
