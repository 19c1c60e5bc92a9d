import type { Generated, GeneratedAlways } from 'kysely'

/** Times are instants (ISO 8601, UTC, milliseconds); int8 comes back as text; documents are JSON as text. */
type Time = string
type BigInteger = string | number

export interface Schema {
  events: { id: string; provider: string; opened_at: Time; last_joined_at: Time; closed_at: Time | null }
  incidents: {
    id: string
    service: string
    group_name: string
    provider: string
    event_id: string | null
    state: string
    severity: string
    opened_at: Time
    updated_at: Time
    closed_at: Time | null
    next_assessment_at: Time | null
    assessments: number
    good_evaluations: number
    recurrence_of: string | null
    claim_token: string | null
    claim_agent: string | null
    claim_expires_at: Time | null
    claim_attempt: number
    state_before_claim: string | null
    last_failure: string | null
    last_decision_id: string | null
    last_decided_at: Time | null
    last_action: string | null
    last_facts_hash: string | null
  }
  incident_alerts: {
    incident_id: string
    fingerprint: string
    service: string
    status: string
    count: number
    first_received_at: Time
    last_received_at: Time
    alert: string
  }
  alert_states: {
    group_name: string
    fingerprint: string
    status: string
    severity: string
    starts_at: Time
    changed_at: Time
    last_received_at: Time
    incident_id: string | null
  }
  evaluations: {
    incident_id: string
    service: string
    at: Time
    good: boolean
    fresh: boolean
    score: number | null
    detail: string
  }
  snapshots: { hash: string; taken_at: Time; body: string }
  policy_texts: { hash: string; first_used_at: Time; body: string }
  raw_bodies: {
    sha256: string
    source: string
    content_type: string
    size_bytes: number
    gzip: Uint8Array
    stored_at: Time
    last_used_at: Time
  }
  decisions: {
    id: string
    incident_id: string | null
    service: string
    mode: string
    decided_at: Time
    analyst: string | null
    category: string | null
    action: string
    disposition: string
    snapshot_hash: string
    policy_text_hash: string
    document: string
    record_hash: string
  }
  approvals: {
    id: string
    decision_id: string
    incident_id: string
    event_id: string | null
    service: string
    group_name: string
    action: string
    target: string | null
    facts_hash: string
    plan_hash: string | null
    requested_by: string
    approvers: string
    needed: number
    data_loss_seconds: number | null
    summary: string
    cooldown_seconds: number
    status: string
    created_at: Time
    expires_at: Time
    closed_at: Time | null
    closed_reason: string | null
  }
  approval_votes: {
    approval_id: string
    person: string
    answer: string
    via: string
    at: Time
    comment: string | null
  }
  runs: {
    id: string
    incident_id: string | null
    decision_id: string | null
    approval_id: string | null
    service: string
    group_name: string
    action: string
    target: string | null
    plan_hash: string
    facts_hash: string | null
    requested_by: string
    requested_at: Time
    start_before: Time
    state: string
    generation: BigInteger | null
    agent_id: string | null
    started_at: Time | null
    finished_at: Time | null
    is_dry_run: boolean
    data_loss_consent_seconds: number | null
    cooldown_seconds: number
  }
  run_journal: {
    run_id: string
    seq: number
    at: Time
    generation: BigInteger
    stage: string
    kind: string
    detail: string
    data: string
  }
  group_states: {
    group_name: string
    generation: BigInteger
    cooldown_since: Time | null
    cooldown_until: Time | null
    cooldown_run_id: string | null
  }
  freezes: {
    id: string
    service: string | null
    kind: string
    reason: string
    set_by: string
    set_at: Time
    until: Time | null
    lifted_by: string | null
    lifted_at: Time | null
  }
  model_spending: { account: string; tokens: BigInteger; usd: number; updated_at: Time }
  changes: {
    source: string
    id: string
    service: string
    change_kind: string
    at: Time
    ref: string
    summary: string
    rollout_percent: number | null
    received_at: Time
  }
  score_scopes: { id: GeneratedAlways<number>; scope: string }
  score_current: {
    scope_id: number
    at: Time
    score: number
    maximum: number
    level: string
    unknown_weight: number
    level_since: Time
    evaluations: number
    contributions: string
  }
  score_points: { scope_id: number; at: Time; score: number }
  score_buckets: {
    scope_id: number
    width_seconds: number
    at: Time
    minimum: number
    mean: number
    maximum: number
    samples: number
  }
  scope_metrics: { scope: string; source_cloud: string; severity: string; at: Time; metrics: string }
  notifications: {
    id: string
    dedupe_key: string
    channel: string
    incident_id: string | null
    payload: string
    state: string
    attempts: number
    next_attempt_at: Time
    lease_until: Time | null
    claimed_by: Generated<string | null>
    last_error: string | null
    created_at: Time
    sent_at: Time | null
  }
  anomaly_models: {
    id: string
    service: string
    version: string
    trained_at: Time
    metadata: string
    bytes: Uint8Array
  }
  anomaly_scopes: {
    service: string
    model_id: string | null
    stream_at: Time | null
    stream: Uint8Array | null
    attempted_at: Time
    refusal: string | null
  }
  agents: { id: string; host: string; pid: number; version: string; started_at: Time; heartbeat_at: Time }
  outgoing_events: {
    id: string
    seq: Generated<BigInteger>
    type: string
    subject: string
    at: Time
    data: string
    attempts: Generated<number>
    last_error: Generated<string | null>
    published_at: Generated<Time | null>
  }
  schema_floor: { only_row: Generated<boolean>; migration: string }
  posts: {
    id: string
    incident_id: string
    channel: string
    place: string | null
    content_hash: string | null
    attempted_at: Time
    posted_at: Time | null
    is_settled: boolean
  }
  deliveries: { source: string; delivery_id: string; at: Time }
  audit_log: {
    seq: BigInteger
    at: Time
    kind: string
    actor: string
    incident_id: string | null
    service: string | null
    previous_hash: string
    hash: string
    entry: string
  }
}
