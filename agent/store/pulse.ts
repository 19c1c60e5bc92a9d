import { sql } from 'kysely'
import { ACTIVE_RUN_STATES } from '../domain/run.ts'
import type { StoreContext } from './context.ts'
import { reading } from './database.ts'

/** One word for each part that people watch. */
export interface Pulse {
  /** Decisions, questions, runs, freezes and everything else on the record. */
  readonly record: string
  readonly incidents: string
  /** Journals of runs under way. */
  readonly runs: string
  readonly scores: string
}

/** Reads all of them in one statement, from indexes and small tables only. */
export async function readPulse(context: StoreContext): Promise<Pulse> {
  const active = sql.join(ACTIVE_RUN_STATES.map((state) => sql.lit(state)))
  const { rows } = await reading(context.db, (db) =>
    sql<Pulse>`
      select
        (select coalesce(max(seq), 0)::text from audit_log) as record,
        (select concat(count(*), ' ', max(updated_at)) from incidents where closed_at is null) as incidents,
        (select concat(count(*), ' ', max(at)) from run_journal
          where run_id in (select id from runs where state in (${active}))) as runs,
        (select concat(count(*), ' ', max(at)) from score_current) as scores
    `.execute(db),
  )
  return rows[0]!
}
