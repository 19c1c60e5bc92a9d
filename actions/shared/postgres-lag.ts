import { z } from 'zod'
import type { PostgresTarget, ReadPorts } from '../ports.ts'
import { oneRow } from './postgres-server.ts'

// Asked of the standby, since the source may be what is gone. A standby that streams loses at most what was written since it last heard of its
// source; one that is cut off cannot know what it lacks, and the age of its last transaction is the least that must be assumed.
const LAG_SQL = `
  SELECT pg_is_in_recovery() AS is_standby,
         extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8 AS last_transaction_age,
         (SELECT extract(epoch FROM clock_timestamp() - last_msg_receipt_time)::float8
            FROM pg_stat_wal_receiver WHERE status = 'streaming') AS silence,
         (SELECT latest_end_lsn > pg_last_wal_receive_lsn()
            FROM pg_stat_wal_receiver WHERE status = 'streaming') AS misses_known_data`

const LagRow = z.object({
  is_standby: z.boolean(),
  last_transaction_age: z.number().nullable(),
  silence: z.number().nullable(),
  misses_known_data: z.boolean().nullable(),
})

export interface Lag {
  /** Seconds of data that promoting now would lose; null when nobody can tell, which counts as all of it. */
  readonly seconds: number | null
  readonly detail: string
}

/** Measures what promoting this standby now would lose. */
export async function lagOf(
  read: Pick<ReadPorts, 'queryPostgres'>,
  standby: PostgresTarget,
  abort: AbortSignal,
): Promise<Lag> {
  const row = oneRow(LagRow, await read.queryPostgres(standby, { sql: LAG_SQL }, abort), standby)
  if (!row.is_standby) return { seconds: null, detail: 'it is not a standby' }
  const age = row.last_transaction_age === null ? null : Math.max(0, row.last_transaction_age)
  const told = age === null ? 'it has replayed no transaction yet' : `its last transaction is ${age.toFixed(1)} s old`
  if (row.silence === null) return { seconds: age, detail: `cut off from its source, ${told}` }
  const silence = Math.max(0, row.silence)
  if (row.misses_known_data === false)
    return { seconds: silence, detail: `streaming, heard of its source ${silence.toFixed(1)} s ago` }
  return {
    seconds: age === null ? null : Math.max(age, silence),
    detail: `streaming, but behind its source, ${told}`,
  }
}

/** Why this lag forbids a promotion; null when it does not. Consent counts for as many seconds as it was given for, and never for an unknown loss. */
export function lagProblem(lag: Lag, rpoSeconds: number, consentedSeconds: number | null): string | null {
  const allowed = Math.max(rpoSeconds, consentedSeconds ?? 0)
  if (lag.seconds === null) return `nobody can tell how much data would be lost (${lag.detail})`
  if (lag.seconds <= allowed) return null
  const whose = consentedSeconds === null ? 'the objective allows' : 'were agreed to'
  return `${lag.seconds.toFixed(1)} s of data would be lost and ${allowed} s ${whose} (${lag.detail})`
}
