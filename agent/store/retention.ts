import { sql } from 'kysely'
import { type Instant, instantOf } from '../domain/time.ts'
import { nowOf, type StoreContext } from './context.ts'
import { lockFor, type Tx, writing } from './database.ts'
import type { Retention } from './keeping.ts'
import { SIGN_OF_LIFE_MS } from './scores.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const FIVE_MINUTES_SECONDS = 300
const HOUR_SECONDS = 3600

/** What is kept for how long, unless the configuration says otherwise. */
export const DEFAULT_RETENTION: Retention = Object.freeze({
  rawBodyDays: 30,
  rawScoreHours: 48,
  fiveMinuteScoreDays: 14,
  hourScoreDays: 365,
  evaluationDays: 14,
  sentNotificationDays: 90,
  deliveryDays: 7,
  changeDays: 90,
  alertStateDays: 30,
})

/** Deletes what is old enough, and condenses scores first. Records of decisions are never touched: they keep the hashes of what is gone. */
export async function prune(context: StoreContext, keep: Retention): Promise<Record<string, number>> {
  const before = (ms: number): Instant => instantOf(context.clock.now() - ms)
  const hourStart = (ms: number): Instant => instantOf(Math.floor((context.clock.now() - ms) / HOUR_MS) * HOUR_MS)
  const gone: Record<string, number> = {}
  const rules: [string, (tx: Tx) => Promise<number>][] = [
    ['rawScores', (tx) => condensePoints(tx, hourStart(keep.rawScoreHours * HOUR_MS))],
    ['fiveMinuteScores', (tx) => condenseBuckets(tx, hourStart(keep.fiveMinuteScoreDays * DAY_MS))],
    [
      'hourScores',
      (tx) =>
        removed(
          tx,
          sql`delete from score_buckets where width_seconds = ${HOUR_SECONDS} and at < ${before(keep.hourScoreDays * DAY_MS)}`,
        ),
    ],
    [
      'rawBodies',
      (tx) => removed(tx, sql`delete from raw_bodies where last_used_at < ${before(keep.rawBodyDays * DAY_MS)}`),
    ],
    [
      'evaluations',
      (tx) => removed(tx, sql`delete from evaluations where at < ${before(keep.evaluationDays * DAY_MS)}`),
    ],
    [
      'notifications',
      (tx) =>
        removed(
          tx,
          sql`delete from notifications where state = 'sent' and sent_at < ${before(keep.sentNotificationDays * DAY_MS)}`,
        ),
    ],
    // What the broker has; kept for a day to look at, and what it refused as long as messages.
    [
      'outgoingEvents',
      (tx) =>
        removed(
          tx,
          sql`delete from outgoing_events where published_at < ${before(DAY_MS)}
            and (last_error is null or published_at < ${before(keep.sentNotificationDays * DAY_MS)})`,
        ),
    ],
    ['deliveries', (tx) => removed(tx, sql`delete from deliveries where at < ${before(keep.deliveryDays * DAY_MS)}`)],
    ['changes', (tx) => removed(tx, sql`delete from changes where at < ${before(keep.changeDays * DAY_MS)}`)],
    [
      'alertStates',
      (tx) =>
        removed(tx, sql`delete from alert_states where last_received_at < ${before(keep.alertStateDays * DAY_MS)}`),
    ],
    // No budget looks back further than its own day or incident.
    ['modelSpending', (tx) => removed(tx, sql`delete from model_spending where updated_at < ${before(7 * DAY_MS)}`)],
    // A freeze that ran out by itself; lifting and setting stay on the audit log.
    ['freezes', (tx) => removed(tx, sql`delete from freezes where until < ${nowOf(context)} and lifted_at is null`)],
  ]
  // Each in a transaction of its own: a long one would keep every other from cleaning up after itself.
  for (const [what, rule] of rules)
    gone[what] = await writing(context.db, async (tx) => {
      await lockFor(tx, 'prune')
      return rule(tx)
    })
  return gone
}

async function removed(tx: Tx, statement: ReturnType<typeof sql>): Promise<number> {
  return Number((await statement.execute(tx)).numAffectedRows ?? 0)
}

/** Raw points become five-minute buckets, each point weighing as long as it stood. */
async function condensePoints(tx: Tx, before: Instant): Promise<number> {
  const longest = sql.lit(SIGN_OF_LIFE_MS / 1000)
  const gone = await sql<{ count: number }>`
    with gone as (
      delete from score_points where at < ${before} returning scope_id, at, score
    ), weighed as (
      select *, least(coalesce(extract(epoch from lead(at) over (partition by scope_id order by at) - at), ${longest}),
        ${longest}) as seconds from gone
    ), condensed as (
      insert into score_buckets (scope_id, width_seconds, at, minimum, mean, maximum, samples)
      select scope_id, ${sql.lit(FIVE_MINUTES_SECONDS)}, date_bin('5 minutes', at, 'epoch'), min(score),
        sum(score * seconds) / sum(seconds), max(score), count(*)
      from weighed group by 1, 3
      on conflict (scope_id, width_seconds, at) do nothing
    )
    select count(*)::int as count from gone
  `.execute(tx)
  return gone.rows[0]?.count ?? 0
}

function condenseBuckets(tx: Tx, before: Instant): Promise<number> {
  return removed(
    tx,
    sql`
      with gone as (
        delete from score_buckets where width_seconds = ${FIVE_MINUTES_SECONDS} and at < ${before}
        returning scope_id, at, minimum, mean, maximum, samples
      )
      insert into score_buckets (scope_id, width_seconds, at, minimum, mean, maximum, samples)
      select scope_id, ${sql.lit(HOUR_SECONDS)}, date_bin('1 hour', at, 'epoch'), min(minimum),
        sum(mean * samples) / sum(samples), max(maximum), sum(samples)
      from gone group by 1, 3
      on conflict (scope_id, width_seconds, at) do nothing
    `,
  )
}
