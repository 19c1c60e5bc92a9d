import { z } from 'zod'
import type { PostgresTarget, ReadPorts, SqlStatement, WritePorts } from '../ports.ts'
import { sqlStateOf } from './postgres-server.ts'

/** A write that a database acknowledged, by the time of that database. */
export const Stamp = z.object({ id: z.string(), at: z.string() })
export type Stamp = z.infer<typeof Stamp>

const TABLE: readonly SqlStatement[] = [
  { sql: 'CREATE SCHEMA IF NOT EXISTS failwise' },
  {
    sql: `CREATE TABLE IF NOT EXISTS failwise.stamps (
      id text PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp())`,
  },
]

/** Writes a stamp that outlives the transaction, as a user's write would; the same id twice is one stamp. */
export async function writeStamp(
  write: Pick<WritePorts, 'executePostgres'>,
  server: PostgresTarget,
  id: string,
  abort: AbortSignal,
): Promise<Stamp> {
  const insert: SqlStatement = {
    sql: `INSERT INTO failwise.stamps (id) VALUES ($1)
          ON CONFLICT (id) DO UPDATE SET at = stamps.at RETURNING id, at::text`,
    parameters: [id],
  }
  const rows = await write.executePostgres(server, [...TABLE, insert], abort)
  return Stamp.parse(rows.at(-1)?.[0])
}

export interface StampLoss {
  readonly written: number
  readonly lost: number
  /** From the last stamp that survived to the last one that was acknowledged; 0 when none is missing, null when none survived. */
  readonly lossMs: number | null
}

/** Compares what was acknowledged on one side with what is present on the other. */
export function lossOf(acknowledged: readonly Stamp[], presentIds: ReadonlySet<string>): StampLoss {
  const times = (stamps: readonly Stamp[]) => stamps.map(({ at }) => Date.parse(at))
  const survivors = acknowledged.filter(({ id }) => presentIds.has(id))
  const lost = acknowledged.length - survivors.length
  const lossMs =
    lost === 0
      ? 0
      : survivors.length === 0
        ? null
        : Math.max(0, Math.max(...times(acknowledged)) - Math.max(...times(survivors)))
  return { written: acknowledged.length, lost, lossMs }
}

/** Which of these stamps a server has. A server without the table has none. */
export async function presentStamps(
  read: Pick<ReadPorts, 'queryPostgres'>,
  server: PostgresTarget,
  ids: readonly string[],
  abort: AbortSignal,
): Promise<ReadonlySet<string>> {
  try {
    const rows = await read.queryPostgres(
      server,
      { sql: 'SELECT id FROM failwise.stamps WHERE id = ANY($1)', parameters: [ids] },
      abort,
    )
    return new Set(rows.map(({ id }) => String(id)))
  } catch (error) {
    if (['42P01', '3F000'].includes(sqlStateOf(error) ?? '')) return new Set()
    throw error
  }
}

/** Every stamp of a server, newest last. */
export async function allStamps(
  read: Pick<ReadPorts, 'queryPostgres'>,
  server: PostgresTarget,
  abort: AbortSignal,
): Promise<Stamp[]> {
  try {
    const sql =
      'SELECT id, at::text FROM (SELECT * FROM failwise.stamps ORDER BY at DESC LIMIT 10000) AS last ORDER BY at'
    return z.array(Stamp).parse(await read.queryPostgres(server, { sql }, abort))
  } catch (error) {
    if (['42P01', '3F000'].includes(sqlStateOf(error) ?? '')) return []
    throw error
  }
}
