import { type Kysely, sql } from 'kysely'

/** Incidents, their alerts, events above them, and what is remembered of every alert. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table events (
      id text primary key,
      provider text not null,
      opened_at timestamptz not null,
      last_joined_at timestamptz not null,
      closed_at timestamptz
    );
    create unique index one_open_event_per_provider on events (provider) where closed_at is null;

    create table incidents (
      id text primary key,
      service text not null,
      group_name text not null,
      provider text not null,
      event_id text references events (id),
      state text not null
        check (state in ('open', 'assessing', 'awaiting_approval', 'executing', 'mitigated', 'closed')),
      severity text not null,
      opened_at timestamptz not null,
      updated_at timestamptz not null,
      closed_at timestamptz,
      next_assessment_at timestamptz,
      assessments integer not null default 0,
      good_evaluations integer not null default 0,
      recurrence_of text references incidents (id) deferrable,
      claim_token text,
      claim_agent text,
      claim_expires_at timestamptz,
      claim_attempt integer not null default 0,
      state_before_claim text,
      last_failure text,
      last_decision_id text,
      last_decided_at timestamptz,
      last_action text,
      last_facts_hash text,
      check ((closed_at is null) = (state <> 'closed'))
    );
    create unique index one_open_incident_per_group on incidents (group_name) where closed_at is null;
    create index incidents_due on incidents (next_assessment_at)
      where closed_at is null and next_assessment_at is not null;
    create index incidents_claimed on incidents (claim_expires_at) where claim_expires_at is not null;
    create index incidents_by_group on incidents (group_name, opened_at desc);
    create index incidents_by_time on incidents (opened_at desc);
    create index incidents_by_event on incidents (event_id) where event_id is not null;

    create table incident_alerts (
      incident_id text not null references incidents (id),
      fingerprint text not null,
      service text not null,
      status text not null check (status in ('firing', 'resolved')),
      count integer not null,
      first_received_at timestamptz not null,
      last_received_at timestamptz not null,
      alert text not null,
      primary key (incident_id, fingerprint)
    );

    -- What is known of an alert beyond one incident: tells repeats and late messages from news.
    create table alert_states (
      group_name text not null,
      fingerprint text not null,
      status text not null check (status in ('firing', 'resolved')),
      severity text not null,
      starts_at timestamptz not null,
      changed_at timestamptz not null,
      last_received_at timestamptz not null,
      incident_id text references incidents (id),
      primary key (group_name, fingerprint)
    );
    create index alert_states_by_age on alert_states (last_received_at);

    create table evaluations (
      incident_id text not null references incidents (id),
      service text not null,
      at timestamptz not null,
      good boolean not null,
      fresh boolean not null,
      score double precision,
      detail text not null
    );
    create index evaluations_by_service on evaluations (service, at desc);
    create index evaluations_by_age on evaluations (at);
  `.execute(db)
}
