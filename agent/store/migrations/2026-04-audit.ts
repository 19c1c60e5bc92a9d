import { type Kysely, sql } from 'kysely'

/** The audit log: rows are added, never changed. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table audit_log (
      seq bigint primary key check (seq >= 1),
      at timestamptz not null,
      kind text not null,
      actor text not null,
      incident_id text,
      service text,
      previous_hash text not null,
      hash text not null unique,
      entry text not null
    );
    create index audit_log_by_incident on audit_log (incident_id, seq) where incident_id is not null;
    create index audit_log_by_kind on audit_log (kind, seq);

    create function refuse_change_of_audit_log() returns trigger language plpgsql as $$
    begin
      raise exception 'the audit log is append-only: % refused', tg_op using errcode = 'insufficient_privilege';
    end $$;
    create trigger audit_log_is_append_only
      before update or delete or truncate on audit_log
      for each statement execute function refuse_change_of_audit_log();
    -- Also when a session pretends to be a replica.
    alter table audit_log enable always trigger audit_log_is_append_only;
  `.execute(db)
}
