// Written by `npm run api:types` from the routes' own schemas; a test fails when it is not what they say.

export type Action = "no_action" | "observe" | "self_heal" | "rollback_change" | "region_failover" | "dr_failover" | "page_human"

export type ActionInput = "no_action" | "observe" | "self_heal" | "rollback_change" | "region_failover" | "dr_failover" | "page_human"

export type Alert = { readonly fingerprint: string; readonly name: string; readonly status: "firing" | "resolved"; readonly severity: string; readonly labels: { readonly [name: string]: string }; readonly annotations: { readonly [name: string]: string }; readonly startsAt: string; readonly endsAt: string | null; readonly source: string }

export type AnomalyOpinion = { readonly status: "ok"; readonly scope: string; readonly at: string; readonly score: number; readonly percentile: number; readonly threshold: number; readonly isAnomalous: boolean; readonly since: string | null; readonly contributions: readonly { readonly metric: string; readonly share: number; readonly since: string | null }[]; readonly missing: readonly string[]; readonly risk30: { readonly probability: number; readonly baseRate: number } | null; readonly modelVersion: string; readonly trainedOn: { readonly from: string; readonly to: string; readonly rows: number }; readonly streamReadTo?: string | undefined } | { readonly status: "abstained"; readonly scope: string; readonly at: string; readonly reason: string; readonly modelVersion: string | null; readonly trainedOn: { readonly from: string; readonly to: string; readonly rows: number } | null }

export type Approval = { readonly id: string; readonly decisionId: string; readonly incidentId: string; readonly eventId: string | null; readonly service: string; readonly group: string; readonly action: Action; readonly target: Target | null; readonly factsHash: string; readonly planHash: string | null; readonly requestedBy: string; readonly approvers: readonly string[]; readonly needed: number; readonly dataLossSeconds: number | null; readonly summary: string; readonly cooldownSeconds: number; readonly status: "pending" | "approved" | "refused" | "expired" | "superseded"; readonly createdAt: string; readonly expiresAt: string; readonly closedAt: string | null; readonly closedReason: string | null; readonly votes: readonly { readonly person: string; readonly answer: "approve" | "refuse"; readonly via: string; readonly at: string; readonly comment: string | null }[] }

export type AuditEntry = { readonly at: string; readonly actor: { readonly kind: "agent" | "person" | "system"; readonly id: string; readonly via: string | null }; readonly kind: "decision_made"; readonly decisionId: string; readonly incidentId: string | null; readonly service: string; readonly action: Action; readonly disposition: Disposition; readonly target: Target | null; readonly mode: "shadow" | "live"; readonly analyst: string | null; readonly category: Category | null; readonly confidence: number | null; readonly healthScore: number | null; readonly blocked: readonly { readonly action: Action; readonly rules: readonly string[] }[]; readonly evidence: readonly string[]; readonly snapshotHash: string; readonly factsHash: string; readonly policyHash: string; readonly promptHash: string | null; readonly planHash: string | null; readonly recordHash: string } | { readonly at: string; readonly actor: { readonly kind: "agent" | "person" | "system"; readonly id: string; readonly via: string | null }; readonly kind: "assessment_failed"; readonly incidentId: string; readonly reason: string; readonly paged: boolean } | { readonly at: string; readonly actor: { readonly kind: "agent" | "person" | "system"; readonly id: string; readonly via: string | null }; readonly kind: "approval_requested"; readonly approvalId: string; readonly decisionId: string; readonly incidentId: string; readonly service: string; readonly action: Action; readonly target: Target | null; readonly factsHash: string; readonly planHash: string | null; readonly approvers: readonly string[]; readonly needed: number; readonly expiresAt: string } | { readonly at: string; readonly actor: { readonly kind: "agent" | "person" | "system"; readonly id: string; readonly via: string | null }; readonly kind: "approval_voted"; readonly approvalId: string; readonly incidentId: string; readonly answer: "approve" | "refuse"; readonly comment: string | null } | { readonly at: string; readonly actor: { readonly kind: "agent" | "person" | "system"; readonly id: string; readonly via: string | null }; readonly kind: "approval_closed"; readonly approvalId: string; readonly incidentId: string; readonly status: "pending" | "approved" | "refused" | "expired" | "superseded"; readonly reason: string } | { readonly at: string; readonly actor: { readonly kind: "agent" | "person" | "system"; readonly id: string; readonly via: string | null }; readonly kind: "run_requested"; readonly runId: string; readonly incidentId: string | null; readonly decisionId: string | null; readonly approvalId: string | null; readonly service: string; readonly group: string; readonly action: Action; readonly target: Target | null; readonly planHash: string; readonly isDryRun: boolean } | { readonly at: string; readonly actor: { readonly kind: "agent" | "person" | "system"; readonly id: string; readonly via: string | null }; readonly kind: "run_changed"; readonly runId: string; readonly incidentId: string | null; readonly group: string; readonly from: "pending" | "running" | "paused" | "succeeded" | "failed" | "cancelled" | "rolling_back" | "rolled_back" | "rollback_failed"; readonly to: "pending" | "running" | "paused" | "succeeded" | "failed" | "cancelled" | "rolling_back" | "rolled_back" | "rollback_failed"; readonly generation: number | null; readonly detail: string } | { readonly at: string; readonly actor: { readonly kind: "agent" | "person" | "system"; readonly id: string; readonly via: string | null }; readonly kind: "run_measured"; readonly runId: string; readonly incidentId: string | null; readonly service: string; readonly plan: string; readonly isDryRun: boolean; readonly report: RunReport } | { readonly at: string; readonly actor: { readonly kind: "agent" | "person" | "system"; readonly id: string; readonly via: string | null }; readonly kind: "cooldown_ended"; readonly group: string; readonly reason: string } | { readonly at: string; readonly actor: { readonly kind: "agent" | "person" | "system"; readonly id: string; readonly via: string | null }; readonly kind: "freeze_set"; readonly service: string | null; readonly reason: string } | { readonly at: string; readonly actor: { readonly kind: "agent" | "person" | "system"; readonly id: string; readonly via: string | null }; readonly kind: "freeze_lifted"; readonly service: string | null; readonly reason: string } | { readonly at: string; readonly actor: { readonly kind: "agent" | "person" | "system"; readonly id: string; readonly via: string | null }; readonly kind: "incident_closed"; readonly incidentId: string; readonly reason: string } | { readonly at: string; readonly actor: { readonly kind: "agent" | "person" | "system"; readonly id: string; readonly via: string | null }; readonly kind: "policy_loaded"; readonly policyHash: string; readonly previousHash: string | null; readonly source: string } | { readonly at: string; readonly actor: { readonly kind: "agent" | "person" | "system"; readonly id: string; readonly via: string | null }; readonly kind: "agent_started"; readonly version: string; readonly mode: "shadow" | "live" } | { readonly at: string; readonly actor: { readonly kind: "agent" | "person" | "system"; readonly id: string; readonly via: string | null }; readonly kind: "agent_taken_over"; readonly deadAgent: string; readonly work: number } | { readonly at: string; readonly actor: { readonly kind: "agent" | "person" | "system"; readonly id: string; readonly via: string | null }; readonly kind: "store_exported"; readonly rows: number; readonly checksum: string } | { readonly at: string; readonly actor: { readonly kind: "agent" | "person" | "system"; readonly id: string; readonly via: string | null }; readonly kind: "store_imported"; readonly rows: number; readonly checksum: string } | { readonly at: string; readonly actor: { readonly kind: "agent" | "person" | "system"; readonly id: string; readonly via: string | null }; readonly kind: "administrative_act"; readonly act: string; readonly service: string | null; readonly reason: string; readonly details: { readonly [name: string]: unknown } }

export type AuditItem = { readonly seq: number; readonly previousHash: string; readonly hash: string; readonly entry: AuditEntry; readonly words: string }

export type Category = "aws_infrastructure" | "azure_infrastructure" | "gcp_infrastructure" | "cloudflare_infrastructure" | "cdn_infrastructure" | "network_transit" | "third_party_service" | "internal_deploy" | "internal_config" | "internal_capacity" | "internal_data" | "internal_certificate" | "security" | "monitoring_fault" | "mixed" | "none" | "unknown"

export type CategoryInput = "aws_infrastructure" | "azure_infrastructure" | "gcp_infrastructure" | "cloudflare_infrastructure" | "cdn_infrastructure" | "network_transit" | "third_party_service" | "internal_deploy" | "internal_config" | "internal_capacity" | "internal_data" | "internal_certificate" | "security" | "monitoring_fault" | "mixed" | "none" | "unknown"

export type Ceiling = "act" | "ask" | "notify" | "none"

export type Citation = { readonly evidence: string; readonly stance: "supports" | "contradicts"; readonly note: string }

export type Decision = { readonly action: Action; readonly disposition: Disposition; readonly target: Target | null; readonly planHash: string | null; readonly blocked: readonly { readonly action: Action; readonly rules: readonly string[] }[]; readonly reasons: readonly Reason[]; readonly decidedAt: string; readonly snapshotHash: string; readonly factsHash: string; readonly policyHash: string; readonly expiresAt: string | null }

export type DecisionSummary = { readonly id: string; readonly incidentId: string | null; readonly service: string; readonly mode: "shadow" | "live"; readonly decidedAt: string; readonly analyst: string | null; readonly category: string | null; readonly healthScore: { readonly score: number; readonly level: ScoreLevel } | null; readonly decision: Decision }

export type Disposition = "act" | "ask" | "notify" | "record"

export type Evidence = { readonly id: string; readonly source: string; readonly observer: Observer; readonly status: "ok" | "empty" | "failed"; readonly observedAt: string; readonly signals: readonly Signal[]; readonly error?: { readonly kind: "timeout" | "network" | "http" | "auth" | "rate_limited" | "subscription_required" | "malformed" | "too_large" | "cancelled" | "unknown"; readonly message: string } | undefined; readonly truncated?: string | undefined }

export type Facts = { readonly version: 1; readonly takenAt: string; readonly alert: { readonly firing: number; readonly resolved: number; readonly severity: string; readonly startedAt: string | null; readonly ageSeconds: number | null }; readonly onset: { readonly at: string | null; readonly basis: "sli" | "alert" | "none"; readonly minutesAgo: number | null }; readonly hurt: { readonly own_telemetry: { readonly state: "yes" | "no" | "unknown"; readonly basis: "series" | "checks" | "events" | "none"; readonly extent: "full" | "partial" | "none"; readonly evidence: readonly string[]; readonly since: string | null; readonly sustainedSeconds: number | null; readonly worstRatio: number | null; readonly isRecovering: boolean }; readonly outside_probe: { readonly state: "yes" | "no" | "unknown"; readonly basis: "series" | "checks" | "events" | "none"; readonly extent: "full" | "partial" | "none"; readonly evidence: readonly string[]; readonly since: string | null; readonly sustainedSeconds: number | null; readonly worstRatio: number | null; readonly isRecovering: boolean }; readonly provider: { readonly state: "yes" | "no" | "unknown"; readonly basis: "series" | "checks" | "events" | "none"; readonly extent: "full" | "partial" | "none"; readonly evidence: readonly string[]; readonly since: string | null; readonly sustainedSeconds: number | null; readonly worstRatio: number | null; readonly isRecovering: boolean }; readonly overall: "yes" | "no" | "unknown"; readonly isRecovering: boolean }; readonly series: readonly ({ readonly state: "fresh" | "stale" | "vanished" | "empty"; readonly samples: number; readonly missingShare: number; readonly ageSeconds: number | null; readonly baseline: number | null; readonly spread: number | null; readonly current: number | null; readonly changedAt: string | null; readonly direction: "up" | "down" | "flat"; readonly trend: "up" | "down" | "flat"; readonly ratio: number | null; readonly isAbnormal: boolean; readonly isBad: boolean | null; readonly badness: number | null; readonly worstBadness: number | null; readonly badForSeconds: number; readonly firstBadAt: string | null; readonly badShare: number; readonly isIntermittent: boolean; readonly isRecovering: boolean; readonly id: string; readonly evidence: string; readonly observer: Observer; readonly name: string; readonly unit: string; readonly labels: { readonly [name: string]: string }; readonly sli: { readonly role: "errors" | "latency" | "traffic" | "success"; readonly badWhen: "high" | "low"; readonly objective?: number | undefined } | null; readonly place: "primary" | "secondary" | "dr" | "other" | null })[]; readonly breakdowns: readonly ({ readonly dimension: "zone" | "region" | "version"; readonly family: string; readonly members: readonly { readonly value: string; readonly series: string; readonly isAffected: boolean; readonly current: number | null }[]; readonly split: "none" | "some" | "all" })[]; readonly vanished: readonly string[]; readonly checks: readonly { readonly id: string; readonly evidence: string; readonly check: string; readonly observer: string; readonly status: "ok" | "degraded" | "error" | "unknown"; readonly ageSeconds: number | null; readonly isStale: boolean }[]; readonly providerEvents: readonly { readonly id: string; readonly evidence: string; readonly provider: string; readonly channel: "health_api" | "status_page"; readonly category: "issue" | "maintenance" | "notification" | "security"; readonly isOpen: boolean; readonly state: "upcoming" | "open" | "monitoring" | "closed"; readonly severity: "none" | "low" | "medium" | "high" | "unknown"; readonly isAccountSpecific: boolean; readonly namesOwnResources: boolean; readonly primary: "provider" | "region" | "zone" | "unstated" | "no"; readonly secondary: "provider" | "region" | "zone" | "unstated" | "no"; readonly dr: "provider" | "region" | "zone" | "unstated" | "no"; readonly dependencies: readonly string[]; readonly namesProducts: boolean; readonly isElsewhere: boolean; readonly startedAt: string | null; readonly minutesBeforeOnset: number | null; readonly ageMinutes: number | null }[]; readonly components: readonly { readonly id: string; readonly evidence: string; readonly provider: string; readonly name: string; readonly status: "operational" | "degraded" | "partial_outage" | "major_outage" | "maintenance" | "unknown"; readonly dependencies: readonly string[] }[]; readonly dependencies: readonly { readonly name: string; readonly state: "failing" | "suspect" | "clear" | "unknown"; readonly evidence: readonly string[] }[]; readonly changes: readonly { readonly id: string; readonly evidence: string; readonly kind: string; readonly service: string; readonly at: string; readonly rolloutPercent: number | null; readonly minutesBeforeOnset: number | null; readonly ageMinutes: number; readonly relation: "service" | "component" | "dependency" | "other" }[]; readonly logs: { readonly levels: { readonly [name: string]: { readonly lines: number; readonly patterns: number; readonly newPatterns: number } }; readonly firstErrorAt: string | null; readonly lastErrorAt: string | null; readonly top: readonly ({ readonly id: string; readonly level: "error" | "warn" | "info" | "debug" | "unknown"; readonly count: number; readonly stream: { readonly [name: string]: string }; readonly firstAt: string; readonly lastAt: string; readonly isNew: boolean })[] }; readonly targets: { readonly secondary: { readonly target: Target; readonly exists: boolean; readonly evidence: string | null; readonly signal: string | null; readonly provider: string | null; readonly region: string | null; readonly sharesProviderWithPrimary: boolean; readonly healthy: boolean | null; readonly capacity: "ok" | "low" | "none" | "unknown"; readonly lagSeconds: number | null; readonly rpoSeconds: number | null; readonly checkAgeMinutes: number | null; readonly backupAgeHours: number | null; readonly restoreTestAgeDays: number | null; readonly sharedDependencies: readonly string[]; readonly failingDependencies: readonly string[]; readonly suspectDependencies: readonly string[]; readonly events: readonly string[]; readonly blocks: readonly ("not_configured" | "no_evidence" | "unhealthy" | "health_unknown" | "no_capacity" | "low_capacity" | "capacity_unknown" | "lag_over_rpo" | "lag_unknown" | "stale_check" | "restore_test_old" | "restore_test_unknown" | "no_backup" | "shared_dependency_failing" | "shared_dependency_suspect" | "provider_event_at_target")[] }; readonly dr: { readonly target: Target; readonly exists: boolean; readonly evidence: string | null; readonly signal: string | null; readonly provider: string | null; readonly region: string | null; readonly sharesProviderWithPrimary: boolean; readonly healthy: boolean | null; readonly capacity: "ok" | "low" | "none" | "unknown"; readonly lagSeconds: number | null; readonly rpoSeconds: number | null; readonly checkAgeMinutes: number | null; readonly backupAgeHours: number | null; readonly restoreTestAgeDays: number | null; readonly sharedDependencies: readonly string[]; readonly failingDependencies: readonly string[]; readonly suspectDependencies: readonly string[]; readonly events: readonly string[]; readonly blocks: readonly ("not_configured" | "no_evidence" | "unhealthy" | "health_unknown" | "no_capacity" | "low_capacity" | "capacity_unknown" | "lag_over_rpo" | "lag_unknown" | "stale_check" | "restore_test_old" | "restore_test_unknown" | "no_backup" | "shared_dependency_failing" | "shared_dependency_suspect" | "provider_event_at_target")[] } }; readonly evidence: { readonly total: number; readonly ok: number; readonly empty: number; readonly failed: readonly { readonly id: string; readonly observer: Observer; readonly kind: "timeout" | "network" | "http" | "auth" | "rate_limited" | "subscription_required" | "malformed" | "too_large" | "cancelled" | "unknown" }[]; readonly byObserver: { readonly [name: string]: { readonly ok: number; readonly empty: number; readonly failed: number } }; readonly darkShare: number; readonly seeing: readonly Observer[] } }

export type GivenLabel = { readonly by: string; readonly at: string; readonly label: "right" | "wrong"; readonly best: Action | null; readonly acceptable: readonly Action[]; readonly tolerable: readonly Action[]; readonly category: Category | null; readonly why: string }

export type HealthScore = { readonly score: number; readonly maximum: number; readonly level: ScoreLevel; readonly contributions: readonly { readonly check: string; readonly status: "ok" | "degraded" | "error" | "unknown"; readonly weight: number; readonly points: number; readonly signal: string | null }[] }

export type Incident = { readonly id: string; readonly service: string; readonly group: string; readonly eventId: string | null; readonly state: "open" | "assessing" | "awaiting_approval" | "executing" | "mitigated" | "closed"; readonly severity: string; readonly openedAt: string; readonly updatedAt: string; readonly closedAt: string | null; readonly nextAssessmentAt: string | null; readonly assessments: number; readonly goodEvaluations: number }

export type JournalEntry = { readonly runId: string; readonly seq: number; readonly at: string; readonly generation: number; readonly stage: string; readonly kind: "intent" | "effect" | "would" | "applied" | "verified" | "failed" | "undo_intent" | "undone" | "undo_failed" | "note"; readonly detail: string; readonly data: { readonly [name: string]: unknown } }

export type Observer = "provider" | "own_telemetry" | "outside_probe" | "change" | "target"

export type Opinion = { readonly analyst: string; readonly verdict: { readonly rootCause: { readonly category: Category; readonly provider: string | null; readonly summary: string }; readonly recommendedAction: Action; readonly confidence: number; readonly reasoning: string; readonly citations: readonly Citation[]; readonly alternatives: readonly { readonly category: Category; readonly whyNot: string }[]; readonly unknowns: readonly string[] } | null; readonly abstained: { readonly reason: "refused" | "truncated" | "empty_reply" | "reasoning_only" | "invalid_reply" | "unsupported" | "deadline" | "unavailable" | "over_budget" | "not_recorded" | "inconclusive"; readonly detail: string } | null; readonly calibratedConfidence: number | null; readonly promptHash: string | null; readonly notes: readonly string[]; readonly usage: { readonly inputTokens: number; readonly outputTokens: number; readonly cachedInputTokens: number; readonly costUsd: number | null; readonly latencyMs: number } | null }

export type Question = { readonly id: string; readonly decisionId: string; readonly incidentId: string; readonly eventId: string | null; readonly service: string; readonly group: string; readonly action: Action; readonly target: Target | null; readonly factsHash: string; readonly planHash: string | null; readonly requestedBy: string; readonly approvers: readonly string[]; readonly needed: number; readonly dataLossSeconds: number | null; readonly summary: string; readonly cooldownSeconds: number; readonly status: "pending" | "approved" | "refused" | "expired" | "superseded"; readonly createdAt: string; readonly expiresAt: string; readonly closedAt: string | null; readonly closedReason: string | null; readonly votes: readonly { readonly person: string; readonly answer: "approve" | "refuse"; readonly via: string; readonly at: string; readonly comment: string | null }[]; readonly consent: string | null; readonly may: { readonly approve: { readonly isAllowed: boolean; readonly reason: string | null }; readonly refuse: { readonly isAllowed: boolean; readonly reason: string | null }; readonly moreTime: { readonly isAllowed: boolean; readonly reason: string | null }; readonly lookAgain: { readonly isAllowed: boolean; readonly reason: string | null } } }

export type Reason = { readonly rule: string; readonly action: Action | null; readonly ceiling: Ceiling; readonly outcome: "pass" | "limit" | "block" | "info"; readonly detail: string }

export type Run = { readonly id: string; readonly incidentId: string | null; readonly decisionId: string | null; readonly approvalId: string | null; readonly service: string; readonly group: string; readonly action: Action; readonly target: Target | null; readonly planHash: string; readonly factsHash: string | null; readonly requestedBy: string; readonly requestedAt: string; readonly startBefore: string; readonly state: "pending" | "running" | "paused" | "succeeded" | "failed" | "cancelled" | "rolling_back" | "rolled_back" | "rollback_failed"; readonly generation: number | null; readonly agentId: string | null; readonly startedAt: string | null; readonly finishedAt: string | null; readonly isDryRun: boolean; readonly dataLossConsentSeconds: number | null; readonly cooldownSeconds: number }

export type RunReport = { readonly recoveryFromOnsetMs: number | null; readonly recoveryFromDecisionMs: number; readonly rtoMs: number; readonly meetsRto: boolean; readonly dataLossSeconds: number | null; readonly lostWrites: number | null; readonly duplicatedWrites: number | null; readonly rpoSeconds: number; readonly meetsRpo: boolean | null; readonly stages: readonly { readonly stage: string; readonly elapsedMs: number }[]; readonly overheadMs: number }

export type ScoreLevel = "none" | "self_heal" | "region_failover" | "dr_failover"

export type Service = { readonly name: string; readonly group?: string | undefined; readonly tier: string; readonly primary: Site; readonly secondary: Site | null; readonly dr: Site | null; readonly dependsOn: readonly string[]; readonly slo?: { readonly availability: number; readonly rtoMinutes: number; readonly rpoMinutes: number } | undefined; readonly costs?: { readonly outagePerMinute: number; readonly regionFailover: number; readonly drFailover: number } | undefined; readonly runbookUrl?: string | undefined }

export type Signal = { readonly kind: "health_check"; readonly id: string; readonly check: string; readonly status: "ok" | "degraded" | "error" | "unknown"; readonly latencyMs: number | null; readonly detail: string | null; readonly checkedAt: string | null } | { readonly kind: "provider_event"; readonly id: string; readonly channel: "health_api" | "status_page"; readonly provider: string; readonly products: readonly string[]; readonly regions: readonly string[]; readonly regionsFrom?: "title" | undefined; readonly zone: string | null; readonly category: "issue" | "maintenance" | "notification" | "security"; readonly state: "upcoming" | "open" | "monitoring" | "closed"; readonly severity: "none" | "low" | "medium" | "high" | "unknown"; readonly isAccountSpecific: boolean; readonly affectedEntities: readonly string[]; readonly startedAt: string | null; readonly updatedAt: string | null; readonly endedAt: string | null; readonly title: string; readonly text: string } | { readonly kind: "component"; readonly id: string; readonly provider: string; readonly name: string; readonly status: "operational" | "degraded" | "partial_outage" | "major_outage" | "maintenance" | "unknown"; readonly updatedAt: string | null } | { readonly kind: "series"; readonly id: string; readonly name: string; readonly unit: string; readonly query: string; readonly labels: { readonly [name: string]: string }; readonly sli: { readonly role: "errors" | "latency" | "traffic" | "success"; readonly badWhen: "high" | "low"; readonly objective?: number | undefined } | null; readonly stepSeconds: number; readonly points: readonly (readonly [number, number | null])[] } | { readonly kind: "log_pattern"; readonly id: string; readonly query: string; readonly stream: { readonly [name: string]: string }; readonly level: "error" | "warn" | "info" | "debug" | "unknown"; readonly pattern: string; readonly sample: string; readonly count: number; readonly firstAt: string; readonly lastAt: string } | { readonly kind: "change"; readonly id: string; readonly at: string; readonly changeKind: string; readonly service: string; readonly ref: string; readonly summary: string; readonly rolloutPercent: number | null } | { readonly kind: "readiness"; readonly id: string; readonly target: Target; readonly exists: boolean; readonly healthy: boolean | null; readonly capacity: "ok" | "low" | "none" | "unknown"; readonly replicationLagSeconds: number | null; readonly sharedDependencies: readonly string[]; readonly lastBackupAt: string | null; readonly lastRestoreTestAt: string | null; readonly checkedAt: string | null; readonly detail: string | null }

export type Site = { readonly provider: string; readonly region: string }

export type Snapshot = { readonly version: 1; readonly takenAt: string; readonly service: Service; readonly alerts: readonly Alert[]; readonly evidence: readonly Evidence[] }

export type Target = "secondary" | "dr"

export interface Api {
  /** Lifts a freeze. */
  readonly 'DELETE /v1/freezes': {
    readonly query: undefined
    readonly body: { readonly service?: string | null | undefined; readonly reason: string }
    readonly answer: { readonly unfrozen: string }
  }
  /** Signs out. */
  readonly 'DELETE /v1/session': {
    readonly query: undefined
    readonly body: undefined
    readonly answer: { readonly isSignedIn: boolean; readonly leaveTo: string | null }
  }
  /** The process answers. */
  readonly 'GET /healthz': {
    readonly query: undefined
    readonly body: undefined
    readonly answer: { readonly status: string }
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
    readonly answer: { readonly status: string; readonly checks: { readonly [name: string]: string } }
  }
  /** Questions to people, newest first, with what the caller may answer. */
  readonly 'GET /v1/approvals': {
    readonly query: { readonly status?: "pending" | "approved" | "refused" | "expired" | "superseded" | undefined; readonly incident?: string | undefined; readonly limit?: number | undefined }
    readonly body: undefined
    readonly answer: readonly Question[]
  }
  /** One question, with what the caller may answer. */
  readonly 'GET /v1/approvals/{id}': {
    readonly query: undefined
    readonly body: undefined
    readonly answer: Question
  }
  /** Entries of the audit log, newest first. */
  readonly 'GET /v1/audit': {
    readonly query: { readonly limit?: number | undefined; readonly cursor?: string | undefined; readonly kind?: "decision_made" | "assessment_failed" | "approval_requested" | "approval_voted" | "approval_closed" | "run_requested" | "run_changed" | "run_measured" | "cooldown_ended" | "freeze_set" | "freeze_lifted" | "incident_closed" | "policy_loaded" | "agent_started" | "agent_taken_over" | "store_exported" | "store_imported" | "administrative_act" | undefined; readonly incident?: string | undefined; readonly service?: string | undefined; readonly actor?: string | undefined; readonly action?: string | undefined; readonly disposition?: string | undefined; readonly text?: string | undefined; readonly from?: string | undefined; readonly to?: string | undefined; readonly order?: "newest" | "oldest" | undefined; readonly sort?: "seq" | "kind" | "service" | "actor" | undefined }
    readonly body: undefined
    readonly answer: { readonly items: readonly AuditItem[]; readonly next: string | null }
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
    readonly answer: { readonly ok: boolean; readonly entries: number; readonly head: { readonly seq: number; readonly hash: string; readonly at: string } | null; readonly anchors: number; readonly anchoredUpTo: number; readonly problem: { readonly seq: number; readonly kind: "altered" | "missing" | "reordered" | "truncated" | "replaced" | "record_altered"; readonly detail: string } | null }
  }
  /** Decisions, newest first. */
  readonly 'GET /v1/decisions': {
    readonly query: { readonly limit?: number | undefined; readonly cursor?: string | undefined; readonly incident?: string | undefined; readonly service?: string | undefined }
    readonly body: undefined
    readonly answer: { readonly items: readonly DecisionSummary[]; readonly next: string | null }
  }
  /** One decision with every reason; as a page with Accept: text/html. */
  readonly 'GET /v1/decisions/{id}': {
    readonly query: undefined
    readonly body: undefined
    readonly answer: { readonly id: string; readonly incidentId: string | null; readonly service: string; readonly mode: "shadow" | "live"; readonly decidedAt: string; readonly snapshot: Snapshot; readonly facts: Facts; readonly healthScore: HealthScore | null; readonly anomaly: AnomalyOpinion | null; readonly opinion: Opinion | null; readonly gateInput: { readonly [name: string]: unknown }; readonly policyText: string; readonly bodies: { readonly [name: string]: readonly string[] }; readonly timings: { readonly [name: string]: number }; readonly decision: Decision; readonly recordHash: string }
  }
  /** A labelled decision as an evaluation case, a file for evals/incidents. */
  readonly 'GET /v1/decisions/{id}/case': {
    readonly query: undefined
    readonly body: undefined
    readonly answer: { readonly format: "recorded-incident/v1" }
  }
  /** What stands around a decision: ceilings, approvals, runs, audit entries, proof. */
  readonly 'GET /v1/decisions/{id}/context': {
    readonly query: undefined
    readonly body: undefined
    readonly answer: { readonly ceilings: { readonly [name: string]: Ceiling }; readonly rules: { readonly [name: string]: string }; readonly approvals: readonly Approval[]; readonly runs: readonly Run[]; readonly entries: readonly AuditItem[]; readonly siblings: readonly { readonly id: string; readonly decidedAt: string; readonly action: Action; readonly disposition: Disposition }[]; readonly impact: readonly string[]; readonly labels: readonly GivenLabel[]; readonly proof: { readonly isReplayedSame: boolean | null; readonly isSnapshotIntact: boolean | null; readonly detail: string } }
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
    readonly answer: { readonly format: "eval-report/v1"; readonly subject: { readonly analyst: string; readonly policyHash: string | null; readonly promptHash: string | null; readonly filter: string; readonly without: readonly string[]; readonly casesHash: string }; readonly summary: { readonly cases: number; readonly best: number; readonly acceptable: number; readonly tolerable: number; readonly forbidden: number; readonly needless: number; readonly missed: number; readonly exactOrAcceptable: number; readonly categoryAccuracy: number; readonly delayMinutes: number; readonly intervals: { readonly exactOrAcceptable: { readonly low: number; readonly high: number }; readonly categoryAccuracy: { readonly low: number; readonly high: number } }; readonly brier: number | null; readonly ece: number | null; readonly costUsd: number | null }; readonly baselines: readonly ({ readonly name: string; readonly summary: { readonly cases: number; readonly best: number; readonly acceptable: number; readonly tolerable: number; readonly forbidden: number; readonly needless: number; readonly missed: number; readonly exactOrAcceptable: number; readonly categoryAccuracy: number; readonly delayMinutes: number; readonly intervals: { readonly exactOrAcceptable: { readonly low: number; readonly high: number }; readonly categoryAccuracy: { readonly low: number; readonly high: number } } } })[]; readonly calibration: { readonly stated: { readonly brier: number; readonly ece: number; readonly eceNoise: number; readonly bins: readonly ({ readonly from: number; readonly to: number; readonly count: number; readonly meanConfidence: number; readonly accuracy: number; readonly accuracyInterval: { readonly low: number; readonly high: number } })[] }; readonly calibrated: { readonly brier: number; readonly ece: number; readonly eceNoise: number; readonly bins: readonly ({ readonly from: number; readonly to: number; readonly count: number; readonly meanConfidence: number; readonly accuracy: number; readonly accuracyInterval: { readonly low: number; readonly high: number } })[] } | null } | null; readonly cases: readonly { readonly id: string; readonly repetition: number; readonly analyst: string | null; readonly title: string; readonly author: string; readonly episode: string; readonly tags: readonly string[]; readonly difficulty: string; readonly expectedCategory: string; readonly best: Action; readonly action: Action; readonly disposition: Disposition; readonly scoredAs: Action; readonly tier: "best" | "acceptable" | "tolerable" | "forbidden"; readonly needless: boolean; readonly missed: boolean; readonly harmful: boolean; readonly category: string | null; readonly categoryCorrect: boolean; readonly recommended: Action | null; readonly recommendedTier: "best" | "acceptable" | "tolerable" | "forbidden" | null; readonly abstained: string | null; readonly confidence: number | null; readonly calibratedConfidence: number | null; readonly delayMinutes: number; readonly healthScore: number; readonly blocked: readonly string[]; readonly inputTokens: number; readonly outputTokens: number; readonly costUsd: number | null; readonly latencyMs: number }[]; readonly id: string; readonly at: string }
  }
  /** Incidents, newest first. */
  readonly 'GET /v1/incidents': {
    readonly query: { readonly limit?: number | undefined; readonly cursor?: string | undefined; readonly state?: "open" | "assessing" | "awaiting_approval" | "executing" | "mitigated" | "closed" | undefined; readonly service?: string | undefined }
    readonly body: undefined
    readonly answer: { readonly items: readonly Incident[]; readonly next: string | null }
  }
  /** One incident with its alerts and decisions. */
  readonly 'GET /v1/incidents/{id}': {
    readonly query: undefined
    readonly body: undefined
    readonly answer: { readonly at: string; readonly incident: Incident; readonly alerts: readonly { readonly incidentId: string; readonly fingerprint: string; readonly service: string; readonly status: "firing" | "resolved"; readonly count: number; readonly firstReceivedAt: string; readonly lastReceivedAt: string; readonly alert: Alert }[]; readonly decisions: readonly DecisionSummary[] }
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
    readonly answer: { readonly plans: readonly ({ readonly name: string; readonly hash: string; readonly service: string; readonly action: Action; readonly direction: "away" | "back"; readonly description: string; readonly source: Site | null; readonly target: Site | null; readonly objectives: { readonly rtoSeconds: number; readonly rpoSeconds: number }; readonly failback: string | null; readonly sandbox: boolean; readonly isLossMeasured: boolean; readonly plannedSeconds: number; readonly warnings: readonly string[]; readonly stages: readonly { readonly id: string; readonly stage: string; readonly timeoutSeconds: number; readonly fencing: string; readonly rollback: string; readonly does: string }[]; readonly history: readonly { readonly run: Run; readonly report: RunReport | null; readonly isThisVersion: boolean }[] })[] }
  }
  /** What the agent decided, beside what thresholds would have done and what people did. */
  readonly 'GET /v1/report': {
    readonly query: { readonly since: string; readonly until?: string | undefined }
    readonly body: undefined
    readonly answer: { readonly incidents: number; readonly judged: number; readonly agent: { readonly failovers: number; readonly needless: number; readonly missed: number; readonly agreedWithPeople: number }; readonly thresholds: { readonly failovers: number; readonly needless: number; readonly missed: number; readonly agreedWithPeople: number }; readonly needlessAvoided: number; readonly minutesSaved: number; readonly minutesLost: number; readonly rows: readonly { readonly incident: string; readonly decision: string; readonly service: string; readonly decidedAt: string; readonly agent: Action; readonly thresholds: Action; readonly people: Action | null; readonly right: Action | null; readonly minutesSaved: number | null }[] }
  }
  /** One run: its stages, its journal, what was measured. */
  readonly 'GET /v1/runs/{id}': {
    readonly query: undefined
    readonly body: undefined
    readonly answer: { readonly run: Run; readonly plan: { readonly name: string; readonly rtoSeconds: number; readonly rpoSeconds: number } | null; readonly stages: readonly { readonly id: string; readonly does: string; readonly timeoutSeconds: number; readonly phase: string; readonly spentMs: number; readonly detail: string }[]; readonly journal: readonly JournalEntry[]; readonly report: RunReport | null }
  }
  /** Health scores of one service, oldest first. */
  readonly 'GET /v1/scores': {
    readonly query: { readonly scope: string; readonly hours?: number | undefined }
    readonly body: undefined
    readonly answer: readonly { readonly at: string; readonly minimum: number; readonly mean: number; readonly maximum: number; readonly samples: number }[]
  }
  /** Who the console speaks for. */
  readonly 'GET /v1/session': {
    readonly query: undefined
    readonly body: undefined
    readonly answer: { readonly name: string | null; readonly scopes: readonly ("ingest" | "read" | "respond" | "approve" | "admin")[]; readonly isSignInNeeded: boolean; readonly csrf: string | null; readonly provider: string | null }
  }
  /** Services, open incidents, what waits for whom, what is frozen. */
  readonly 'GET /v1/status': {
    readonly query: undefined
    readonly body: undefined
    readonly answer: { readonly at: string; readonly mode: "shadow" | "live"; readonly policyHash: string; readonly agents: readonly { readonly id: string; readonly host: string; readonly pid: number; readonly version: string; readonly startedAt: string; readonly heartbeatAt: string }[]; readonly services: readonly ({ readonly name: string; readonly primary: string; readonly score: { readonly scope: string; readonly at: string; readonly score: number; readonly maximum: number; readonly level: ScoreLevel; readonly unknownWeight: number; readonly levelSince: string; readonly evaluations: number; readonly contributions: readonly { readonly [name: string]: unknown }[] } | null; readonly openIncidents: number })[]; readonly incidents: readonly { readonly incident: Incident; readonly latest: DecisionSummary | null }[]; readonly events: readonly { readonly id: string; readonly provider: string; readonly openedAt: string; readonly closedAt: string | null; readonly incidents: number; readonly openIncidents: number }[]; readonly waiting: readonly Question[]; readonly runs: readonly ({ readonly id: string; readonly incidentId: string | null; readonly decisionId: string | null; readonly approvalId: string | null; readonly service: string; readonly group: string; readonly action: Action; readonly target: Target | null; readonly planHash: string; readonly factsHash: string | null; readonly requestedBy: string; readonly requestedAt: string; readonly startBefore: string; readonly state: "pending" | "running" | "paused" | "succeeded" | "failed" | "cancelled" | "rolling_back" | "rolled_back" | "rollback_failed"; readonly generation: number | null; readonly agentId: string | null; readonly startedAt: string | null; readonly finishedAt: string | null; readonly isDryRun: boolean; readonly dataLossConsentSeconds: number | null; readonly cooldownSeconds: number; readonly plan: string | null; readonly rtoSeconds: number | null; readonly plannedSeconds: number | null; readonly elapsedSeconds: number; readonly stages: readonly { readonly stage: string; readonly phase: string; readonly spentSeconds: number; readonly timeoutSeconds: number | null; readonly detail: string }[]; readonly note: string | null })[]; readonly frozen: readonly { readonly id: string; readonly service: string | null; readonly kind: "freeze" | "maintenance"; readonly reason: string; readonly setBy: string; readonly setAt: string; readonly until: string | null; readonly liftedBy: string | null; readonly liftedAt: string | null }[]; readonly undelivered: number; readonly upstreams: readonly ({ readonly kind: "source" | "model" | "channel"; readonly name: string; readonly asked: number; readonly failing: number; readonly lastOkAt: string | null; readonly failure: { readonly at: string; readonly what: string; readonly reason: string } | null })[] }
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
    readonly body: { readonly label: "right" | "wrong"; readonly best?: ActionInput | undefined; readonly acceptable?: readonly ActionInput[] | undefined; readonly tolerable?: readonly ActionInput[] | undefined; readonly category?: CategoryInput | undefined; readonly why: string }
    readonly answer: GivenLabel
  }
  /** Decides again from the record and compares; with a policy, under that one. Nothing is stored. */
  readonly 'POST /v1/decisions/{id}/replay': {
    readonly query: undefined
    readonly body: { readonly policy?: string | undefined } | null
    readonly answer: { readonly id: string; readonly recorded: Decision; readonly replayed: Decision; readonly isSame: boolean; readonly isSnapshotIntact: boolean; readonly underOtherPolicy: boolean }
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
  /** Signs a person in by token. */
  readonly 'POST /v1/session': {
    readonly query: undefined
    readonly body: { readonly token: string }
    readonly answer: { readonly isSignedIn: boolean }
  }
}
