import type { AnswerRefusal, Approval, ApprovalStatus } from '../domain/approval.ts'
import type { Actor } from '../domain/audit.ts'
import type { Decision } from '../domain/decision.ts'
import type { HealthScore } from '../domain/health-score.ts'
import type { Incident, IncidentState } from '../domain/incident.ts'
import type { JournalEntry, Run, RunState } from '../domain/run.ts'
import type { Snapshot } from '../domain/snapshot.ts'
import type { Instant } from '../domain/time.ts'
import type { Opinion } from '../domain/verdict.ts'
import type {
  AgentStore,
  AnomalyModelStore,
  AuditLog,
  BodyStore,
  ChangeStore,
  FreezeStore,
  Maintenance,
  Outbox,
  OutgoingStore,
  PostStore,
  ScoreStore,
  SpendingStore,
} from './keeping.ts'
import type {
  Claim,
  Cooldown,
  DecisionRecord,
  DecisionSummary,
  Document,
  Evaluation,
  IncidentAlert,
  IncidentEvent,
  IngestResult,
  NewNotification,
  RawBody,
  ScopedAlert,
} from './records.ts'

/** Where everything durable lives. Every method is one transaction, and throws Fault `store_unavailable` when the database is away. */
export interface Store {
  readonly incidents: IncidentStore
  readonly decisions: DecisionStore
  readonly approvals: ApprovalStore
  readonly runs: RunStore
  readonly freezes: FreezeStore
  readonly changes: ChangeStore
  readonly scores: ScoreStore
  readonly outbox: Outbox
  readonly posts: PostStore
  readonly outgoing: OutgoingStore
  readonly audit: AuditLog
  readonly bodies: BodyStore
  readonly anomalyModels: AnomalyModelStore
  readonly spending: SpendingStore
  readonly agents: AgentStore
  readonly maintenance: Maintenance
  /** Answers when the database does; for readiness probes. */
  ping(): Promise<void>
  close(): Promise<void>
}

export interface IncidentStore {
  /** Groups, deduplicates and stores alerts before anyone is told that they were received. Concurrent calls share a transaction. */
  ingestAlerts(alerts: readonly ScopedAlert[], receivedAt: Instant): Promise<IngestResult>
  /** Opens (or finds) the group's incident without any alert, for a sustained score. */
  openFromWatch(scope: { service: string; group: string; provider: string; severity: string }): Promise<Incident>
  get(id: string): Promise<Incident | null>
  /** Newest first. */
  list(filter?: IncidentFilter): Promise<Incident[]>
  /** Oldest first, at most `limit`, firing ones before resolved ones when there are more. */
  alertsOf(incidentId: string, limit?: number): Promise<IncidentAlert[]>
  /** Takes the incident whose assessment is most overdue, or null; never one that somebody else holds. A named incident need not be due. */
  claimAssessment(agentId: string, leaseMs: number, incidentId?: string): Promise<Claim | null>
  /** Prolongs a claim; false when it was lost, and then nothing of this assessment may be stored. */
  renewClaim(claim: Claim, leaseMs: number): Promise<boolean>
  /** Gives a claim back without a decision, to be assessed at a later time. */
  releaseClaim(claim: Claim, outcome: { nextAssessmentAt: Instant; failure: string | null }): Promise<void>
  /** Asks for an assessment no later than the time. */
  scheduleAssessment(incidentId: string, at: Instant): Promise<void>
  /** Counts one evaluation; the third good and fresh one in a row closes the incident, any other starts over. */
  recordEvaluation(incidentId: string, evaluation: Evaluation): Promise<Incident>
  /** A person closes it; on the record. */
  closeByPerson(incidentId: string, by: Actor, reason: string): Promise<Incident>
  events(filter?: { open?: boolean; limit?: number }): Promise<IncidentEvent[]>
}

export interface IncidentFilter {
  readonly open?: boolean
  /** Only those without any decision yet. */
  readonly undecided?: boolean
  readonly openedBefore?: Instant
  readonly states?: readonly IncidentState[]
  readonly service?: string
  readonly group?: string
  readonly eventId?: string
  readonly limit?: number
}

/** What goes on record when a decision was reached. */
export interface NewDecision {
  /** Chosen by the caller, so that messages can name it. */
  readonly id: string
  /** Null when a decision is made about a file or on a person's demand outside of an incident. */
  readonly claim: Claim | null
  readonly service: string
  readonly mode: 'shadow' | 'live'
  readonly actor: Actor
  readonly snapshot: Snapshot
  readonly facts: Document
  readonly healthScore: HealthScore | null
  readonly anomaly: Document | null
  readonly opinion: Opinion | null
  readonly gateInput: Document
  readonly policyText: string
  readonly bodies: Readonly<Record<string, readonly RawBody[]>>
  readonly timings: Readonly<Record<string, number>>
  readonly decision: Decision
  /** What this look says about the incident being over; counted with the decision. */
  readonly evaluation?: Evaluation
  /** Null when nothing remains to look at again. */
  readonly nextAssessmentAt: Instant | null
  /** When a person is asked. An open approval with the same facts, plan and target is kept instead. */
  readonly approval: NewApproval | null
  /** When it is carried out. */
  readonly run: NewRun | null
  readonly notifications: readonly NewNotification[]
}

export interface NewApproval {
  readonly approvers: readonly string[]
  readonly needed: number
  readonly dataLossSeconds: number | null
  readonly summary: string
  readonly expiresAt: Instant
  readonly cooldownSeconds: number
}

export interface NewRun {
  readonly startBefore: Instant
  readonly cooldownSeconds: number
  readonly isDryRun: boolean
}

export interface RecordedDecision {
  readonly id: string
  readonly recordHash: string
  readonly approvalId: string | null
  readonly runId: string | null
  /** Why no run was requested although the decision said act; the gate's answer was overtaken by another one. */
  readonly runRefused: 'group_busy' | 'frozen' | 'cooldown' | null
}

/** The part of a record that the next assessment reads. */
export interface DecisionOutcome {
  readonly id: string
  readonly opinion: Opinion | null
  readonly decision: Decision
}

export interface DecisionStore {
  /** Stores snapshot, opinions, decision, requests, messages, audit entries and the incident's next state in one transaction. Throws `conflict` when the claim was lost. */
  record(decision: NewDecision): Promise<RecordedDecision>
  /** A failure to decide in time: on the record, with the messages to people, and the claim given back. */
  recordFailure(failure: {
    readonly claim: Claim
    readonly actor: Actor
    readonly reason: string
    readonly nextAssessmentAt: Instant
    readonly notifications: readonly NewNotification[]
  }): Promise<void>
  get(id: string): Promise<DecisionRecord | null>
  /** The newest decision of an incident. */
  latestOf(incidentId: string): Promise<DecisionRecord | null>
  /** What the newest decision of an incident came to, without all that it was made from. */
  lastOutcome(incidentId: string): Promise<DecisionOutcome | null>
  list(filter?: { incidentId?: string; service?: string; limit?: number; before?: Instant }): Promise<DecisionSummary[]>
}

export interface Answer {
  readonly approvalId: string
  readonly person: string
  readonly answer: 'approve' | 'refuse'
  readonly via: string
  readonly comment: string | null
  /** What the person saw; anything else than what was asked is not an answer to it. */
  readonly factsHash: string
  readonly planHash: string | null
  /** Names that the person answers for besides the own one: groups, resolved at the moment of the answer. */
  readonly groups?: readonly string[]
  /** The policy in force; when given, a "yes" counts only under the policy that the question was asked under. */
  readonly policyHash?: string
}

export type AnswerOutcome =
  | { readonly outcome: 'voted'; readonly approval: Approval; readonly missing: number }
  | { readonly outcome: 'approved'; readonly approval: Approval; readonly run: Run }
  | { readonly outcome: 'refused'; readonly approval: Approval }
  | {
      readonly outcome: 'rejected'
      readonly reason: AnswerRefusal
      readonly detail: string
      readonly approval: Approval | null
    }

export interface ApprovalStore {
  get(id: string): Promise<Approval | null>
  list(filter?: { status?: ApprovalStatus; incidentId?: string; eventId?: string; limit?: number }): Promise<Approval[]>
  /**
   * Checks everything again and writes the vote, and with the last one needed the run request, in one transaction; an answer that does not count
   * is on the record too. A "no" beats a "yes": it may replace one's own, and takes back a run that nobody has started yet.
   */
  answer(answer: Answer, startWithinMs: number): Promise<AnswerOutcome>
  /** Why this answer would not count now, and null when it would; nothing is written. */
  refusalOf(answer: Answer): Promise<{ readonly reason: AnswerRefusal; readonly detail: string } | null>
  /** Turns every overdue question into a "no"; returns the ones it closed. */
  expire(): Promise<Approval[]>
  supersede(id: string, by: Actor, reason: string): Promise<Approval>
  /** Moves the end of an open question, on the record; null when it is not open or would not end later. */
  extend(id: string, by: Actor, until: Instant): Promise<Approval | null>
  /** Lets more people answer an open question, on the record; null when it is not open or asks them already. */
  widen(id: string, by: Actor, approvers: readonly string[], reason: string): Promise<Approval | null>
}

export interface RunStore {
  get(id: string): Promise<Run | null>
  list(filter?: {
    group?: string
    incidentId?: string
    states?: readonly RunState[]
    isDryRun?: boolean
    limit?: number
  }): Promise<Run[]>
  /** A person asks for a run outside of an approval; null when the group is busy, frozen or cooling down, with the reason. */
  request(request: ManualRun): Promise<{ run: Run } | { refused: 'group_busy' | 'frozen' | 'cooldown' }>
  /** Takes one pending request: raises the group's generation and starts its cooldown. Null when there is none or the cap is reached. */
  start(agentId: string, limits: RunLimits): Promise<Run | null>
  /** Another agent continues a run whose agent is dead; the generation is raised. Null when somebody else was faster. */
  takeOver(runId: string, fromAgent: string, agentId: string): Promise<Run | null>
  /** Moves a run on; refused with `conflict` from another state or by an older generation. */
  change(change: {
    readonly runId: string
    readonly from: RunState
    readonly to: RunState
    readonly generation: number | null
    readonly actor: Actor
    readonly detail: string
  }): Promise<Run>
  /** Cancels requests that nobody started in time; returns them. */
  expire(): Promise<Run[]>
  /** Appends to the run's journal; refused with `conflict` for an older generation. */
  journal(entry: Omit<JournalEntry, 'seq' | 'at'>): Promise<JournalEntry>
  journalOf(runId: string): Promise<JournalEntry[]>
  /** The group's newest generation; 0 before its first run. */
  generation(group: string): Promise<number>
  cooldown(group: string): Promise<Cooldown | null>
  endCooldown(group: string, by: Actor, reason: string): Promise<void>
}

export interface RunLimits {
  readonly maximumRunning: number
  /** For an agent that may rehearse but not act. */
  readonly onlyDryRuns?: boolean
}

export interface ManualRun {
  readonly service: string
  readonly group: string
  readonly action: Decision['action']
  readonly target: Decision['target']
  readonly planHash: string
  readonly factsHash: string | null
  readonly incidentId: string | null
  readonly decisionId: string | null
  readonly by: Actor
  readonly startBefore: Instant
  readonly cooldownSeconds: number
  readonly isDryRun: boolean
  readonly dataLossConsentSeconds: number | null
}
