import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
/** From an incident's opening to its first decision: the objective is a minute. */
const DECISION_SECONDS = [1, 2.5, 5, 10, 20, 30, 45, 60, 90, 120, 300, 900]
const SHARES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1]

/** The agent's own metrics. */
export type AgentMetrics = ReturnType<typeof agentMetrics>

/** Registers the agent's metrics in a registry of its own. Labels come from closed sets or from the configuration, never from what was received. */
export function agentMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Counter({ name: `failwise_${name}`, help, labelNames, registers })
  const gauge = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Gauge({ name: `failwise_${name}`, help, labelNames, registers })
  const histogram = <L extends string>(name: string, help: string, buckets: number[], ...labelNames: L[]) =>
    new Histogram({ name: `failwise_${name}`, help, buckets, labelNames, registers })
  return {
    registry,
    info: gauge('agent_info', 'Version and mode of this agent; always 1.', 'version', 'mode'),

    decisions: counter('decisions_total', 'Decisions recorded, by action and disposition.', 'action', 'disposition'),
    blocked: counter('gate_blocks_total', 'Levers that were recommended or considered and blocked, by rule.', 'rule'),
    assessmentFailures: counter('assessment_failures_total', 'Assessments that came to no decision.'),
    firstDecisionSeconds: histogram(
      'first_decision_seconds',
      'From the opening of an incident to its first decision.',
      DECISION_SECONDS,
    ),
    assessmentSeconds: histogram('assessment_seconds', 'From looking to the record.', SECONDS),
    collectSeconds: histogram('collect_seconds', 'Waiting for all upstreams.', SECONDS),
    judgeSeconds: histogram('judge_seconds', 'Opinions and gate.', SECONDS),
    evidence: counter('evidence_total', 'Pieces of evidence in decisions, by source and status.', 'source', 'status'),
    anomalyTrainings: counter('anomaly_trainings_total', 'Trainings of anomaly models, by outcome.', 'outcome'),
    anomalyOpinions: counter('anomaly_opinions_total', 'Opinions of anomaly models: ok or abstained.', 'status'),
    anomalyRows: counter('anomaly_rows_total', 'Rows of metrics that anomaly models read on.'),
    reads: counter(
      'collector_reads_total',
      'Looks at upstreams, for decisions and for watching, by source and outcome: ok, empty, or why it failed.',
      'source',
      'outcome',
    ),
    readSeconds: histogram('collector_seconds', 'Time of one look, by source.', SECONDS, 'source'),

    checkLatency: gauge(
      'check_latency_seconds',
      'Time that a health check measured when it last looked, where it measures one; `cross_cloud_probe` is from the recovery site to the primary.',
      'service',
      'check',
    ),
    checkStatus: gauge(
      'check_status',
      'What a health check said when it last looked: 0 ok, 1 degraded, 2 error, 3 unknown.',
      'service',
      'check',
    ),
    targetLag: gauge(
      'target_lag_seconds',
      'Seconds of data that promoting a target would have lost when it was last measured; infinite when unknown.',
      'service',
      'target',
    ),

    opinions: counter(
      'opinions_total',
      'Opinions of analysts, by outcome: a verdict, or why it abstained.',
      'analyst',
      'outcome',
    ),
    confidence: histogram('opinion_confidence', 'Confidence that the gate saw.', SHARES, 'analyst'),
    risk: histogram('anomaly_risk', 'Calibrated risk for the next 30 minutes, where a model gave one.', SHARES),
    modelCalls: counter('model_calls_total', 'Calls to models, by outcome.', 'analyst', 'outcome'),
    modelTokens: counter('model_tokens_total', 'Tokens of model calls, by kind.', 'analyst', 'kind'),
    modelCost: counter(
      'model_cost_usd_total',
      'What model calls cost, in US dollars, where a price is known.',
      'analyst',
    ),
    modelSeconds: histogram('model_seconds', 'Time of one call to a model.', SECONDS, 'analyst'),

    notifications: counter(
      'notifications_total',
      'Attempts to tell people, by channel and outcome.',
      'channel',
      'outcome',
    ),
    failures: counter('loop_failures_total', 'Rounds of a background loop that failed.', 'loop'),
    eventsPublished: counter(
      'events_published_total',
      'Attempts to publish events to the broker, by outcome.',
      'outcome',
    ),
    eventsReceived: counter(
      'events_received_total',
      'Messages that the broker handed over, by what became of them.',
      'outcome',
    ),
    buried: counter('agents_taken_over_total', 'Dead agents whose work this agent gave back.'),
    anchorFailures: counter(
      'audit_anchor_failures_total',
      'Chain heads that could not be copied outside the database.',
    ),

    // Read from the shared store: every agent tells the same, so rules take the maximum.
    openIncidents: gauge('open_incidents', 'Incidents that are not closed.'),
    dueAssessments: gauge('due_assessments', 'Assessments that are due and that no agent has taken.'),
    oldestDueSeconds: gauge('oldest_due_assessment_seconds', 'How long the oldest due assessment has waited.'),
    undecidedIncidents: gauge('undecided_incidents', 'Open incidents without any decision.'),
    oldestUndecidedSeconds: gauge(
      'oldest_undecided_incident_seconds',
      'Age of the oldest open incident without a decision.',
    ),
    outboxWaiting: gauge('outbox_waiting', 'Messages to people that have not been sent yet.'),
    oldestMessageSeconds: gauge('oldest_outbox_message_seconds', 'How long the oldest message has waited.'),
    undelivered: gauge('undelivered_notifications', 'Messages of the last day that every channel has given up on.'),
    approvalsWaiting: gauge('approvals_waiting', 'Questions that wait for a person.'),
    oldestApprovalSeconds: gauge('oldest_approval_seconds', 'How long the oldest question has waited.'),
    activeRuns: gauge('active_runs', 'Runs that have not ended.'),
    liveAgents: gauge('live_agents', 'Agents on this store that were heard of within 30 seconds.'),
    services: gauge('services', 'Services by the level of their newest health score.', 'level'),
    auditHead: gauge('audit_head', 'Number of the newest entry of the audit log.'),
    storeReadAt: gauge('store_read_timestamp_seconds', 'When the figures above were last read from the store.'),
    auditBroken: gauge('audit_broken', 'Whether the audit chain failed to verify when this agent last looked: 1 or 0.'),
    auditVerifiedAt: gauge('audit_verified_timestamp_seconds', 'When this agent last verified the audit chain.'),
  }
}
