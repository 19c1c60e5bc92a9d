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
 * What promoting this standby now would lose. A standby that has replayed all it received is at zero only while its source streams to it; cut
 * off, it cannot know what it lacks, and the age of its last transaction is the least that must be assumed.
 */
const LAG_SQL = `
  SELECT pg_is_in_recovery() AS in_recovery,
         EXISTS (SELECT 1 FROM pg_stat_wal_receiver WHERE status = 'streaming') AS streaming,
         pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() AS replayed_all,
         extract(epoch FROM now() - pg_last_xact_replay_timestamp())::float8 AS last_transaction_age`

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
  const age = typeof row.last_transaction_age === 'number' ? Math.max(0, row.last_transaction_age) : null
  if (row.streaming === true && row.replayed_all === true) return { lagSeconds: 0, detail: 'streaming, all replayed' }
  if (age === null) return { lagSeconds: null, detail: 'it has replayed no transaction yet' }
  const state = row.streaming === true ? 'streaming, replay is behind' : 'not connected to its source'
  return { lagSeconds: age, detail: `${state}, last transaction ${age.toFixed(1)} s ago` }
}
