import { type Selectable, sql } from 'kysely'
import { fromRow, parseDocument, type StoreContext } from './context.ts'
import { reading, type Tx, writing } from './database.ts'
import type { AnomalyModelStore } from './keeping.ts'
import { AnomalyModelRecord, AnomalyScope } from './records.ts'
import type { Schema } from './schema.ts'

/** Decisions hold the opinion itself; older models are kept only so that people can go back to one. */
const VERSIONS_KEPT = 5

/** Trained models in their newest versions, and where the stream of the one in use was left. */
export function anomalyModelStore({ db }: StoreContext): AnomalyModelStore {
  const modelOf = (row: Selectable<Schema['anomaly_models']> | undefined) => {
    if (!row) return null
    const { trained_at: trainedAt, metadata, bytes, ...rest } = row
    const model = { ...rest, trainedAt, metadata: parseDocument(metadata, 'model') }
    return { model: fromRow(AnomalyModelRecord, model, 'model'), bytes }
  }
  return {
    save: ({ id, service, version, trainedAt, metadata }, bytes) =>
      writing(db, async (tx) => {
        await tx
          .insertInto('anomaly_models')
          .values({
            id,
            service,
            version,
            trained_at: trainedAt,
            metadata: JSON.stringify(metadata),
            bytes: Buffer.from(bytes),
          })
          .execute()
        const use = { model_id: id, stream_at: null, stream: null, attempted_at: trainedAt, refusal: null }
        await tx
          .insertInto('anomaly_scopes')
          .values({ service, ...use })
          .onConflict((conflict) => conflict.column('service').doUpdateSet(use))
          .execute()
        await dropOld(tx, service)
      }),
    latest: async (service) =>
      modelOf(
        await reading(db, (query) =>
          query
            .selectFrom('anomaly_models')
            .innerJoin('anomaly_scopes', 'model_id', 'id')
            .selectAll('anomaly_models')
            .where('anomaly_scopes.service', '=', service)
            .executeTakeFirst(),
        ),
      ),
    get: async (id) =>
      modelOf(
        await reading(db, (query) =>
          query.selectFrom('anomaly_models').selectAll().where('id', '=', id).executeTakeFirst(),
        ),
      ),
    refuse: async (service, at, refusal) => {
      await reading(db, (query) =>
        query
          .insertInto('anomaly_scopes')
          .values({ service, model_id: null, stream_at: null, stream: null, attempted_at: at, refusal })
          .onConflict((conflict) => conflict.column('service').doUpdateSet({ attempted_at: at, refusal }))
          .execute(),
      )
    },
    scopes: async (services) => {
      let query = db
        .selectFrom('anomaly_scopes as scope')
        .leftJoin('anomaly_models as model', 'model.id', 'model_id')
        .select(['scope.service', 'stream_at', 'attempted_at', 'refusal'])
        .select(['model.id', 'model.version', 'model.trained_at', 'model.metadata'])
        .orderBy('scope.service')
      if (services) query = query.where('scope.service', 'in', services.length > 0 ? [...services] : [''])
      return (await reading(db, () => query.execute())).map(scopeOf)
    },
    stream: async (service) => {
      const row = await reading(db, (query) =>
        query
          .selectFrom('anomaly_scopes')
          .select(['model_id', 'stream_at', 'stream'])
          .where('service', '=', service)
          .executeTakeFirst(),
      )
      return row?.model_id ? { modelId: row.model_id, at: row.stream_at, bytes: row.stream } : null
    },
    saveStream: async (service, { modelId, at, bytes }) => {
      const saved = await reading(db, (query) =>
        query
          .updateTable('anomaly_scopes')
          .set({ stream_at: at, stream: Buffer.from(bytes) })
          .where('service', '=', service)
          .where('model_id', '=', modelId)
          .where((either) => either.or([either('stream_at', 'is', null), either('stream_at', '<', at)]))
          .returning('service')
          .executeTakeFirst(),
      )
      return saved !== undefined
    },
  }
}

async function dropOld(tx: Tx, service: string): Promise<void> {
  await sql`
    delete from anomaly_models where service = ${service} and id not in (
      select id from anomaly_models where service = ${service} order by trained_at desc limit ${sql.lit(VERSIONS_KEPT)}
    ) and id not in (select model_id from anomaly_scopes where model_id is not null)
  `.execute(tx)
}

interface ScopeRow {
  readonly service: string
  readonly stream_at: string | null
  readonly attempted_at: string
  readonly refusal: string | null
  readonly id: string | null
  readonly version: string | null
  readonly trained_at: string | null
  readonly metadata: string | null
}

function scopeOf({ service, id, version, ...row }: ScopeRow): AnomalyScope {
  const { trained_at: trainedAt, stream_at: streamAt, attempted_at: attemptedAt, metadata, refusal } = row
  const model =
    id === null ? null : { id, service, version, trainedAt, metadata: parseDocument(metadata ?? '{}', 'model') }
  return fromRow(AnomalyScope, { service, model, streamAt, attemptedAt, refusal }, 'scope of an anomaly model')
}
