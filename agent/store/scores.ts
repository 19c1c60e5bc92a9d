import { sql } from 'kysely'
import { epochMs, type Instant } from '../domain/time.ts'
import { fromRow, parseDocument, type StoreContext } from './context.ts'
import { reading, rowsParameter, storable, type Tx, writing } from './database.ts'
import type { ScoreStore } from './keeping.ts'
import { enqueueEvents } from './outgoing-rows.ts'
import { CurrentScore, type Document, ScopeMetrics, ScoreBucket, type ScorePoint } from './records.ts'

type Point = ScorePoint & { contributions: readonly Document[] }

/**
 * A calm score that does not change is written this often, as a sign of life; ten thousand quiet scopes then cost megabytes. A score that is not calm is
 * written each time, since how long it has lasted decides.
 */
export const SIGN_OF_LIFE_MS = 300_000

/** Scores of every scope: the newest, the history, and what health events said. */
export function scoreStore(context: StoreContext): ScoreStore {
  const { db } = context
  // What this process wrote last of each scope; after a restart everything is simply written once more.
  const written = new Map<string, { at: Instant; score: number }>()
  return {
    append: async (given) => {
      const points = given.map((point) => ({ ...point, scope: storable(point.scope) }))
      if (points.length === 0) return
      const news = points.filter((point) => {
        const last = written.get(point.scope)
        return (
          !last ||
          point.level !== 'none' ||
          last.score !== point.score ||
          epochMs(point.at) - epochMs(last.at) >= SIGN_OF_LIFE_MS
        )
      })
      await writing(db, async (tx) => {
        await tellChanges(tx, context, points)
        await writeCurrent(tx, points)
        if (news.length > 0) await writePoints(tx, news)
      })
      for (const { scope, at, score } of news) written.set(scope, { at, score })
    },
    current: async (scopes) => {
      let query = db
        .selectFrom('score_current')
        .innerJoin('score_scopes', 'score_scopes.id', 'scope_id')
        .selectAll('score_current')
        .select('scope')
        .orderBy('scope')
      if (scopes) query = query.where('scope', 'in', scopes.length > 0 ? [...scopes] : [''])
      return (await reading(db, () => query.execute())).map((row) =>
        fromRow(
          CurrentScore,
          {
            scope: row.scope,
            at: row.at,
            score: row.score,
            maximum: row.maximum,
            level: row.level,
            unknownWeight: row.unknown_weight,
            levelSince: row.level_since,
            evaluations: row.evaluations,
            contributions: parseDocument(row.contributions, 'score'),
          },
          'score',
        ),
      )
    },
    history: async (scope, window) => {
      // Downsampling moves rows from one resolution to the next, so together they never tell a time twice.
      const rows = await reading(db, (query) =>
        sql<Record<string, unknown>>`
          with wanted as (select id from score_scopes where scope = ${scope})
          select at, score as minimum, score as mean, score as maximum, 1 as samples
            from score_points join wanted on id = scope_id where at >= ${window.from} and at < ${window.to}
          union all
          select at, minimum, mean, maximum, samples
            from score_buckets join wanted on id = scope_id where at >= ${window.from} and at < ${window.to}
          order by 1
        `.execute(query),
      )
      return rows.rows.map((row) => fromRow(ScoreBucket, row, 'score'))
    },
    recordMetrics: async ({ scope, sourceCloud, severity, at, metrics }) => {
      await reading(db, (query) =>
        query
          .insertInto('scope_metrics')
          .values({ scope, source_cloud: sourceCloud, severity, at, metrics: JSON.stringify(metrics) })
          .onConflict((conflict) =>
            conflict
              .columns(['scope', 'source_cloud'])
              .doUpdateSet((row) => ({
                severity: row.ref('excluded.severity'),
                at: row.ref('excluded.at'),
                metrics: row.ref('excluded.metrics'),
              }))
              .whereRef('scope_metrics.at', '<=', 'excluded.at'),
          )
          .execute(),
      )
    },
    metrics: async (scope) => {
      const rows = await reading(db, (query) =>
        query.selectFrom('scope_metrics').selectAll().where('scope', '=', scope).orderBy('source_cloud').execute(),
      )
      return rows.map(({ source_cloud, metrics, ...row }) =>
        fromRow(
          ScopeMetrics,
          { ...row, sourceCloud: source_cloud, metrics: parseDocument(metrics, 'metrics') },
          'metrics',
        ),
      )
    },
    evaluations: async (service, limit) => {
      const rows = await reading(db, (query) =>
        query
          .selectFrom('evaluations')
          .select(['incident_id', 'at', 'good', 'fresh', 'score', 'detail'])
          .where('service', '=', service)
          .orderBy('at', 'desc')
          .limit(limit)
          .execute(),
      )
      return rows.map(({ incident_id, ...row }) => ({ ...row, incidentId: incident_id }))
    },
  }
}

/** A change of a scope's level is news for others. */
async function tellChanges(tx: Tx, context: StoreContext, points: readonly Point[]): Promise<void> {
  if (!context.isPublishing) return
  const known = await tx
    .selectFrom('score_current')
    .innerJoin('score_scopes', 'score_scopes.id', 'scope_id')
    .select(['scope', 'level'])
    .where('scope', 'in', [...new Set(points.map(({ scope }) => scope))])
    .execute()
  const levels = new Map(known.map(({ scope, level }) => [scope, level]))
  const changed = points.filter(({ scope, level }) => level !== (levels.get(scope) ?? 'none'))
  await enqueueEvents(
    tx,
    context,
    changed.map(({ scope, ...point }) => ({
      ...{ type: 'failwise.health_changed', subject: scope },
      data: { kind: 'health_changed', service: scope, ...point, previousLevel: levels.get(scope) ?? null },
    })),
  )
}

async function writeCurrent(tx: Tx, points: readonly Point[]): Promise<void> {
  const rows = rowsParameter(points.map((point) => ({ ...point, contributions: JSON.stringify(point.contributions) })))
  await sql`
    insert into score_scopes (scope)
    select distinct scope from json_to_recordset(${rows}::json) as p (scope text)
    where not exists (select from score_scopes known where known.scope = p.scope)
    order by scope
    on conflict do nothing
  `.execute(tx)
  // In scope order, and only what is newer: several agents may watch at once.
  await sql`
    insert into score_current as known (scope_id, at, score, maximum, level, unknown_weight, level_since, evaluations,
      contributions)
    select id, p.at, p.score, p.maximum, p.level, p."unknownWeight", p.at, 1, p.contributions
    from json_to_recordset(${rows}::json) as p (scope text, at timestamptz, score double precision,
      maximum double precision, level text, "unknownWeight" double precision, contributions text)
    join score_scopes on score_scopes.scope = p.scope
    order by id
    on conflict (scope_id) do update set at = excluded.at, score = excluded.score, maximum = excluded.maximum,
      level = excluded.level, unknown_weight = excluded.unknown_weight, contributions = excluded.contributions,
      level_since = case when known.level = excluded.level then known.level_since else excluded.at end,
      evaluations = case when known.level = excluded.level then known.evaluations + 1 else 1 end
    where excluded.at > known.at
  `.execute(tx)
}

async function writePoints(tx: Tx, points: readonly Point[]): Promise<void> {
  const rows = rowsParameter(points.map(({ scope, at, score }) => ({ scope, at, score })))
  await sql`
    insert into score_points (scope_id, at, score)
    select id, p.at, p.score from json_to_recordset(${rows}::json) as p (scope text, at timestamptz, score real)
    join score_scopes on score_scopes.scope = p.scope
    order by id
    on conflict do nothing
  `.execute(tx)
}
