import { type Kysely, sql } from 'kysely'

/** Where messages that are updated in place stand, such as the one in a chat channel about an incident. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table posts (
      id text primary key,
      incident_id text not null references incidents (id),
      channel text not null,
      -- The other side's name of the message; null while it is not known whether the message arrived.
      place text,
      content_hash text,
      attempted_at timestamptz not null,
      posted_at timestamptz,
      is_settled boolean not null default false
    );
    create index posts_by_incident on posts (incident_id);
    create index posts_unsettled on posts (attempted_at) where not is_settled;
  `.execute(db)
}
