import { type Kysely, sql } from 'kysely'

/** Decisions with all they were made from, questions to people, and runs. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    -- Canonical JSON as text: the hash stands for exactly these characters.
    create table snapshots (
      hash text primary key,
      taken_at timestamptz not null,
      body text not null
    );

    create table policy_texts (
      hash text primary key,
      first_used_at timestamptz not null,
      body text not null
    );

    create table raw_bodies (
      sha256 text primary key,
      source text not null,
      content_type text not null,
      size_bytes integer not null,
      gzip bytea not null,
      stored_at timestamptz not null,
      last_used_at timestamptz not null
    );
    create index raw_bodies_by_age on raw_bodies (last_used_at);

    create table decisions (
      id text primary key,
      incident_id text references incidents (id),
      service text not null,
      mode text not null check (mode in ('shadow', 'live')),
      decided_at timestamptz not null,
      analyst text,
      category text,
      action text not null,
      disposition text not null,
      snapshot_hash text not null references snapshots (hash),
      policy_text_hash text not null references policy_texts (hash),
      document text not null,
      record_hash text not null
    );
    create index decisions_by_incident on decisions (incident_id, decided_at desc);
    create index decisions_by_service on decisions (service, decided_at desc);
    create index decisions_by_time on decisions (decided_at desc);

    create table approvals (
      id text primary key,
      decision_id text not null references decisions (id),
      incident_id text not null references incidents (id),
      event_id text references events (id),
      service text not null,
      group_name text not null,
      action text not null,
      target text,
      facts_hash text not null,
      plan_hash text,
      requested_by text not null,
      approvers text not null,
      needed integer not null check (needed >= 1),
      data_loss_seconds double precision,
      summary text not null,
      cooldown_seconds integer not null,
      status text not null check (status in ('pending', 'approved', 'refused', 'expired', 'superseded')),
      created_at timestamptz not null,
      expires_at timestamptz not null,
      closed_at timestamptz,
      closed_reason text,
      check ((closed_at is null) = (status = 'pending'))
    );
    create unique index one_open_question_per_incident on approvals (incident_id) where status = 'pending';
    create index approvals_overdue on approvals (expires_at) where status = 'pending';
    create index approvals_by_time on approvals (created_at desc);

    create table approval_votes (
      approval_id text not null references approvals (id),
      person text not null,
      answer text not null check (answer in ('approve', 'refuse')),
      via text not null,
      at timestamptz not null,
      comment text,
      primary key (approval_id, person)
    );

    create table runs (
      id text primary key,
      incident_id text references incidents (id),
      decision_id text references decisions (id),
      approval_id text references approvals (id),
      service text not null,
      group_name text not null,
      action text not null,
      target text,
      plan_hash text not null,
      facts_hash text,
      requested_by text not null,
      requested_at timestamptz not null,
      start_before timestamptz not null,
      state text not null check (state in ('pending', 'running', 'paused', 'succeeded', 'failed', 'cancelled',
        'rolling_back', 'rolled_back', 'rollback_failed')),
      generation bigint,
      agent_id text,
      started_at timestamptz,
      finished_at timestamptz,
      is_dry_run boolean not null,
      data_loss_consent_seconds double precision,
      cooldown_seconds integer not null
    );
    -- Two runs of one group would fight over the same database and the same names.
    create unique index one_active_run_per_group on runs (group_name)
      where state in ('pending', 'running', 'paused', 'rolling_back');
    -- An approval is used once.
    create unique index one_run_per_approval on runs (approval_id) where approval_id is not null;
    create index runs_by_time on runs (requested_at desc);

    create table run_journal (
      run_id text not null references runs (id),
      seq integer not null,
      at timestamptz not null,
      generation bigint not null,
      stage text not null,
      kind text not null,
      detail text not null,
      data text not null,
      primary key (run_id, seq)
    );

    -- Survives every crash: what may touch this group, and from when on again.
    create table group_states (
      group_name text primary key,
      generation bigint not null default 0,
      cooldown_since timestamptz,
      cooldown_until timestamptz,
      cooldown_run_id text
    );

    create table freezes (
      id text primary key,
      service text,
      kind text not null check (kind in ('freeze', 'maintenance')),
      reason text not null,
      set_by text not null,
      set_at timestamptz not null,
      until timestamptz,
      lifted_by text,
      lifted_at timestamptz
    );
    create index freezes_active on freezes (service) where lifted_at is null;
  `.execute(db)
}
