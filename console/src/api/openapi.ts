// Written by `npm run api:types` from the routes' own schemas; a test fails when it is not what they say.

export interface Api {
  /** Lifts a freeze. */
  readonly 'DELETE /v1/freezes': {
    readonly query: undefined
    readonly body: { readonly service?: string | null | undefined; readonly reason: string }
    readonly answer: { readonly unfrozen: string }
  }
  /** The process answers. */
  readonly 'GET /healthz': {
    readonly query: undefined
    readonly body: undefined
    readonly answer: unknown
  }
  /** Metrics in the Prometheus text format. */
  readonly 'GET /metrics': {
    readonly query: undefined
    readonly body: undefined
    readonly answer: unknown
  }
  /** Alerts can be stored. */
  readonly 'GET /readyz': {
    readonly query: undefined
    readonly body: undefined
    readonly answer: unknown
  }
  /** Questions to people, newest first, with what the caller may answer. */
  readonly 'GET /v1/approvals': {
    readonly query: { readonly status?: "pending" | "approved" | "refused" | "expired" | "superseded" | undefined; readonly incident?: string | undefined; readonly limit?: number | undefined }
    readonly body: undefined
    readonly answer: readonly ({ readonly id: string; readonly decisionId: string; readonly incidentId: string; readonly eventId: string | null; readonly service: string; readonly group: string; readonly action: "no_action" | "observe" | "self_heal" | "rollback_change" | "region_failover" | "dr_failover" | "page_human"; readonly target: "secondary" | "dr" | null; readonly factsHash: string; readonly planHash: string | null; readonly requestedBy: string; readonly approvers: readonly string[]; readonly needed: number; readonly dataLossSeconds: number | null; readonly summary: string; readonly cooldownSeconds: number; readonly status: "pending" | "approved" | "refused" | "expired" | "superseded"; readonly createdAt: string; readonly expiresAt: string; readonly closedAt: string | null; readonly closedReason: string | null; readonly votes: readonly { readonly person: string; readonly answer: "approve" | "refuse"; readonly via: string; readonly at: string; readonly comment: string | null }[]; readonly consent: string | null; readonly may: { readonly approve: { readonly isAllowed: boolean; readonly reason: string | null }; readonly refuse: { readonly isAllowed: boolean; readonly reason: string | null }; readonly moreTime: { readonly isAllowed: boolean; readonly reason: string | null }; readonly lookAgain: { readonly isAllowed: boolean; readonly reason: string | null } } })[]
  }
  /** One question, with what the caller may answer. */
  readonly 'GET /v1/approvals/{id}': {
    readonly query: undefined
    readonly body: undefined
    readonly answer: { readonly id: string; readonly decisionId: string; readonly incidentId: string; readonly eventId: string | null; readonly service: string; readonly group: string; readonly action: "no_action" | "observe" | "self_heal" | "rollback_change" | "region_failover" | "dr_failover" | "page_human"; readonly target: "secondary" | "dr" | null; readonly factsHash: string; readonly planHash: string | null; readonly requestedBy: string; readonly approvers: readonly string[]; readonly needed: number; readonly dataLossSeconds: number | null; readonly summary: string; readonly cooldownSeconds: number; readonly status: "pending" | "approved" | "refused" | "expired" | "superseded"; readonly createdAt: string; readonly expiresAt: string; readonly closedAt: string | null; readonly closedReason: string | null; readonly votes: readonly { readonly person: string; readonly answer: "approve" | "refuse"; readonly via: string; readonly at: string; readonly comment: string | null }[]; readonly consent: string | null; readonly may: { readonly approve: { readonly isAllowed: boolean; readonly reason: string | null }; readonly refuse: { readonly isAllowed: boolean; readonly reason: string | null }; readonly moreTime: { readonly isAllowed: boolean; readonly reason: string | null }; readonly lookAgain: { readonly isAllowed: boolean; readonly reason: string | null } } }
  }
  /** Entries of the audit log, newest first. */
  readonly 'GET /v1/audit': {
    readonly query: { readonly limit?: number | undefined; readonly cursor?: string | undefined; readonly kind?: "decision_made" | "assessment_failed" | "approval_requested" | "approval_voted" | "approval_closed" | "run_requested" | "run_changed" | "run_measured" | "cooldown_ended" | "freeze_set" | "freeze_lifted" | "incident_closed" | "policy_loaded" | "agent_started" | "agent_taken_over" | "store_exported" | "store_imported" | "administrative_act" | undefined; readonly incident?: string | undefined; readonly service?: string | undefined; readonly actor?: string | undefined; readonly action?: string | undefined; readonly disposition?: string | undefined; readonly text?: string | undefined; readonly from?: string | undefined; readonly to?: string | undefined; readonly order?: "newest" | "oldest" | undefined; readonly sort?: "seq" | "kind" | "service" | "actor" | undefined }
    readonly body: undefined
    readonly answer: unknown
  }
  /** The audit log, or what fits the filters, oldest first unless asked otherwise. */
  readonly 'GET /v1/audit/export': {
    readonly query: { readonly kind?: "decision_made" | "assessment_failed" | "approval_requested" | "approval_voted" | "approval_closed" | "run_requested" | "run_changed" | "run_measured" | "cooldown_ended" | "freeze_set" | "freeze_lifted" | "incident_closed" | "policy_loaded" | "agent_started" | "agent_taken_over" | "store_exported" | "store_imported" | "administrative_act" | undefined; readonly incident?: string | undefined; readonly service?: string | undefined; readonly actor?: string | undefined; readonly action?: string | undefined; readonly disposition?: string | undefined; readonly text?: string | undefined; readonly from?: string | undefined; readonly to?: string | undefined; readonly order?: "newest" | "oldest" | undefined; readonly sort?: "seq" | "kind" | "service" | "actor" | undefined; readonly columns?: string | undefined; readonly format?: "ndjson" | "json" | "csv" | undefined }
    readonly body: undefined
    readonly answer: unknown
  }
  /** Checks the chain and names the first broken entry. */
  readonly 'GET /v1/audit/verify': {
    readonly query: undefined
    readonly body: undefined
    readonly answer: unknown
  }
  /** Decisions, newest first. */
  readonly 'GET /v1/decisions': {
    readonly query: { readonly limit?: number | undefined; readonly cursor?: string | undefined; readonly incident?: string | undefined; readonly service?: string | undefined }
    readonly body: undefined
    readonly answer: unknown
  }
  /** One decision with every reason; as a page with Accept: text/html. */
  readonly 'GET /v1/decisions/{id}': {
    readonly query: undefined
    readonly body: undefined
    readonly answer: unknown
  }
  /** A labelled decision as an evaluation case, a file for evals/incidents. */
  readonly 'GET /v1/decisions/{id}/case': {
    readonly query: undefined
    readonly body: undefined
    readonly answer: unknown
  }
  /** What stands around a decision: ceilings, approvals, runs, audit entries, proof. */
  readonly 'GET /v1/decisions/{id}/context': {
    readonly query: undefined
    readonly body: undefined
    readonly answer: unknown
  }
  /** What a model was asked about a decision, and what it answered. */
  readonly 'GET /v1/decisions/{id}/exchange': {
    readonly query: undefined
    readonly body: undefined
    readonly answer: { readonly prompt: { readonly system: string; readonly user: string; readonly cut: readonly string[] } | null; readonly replies: readonly ({ readonly requestHash: string; readonly outcome: "complete" | "truncated" | "refused" | "empty" | "reasoning_only"; readonly text: string; readonly model: string; readonly requestId: string | null; readonly usage: { readonly inputTokens: number; readonly outputTokens: number; readonly cachedInputTokens: number }; readonly costUsd: number | null; readonly latencyMs: number })[] | null; readonly note: string }
  }
  /** Evaluations that were kept, oldest first. */
  readonly 'GET /v1/evals': {
    readonly query: undefined
    readonly body: undefined
    readonly answer: { readonly reports: readonly ({ readonly subject: { readonly analyst: string; readonly policyHash: string | null; readonly promptHash: string | null; readonly filter: string; readonly without: readonly string[]; readonly casesHash: string }; readonly summary: { readonly cases: number; readonly best: number; readonly acceptable: number; readonly tolerable: number; readonly forbidden: number; readonly needless: number; readonly missed: number; readonly exactOrAcceptable: number; readonly categoryAccuracy: number; readonly delayMinutes: number; readonly intervals: { readonly exactOrAcceptable: { readonly low: number; readonly high: number }; readonly categoryAccuracy: { readonly low: number; readonly high: number } }; readonly brier: number | null; readonly ece: number | null; readonly costUsd: number | null }; readonly id: string; readonly at: string })[] }
  }
  /** One evaluation with its calibration and cases. */
  readonly 'GET /v1/evals/{id}': {
    readonly query: undefined
    readonly body: undefined
    readonly answer: { readonly format: "eval-report/v1"; readonly subject: { readonly analyst: string; readonly policyHash: string | null; readonly promptHash: string | null; readonly filter: string; readonly without: readonly string[]; readonly casesHash: string }; readonly summary: { readonly cases: number; readonly best: number; readonly acceptable: number; readonly tolerable: number; readonly forbidden: number; readonly needless: number; readonly missed: number; readonly exactOrAcceptable: number; readonly categoryAccuracy: number; readonly delayMinutes: number; readonly intervals: { readonly exactOrAcceptable: { readonly low: number; readonly high: number }; readonly categoryAccuracy: { readonly low: number; readonly high: number } }; readonly brier: number | null; readonly ece: number | null; readonly costUsd: number | null }; readonly baselines: readonly ({ readonly name: string; readonly summary: { readonly cases: number; readonly best: number; readonly acceptable: number; readonly tolerable: number; readonly forbidden: number; readonly needless: number; readonly missed: number; readonly exactOrAcceptable: number; readonly categoryAccuracy: number; readonly delayMinutes: number; readonly intervals: { readonly exactOrAcceptable: { readonly low: number; readonly high: number }; readonly categoryAccuracy: { readonly low: number; readonly high: number } } } })[]; readonly calibration: { readonly stated: { readonly brier: number; readonly ece: number; readonly eceNoise: number; readonly bins: readonly ({ readonly from: number; readonly to: number; readonly count: number; readonly meanConfidence: number; readonly accuracy: number; readonly accuracyInterval: { readonly low: number; readonly high: number } })[] }; readonly calibrated: { readonly brier: number; readonly ece: number; readonly eceNoise: number; readonly bins: readonly ({ readonly from: number; readonly to: number; readonly count: number; readonly meanConfidence: number; readonly accuracy: number; readonly accuracyInterval: { readonly low: number; readonly high: number } })[] } | null } | null; readonly cases: readonly { readonly id: string; readonly repetition: number; readonly analyst: string | null; readonly title: string; readonly author: string; readonly episode: string; readonly tags: readonly string[]; readonly difficulty: string; readonly expectedCategory: string; readonly best: "no_action" | "observe" | "self_heal" | "rollback_change" | "region_failover" | "dr_failover" | "page_human"; readonly action: "no_action" | "observe" | "self_heal" | "rollback_change" | "region_failover" | "dr_failover" | "page_human"; readonly disposition: "act" | "ask" | "notify" | "record"; readonly scoredAs: "no_action" | "observe" | "self_heal" | "rollback_change" | "region_failover" | "dr_failover" | "page_human"; readonly tier: "best" | "acceptable" | "tolerable" | "forbidden"; readonly needless: boolean; readonly missed: boolean; readonly harmful: boolean; readonly category: string | null; readonly categoryCorrect: boolean; readonly recommended: "no_action" | "observe" | "self_heal" | "rollback_change" | "region_failover" | "dr_failover" | "page_human" | null; readonly recommendedTier: "best" | "acceptable" | "tolerable" | "forbidden" | null; readonly abstained: string | null; readonly confidence: number | null; readonly calibratedConfidence: number | null; readonly delayMinutes: number; readonly healthScore: number; readonly blocked: readonly string[]; readonly inputTokens: number; readonly outputTokens: number; readonly costUsd: number | null; readonly latencyMs: number }[]; readonly id: string; readonly at: string }
  }
  /** Incidents, newest first. */
  readonly 'GET /v1/incidents': {
    readonly query: { readonly limit?: number | undefined; readonly cursor?: string | undefined; readonly state?: "open" | "assessing" | "awaiting_approval" | "executing" | "mitigated" | "closed" | undefined; readonly service?: string | undefined }
    readonly body: undefined
    readonly answer: unknown
  }
  /** One incident with its alerts and decisions. */
  readonly 'GET /v1/incidents/{id}': {
    readonly query: undefined
    readonly body: undefined
    readonly answer: unknown
  }
  /** Server-sent events: which parts changed (record, incidents, runs, scores). */
  readonly 'GET /v1/live': {
    readonly query: undefined
    readonly body: undefined
    readonly answer: unknown
  }
  /** Every plan with its stages in words, and its runs and drills with what was measured. */
  readonly 'GET /v1/plans': {
    readonly query: undefined
    readonly body: undefined
    readonly answer: { readonly plans: readonly ({ readonly name: string; readonly hash: string; readonly service: string; readonly action: "no_action" | "observe" | "self_heal" | "rollback_change" | "region_failover" | "dr_failover" | "page_human"; readonly direction: "away" | "back"; readonly description: string; readonly source: { readonly provider: string; readonly region: string } | null; readonly target: { readonly provider: string; readonly region: string } | null; readonly objectives: { readonly rtoSeconds: number; readonly rpoSeconds: number }; readonly failback: string | null; readonly sandbox: boolean; readonly isLossMeasured: boolean; readonly plannedSeconds: number; readonly warnings: readonly string[]; readonly stages: readonly { readonly id: string; readonly stage: string; readonly timeoutSeconds: number; readonly fencing: string; readonly rollback: string; readonly does: string }[]; readonly history: readonly ({ readonly run: { readonly id: string; readonly incidentId: string | null; readonly decisionId: string | null; readonly approvalId: string | null; readonly service: string; readonly group: string; readonly action: "no_action" | "observe" | "self_heal" | "rollback_change" | "region_failover" | "dr_failover" | "page_human"; readonly target: "secondary" | "dr" | null; readonly planHash: string; readonly factsHash: string | null; readonly requestedBy: string; readonly requestedAt: string; readonly startBefore: string; readonly state: "pending" | "running" | "paused" | "succeeded" | "failed" | "cancelled" | "rolling_back" | "rolled_back" | "rollback_failed"; readonly generation: number | null; readonly agentId: string | null; readonly startedAt: string | null; readonly finishedAt: string | null; readonly isDryRun: boolean; readonly dataLossConsentSeconds: number | null; readonly cooldownSeconds: number }; readonly report: { readonly recoveryFromOnsetMs: number | null; readonly recoveryFromDecisionMs: number; readonly rtoMs: number; readonly meetsRto: boolean; readonly dataLossSeconds: number | null; readonly lostWrites: number | null; readonly duplicatedWrites: number | null; readonly rpoSeconds: number; readonly meetsRpo: boolean | null; readonly stages: readonly { readonly stage: string; readonly elapsedMs: number }[]; readonly overheadMs: number } | null; readonly isThisVersion: boolean })[] })[] }
  }
  /** What the agent decided, beside what thresholds would have done and what people did. */
  readonly 'GET /v1/report': {
    readonly query: { readonly since: string; readonly until?: string | undefined }
    readonly body: undefined
    readonly answer: { readonly incidents: number; readonly judged: number; readonly agent: { readonly failovers: number; readonly needless: number; readonly missed: number; readonly agreedWithPeople: number }; readonly thresholds: { readonly failovers: number; readonly needless: number; readonly missed: number; readonly agreedWithPeople: number }; readonly needlessAvoided: number; readonly minutesSaved: number; readonly minutesLost: number; readonly rows: readonly { readonly incident: string; readonly decision: string; readonly service: string; readonly decidedAt: string; readonly agent: "no_action" | "observe" | "self_heal" | "rollback_change" | "region_failover" | "dr_failover" | "page_human"; readonly thresholds: "no_action" | "observe" | "self_heal" | "rollback_change" | "region_failover" | "dr_failover" | "page_human"; readonly people: "no_action" | "observe" | "self_heal" | "rollback_change" | "region_failover" | "dr_failover" | "page_human" | null; readonly right: "no_action" | "observe" | "self_heal" | "rollback_change" | "region_failover" | "dr_failover" | "page_human" | null; readonly minutesSaved: number | null }[] }
  }
  /** One run: its stages, its journal, what was measured. */
  readonly 'GET /v1/runs/{id}': {
    readonly query: undefined
    readonly body: undefined
    readonly answer: { readonly run: { readonly id: string; readonly incidentId: string | null; readonly decisionId: string | null; readonly approvalId: string | null; readonly service: string; readonly group: string; readonly action: "no_action" | "observe" | "self_heal" | "rollback_change" | "region_failover" | "dr_failover" | "page_human"; readonly target: "secondary" | "dr" | null; readonly planHash: string; readonly factsHash: string | null; readonly requestedBy: string; readonly requestedAt: string; readonly startBefore: string; readonly state: "pending" | "running" | "paused" | "succeeded" | "failed" | "cancelled" | "rolling_back" | "rolled_back" | "rollback_failed"; readonly generation: number | null; readonly agentId: string | null; readonly startedAt: string | null; readonly finishedAt: string | null; readonly isDryRun: boolean; readonly dataLossConsentSeconds: number | null; readonly cooldownSeconds: number }; readonly plan: { readonly name: string; readonly rtoSeconds: number; readonly rpoSeconds: number } | null; readonly stages: readonly { readonly id: string; readonly does: string; readonly timeoutSeconds: number; readonly phase: string; readonly spentMs: number; readonly detail: string }[]; readonly journal: readonly ({ readonly runId: string; readonly seq: number; readonly at: string; readonly generation: number; readonly stage: string; readonly kind: "intent" | "effect" | "would" | "applied" | "verified" | "failed" | "undo_intent" | "undone" | "undo_failed" | "note"; readonly detail: string; readonly data: { readonly [name: string]: unknown } })[]; readonly report: { readonly recoveryFromOnsetMs: number | null; readonly recoveryFromDecisionMs: number; readonly rtoMs: number; readonly meetsRto: boolean; readonly dataLossSeconds: number | null; readonly lostWrites: number | null; readonly duplicatedWrites: number | null; readonly rpoSeconds: number; readonly meetsRpo: boolean | null; readonly stages: readonly { readonly stage: string; readonly elapsedMs: number }[]; readonly overheadMs: number } | null }
  }
  /** Health scores of one service, oldest first. */
  readonly 'GET /v1/scores': {
    readonly query: { readonly scope: string; readonly hours?: number | undefined }
    readonly body: undefined
    readonly answer: unknown
  }
  /** Services, open incidents, what waits for whom, what is frozen. */
  readonly 'GET /v1/status': {
    readonly query: undefined
    readonly body: undefined
    readonly answer: unknown
  }
  /** Alertmanager webhook, version 4. */
  readonly 'POST /v1/alerts/alertmanager': {
    readonly query: undefined
    readonly body: { readonly alerts: readonly ({ readonly status: "firing" | "resolved"; readonly labels: { readonly [name: string]: string | number | boolean | null }; readonly annotations?: { readonly [name: string]: string | number | boolean | null } | null | undefined; readonly startsAt: string; readonly endsAt?: string | null | undefined; readonly generatorURL?: string | null | undefined; readonly fingerprint?: string | null | undefined })[]; readonly truncatedAlerts?: number | null | undefined }
    readonly answer: { readonly accepted: number; readonly incidents: readonly string[]; readonly unmatched: readonly string[]; readonly notes: readonly { readonly kind: string; readonly detail: string }[]; readonly requestId: string }
  }
  /** One alert, or several under "alerts"; n8n and scripts. */
  readonly 'POST /v1/alerts/generic': {
    readonly query: undefined
    readonly body: { readonly alerts: readonly ({ readonly name?: string | undefined; readonly status?: "firing" | "resolved" | undefined; readonly severity?: string | undefined; readonly service?: string | undefined; readonly labels?: { readonly [name: string]: string | number | boolean | null } | undefined; readonly annotations?: { readonly [name: string]: string | number | boolean | null } | undefined; readonly summary?: string | undefined; readonly startsAt?: string | null | undefined; readonly endsAt?: string | null | undefined; readonly fingerprint?: string | undefined })[] } | { readonly name?: string | undefined; readonly status?: "firing" | "resolved" | undefined; readonly severity?: string | undefined; readonly service?: string | undefined; readonly labels?: { readonly [name: string]: string | number | boolean | null } | undefined; readonly annotations?: { readonly [name: string]: string | number | boolean | null } | undefined; readonly summary?: string | undefined; readonly startsAt?: string | null | undefined; readonly endsAt?: string | null | undefined; readonly fingerprint?: string | undefined }
    readonly answer: { readonly accepted: number; readonly incidents: readonly string[]; readonly unmatched: readonly string[]; readonly notes: readonly { readonly kind: string; readonly detail: string }[]; readonly requestId: string }
  }
  /** Grafana unified alerting webhook. */
  readonly 'POST /v1/alerts/grafana': {
    readonly query: undefined
    readonly body: { readonly alerts: readonly ({ readonly status: "firing" | "resolved"; readonly labels: { readonly [name: string]: string | number | boolean | null }; readonly annotations?: { readonly [name: string]: string | number | boolean | null } | null | undefined; readonly startsAt: string; readonly endsAt?: string | null | undefined; readonly generatorURL?: string | null | undefined; readonly fingerprint?: string | null | undefined; readonly values?: { readonly [name: string]: string | number | boolean | null } | null | undefined; readonly dashboardURL?: string | null | undefined; readonly panelURL?: string | null | undefined })[]; readonly truncatedAlerts?: number | null | undefined }
    readonly answer: { readonly accepted: number; readonly incidents: readonly string[]; readonly unmatched: readonly string[]; readonly notes: readonly { readonly kind: string; readonly detail: string }[]; readonly requestId: string }
  }
  /** PagerDuty v3 webhook subscription. */
  readonly 'POST /v1/alerts/pagerduty': {
    readonly query: undefined
    readonly body: { readonly event: { readonly id: string; readonly event_type: string; readonly resource_type?: string | null | undefined; readonly occurred_at: string; readonly data?: { readonly type?: string | null | undefined } | null | undefined } }
    readonly answer: { readonly accepted: number; readonly incidents: readonly string[]; readonly unmatched: readonly string[]; readonly notes: readonly { readonly kind: string; readonly detail: string }[]; readonly requestId: string }
  }
  /** CloudWatch alarms through SNS, signed, or raw with a token. */
  readonly 'POST /v1/alerts/sns': {
    readonly query: undefined
    readonly body: { readonly Type: "Notification" | "SubscriptionConfirmation" | "UnsubscribeConfirmation"; readonly MessageId: string; readonly TopicArn: string; readonly Subject?: string | null | undefined; readonly Message: string; readonly Timestamp: string; readonly SignatureVersion: "1" | "2"; readonly Signature: string; readonly SigningCertURL: string; readonly SubscribeURL?: string | null | undefined; readonly Token?: string | null | undefined } | { readonly AlarmName: string; readonly AlarmDescription?: string | null | undefined; readonly AlarmArn?: string | null | undefined; readonly AWSAccountId?: string | null | undefined; readonly NewStateValue: "ALARM" | "OK" | "INSUFFICIENT_DATA"; readonly NewStateReason?: string | null | undefined; readonly StateChangeTime: string; readonly Region?: string | null | undefined; readonly Trigger?: { readonly MetricName?: string | null | undefined; readonly Namespace?: string | null | undefined; readonly Dimensions?: readonly { readonly name?: string | undefined; readonly value?: string | undefined; readonly Name?: string | undefined; readonly Value?: string | undefined }[] | null | undefined } | null | undefined }
    readonly answer: { readonly accepted: number; readonly incidents: readonly string[]; readonly unmatched: readonly string[]; readonly notes: readonly { readonly kind: string; readonly detail: string }[]; readonly requestId: string }
  }
  /** A person’s yes or no; 409 says why it does not count. */
  readonly 'POST /v1/approvals/{id}/answer': {
    readonly query: undefined
    readonly body: { readonly answer: "approve" | "refuse"; readonly reason?: string | undefined; readonly consent?: string | undefined; readonly seen: { readonly factsHash: string; readonly planHash: string | null } }
    readonly answer: { readonly text: string }
  }
  /** Looks at the evidence behind a question again, now; 409 says why not. */
  readonly 'POST /v1/approvals/{id}/look-again': {
    readonly query: undefined
    readonly body: undefined
    readonly answer: { readonly text: string }
  }
  /** Lets a question stand longer, up to the limit of the settings; 409 says why not. */
  readonly 'POST /v1/approvals/{id}/more-time': {
    readonly query: undefined
    readonly body: undefined
    readonly answer: { readonly text: string }
  }
  /** Something was changed: a deploy, a flag, a record. */
  readonly 'POST /v1/changes': {
    readonly query: undefined
    readonly body: { readonly at?: string | null | undefined; readonly kind: string; readonly service: string; readonly ref?: string | undefined; readonly summary?: string | undefined; readonly rolloutPercent?: number | null | undefined }
    readonly answer: { readonly id: string }
  }
  /** Right, or what would have been right, and why; on the record. */
  readonly 'POST /v1/decisions/{id}/labels': {
    readonly query: undefined
    readonly body: { readonly label: "right" | "wrong"; readonly best?: "no_action" | "observe" | "self_heal" | "rollback_change" | "region_failover" | "dr_failover" | "page_human" | undefined; readonly acceptable?: readonly ("no_action" | "observe" | "self_heal" | "rollback_change" | "region_failover" | "dr_failover" | "page_human")[] | undefined; readonly tolerable?: readonly ("no_action" | "observe" | "self_heal" | "rollback_change" | "region_failover" | "dr_failover" | "page_human")[] | undefined; readonly category?: "aws_infrastructure" | "azure_infrastructure" | "gcp_infrastructure" | "cloudflare_infrastructure" | "cdn_infrastructure" | "network_transit" | "third_party_service" | "internal_deploy" | "internal_config" | "internal_capacity" | "internal_data" | "internal_certificate" | "security" | "monitoring_fault" | "mixed" | "none" | "unknown" | undefined; readonly why: string }
    readonly answer: unknown
  }
  /** Decides again from the record and compares; with a policy, under that one. Nothing is stored. */
  readonly 'POST /v1/decisions/{id}/replay': {
    readonly query: undefined
    readonly body: { readonly policy?: string | undefined } | null
    readonly answer: unknown
  }
  /** Measured health of a place; a critical one opens an assessment. */
  readonly 'POST /v1/events': {
    readonly query: undefined
    readonly body: { readonly event_type: "infrastructure_health"; readonly timestamp: string; readonly source_cloud: string; readonly severity: "ok" | "info" | "warning" | "critical"; readonly metrics?: { readonly [name: string]: number | string | boolean | null | { readonly [name: string]: number | string | boolean | null } } | undefined; readonly service?: string | undefined; readonly region?: string | undefined; readonly labels?: { readonly [name: string]: string | number | boolean | null } | undefined }
    readonly answer: { readonly accepted: number; readonly incidents: readonly string[]; readonly unmatched: readonly string[]; readonly notes: readonly { readonly kind: string; readonly detail: string }[]; readonly requestId: string }
  }
  /** The kill switch: nothing is carried out until it is lifted. */
  readonly 'POST /v1/freezes': {
    readonly query: undefined
    readonly body: { readonly service?: string | null | undefined; readonly reason: string }
    readonly answer: { readonly frozen: string }
  }
}
