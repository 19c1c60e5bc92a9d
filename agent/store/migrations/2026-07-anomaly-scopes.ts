import { type Kysely, sql } from 'kysely'

/** Per service, the anomaly model in use, where its stream was left, and how the last training went. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table anomaly_scopes (
      service text primary key,
      model_id text references anomaly_models (id),
      stream_at timestamptz,
      stream bytea,
      attempted_at timestamptz not null,
      refusal text
    );
    create index anomaly_scopes_by_model on anomaly_scopes (model_id);
    insert into anomaly_scopes (service, model_id, attempted_at)
      select distinct on (service) service, id, trained_at from anomaly_models order by service, trained_at desc
  `.execute(db)
}
