import type { Selectable } from 'kysely'
import { fromRow, parseDocument, type StoreContext } from './context.ts'
import { reading } from './database.ts'
import type { AnomalyModelStore } from './keeping.ts'
import { AnomalyModelRecord } from './records.ts'
import type { Schema } from './schema.ts'

/** Trained models; every version stays, so that a decision can be replayed with the one it used. */
export function anomalyModelStore({ db }: StoreContext): AnomalyModelStore {
  const modelOf = (row: Selectable<Schema['anomaly_models']> | undefined) => {
    if (!row) return null
    const { trained_at: trainedAt, metadata, bytes, ...rest } = row
    const model = { ...rest, trainedAt, metadata: parseDocument(metadata, 'model') }
    return { model: fromRow(AnomalyModelRecord, model, 'model'), bytes }
  }
  return {
    save: async ({ id, service, version, trainedAt, metadata }, bytes) => {
      await reading(db, (query) =>
        query
          .insertInto('anomaly_models')
          .values({
            id,
            service,
            version,
            trained_at: trainedAt,
            metadata: JSON.stringify(metadata),
            bytes: Buffer.from(bytes),
          })
          .execute(),
      )
    },
    latest: async (service) =>
      modelOf(
        await reading(db, (query) =>
          query
            .selectFrom('anomaly_models')
            .selectAll()
            .where('service', '=', service)
            .orderBy('trained_at', 'desc')
            .limit(1)
            .executeTakeFirst(),
        ),
      ),
    get: async (id) =>
      modelOf(
        await reading(db, (query) =>
          query.selectFrom('anomaly_models').selectAll().where('id', '=', id).executeTakeFirst(),
        ),
      ),
  }
}
