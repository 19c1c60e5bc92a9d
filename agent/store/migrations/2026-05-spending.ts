import { type Kysely, sql } from 'kysely'

/** What model calls took, by account: a day, or an incident. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table model_spending (
      account text primary key,
      tokens bigint not null default 0,
      usd double precision not null default 0,
      updated_at timestamptz not null
    );
    create index model_spending_by_age on model_spending (updated_at)
  `.execute(db)
}
