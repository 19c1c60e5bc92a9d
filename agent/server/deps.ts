import type { Writable } from 'node:stream'
import type { Registry } from 'prom-client'
import type { GivenLabel, Label } from '../app/labels.ts'
import type { Question } from '../app/questions.ts'
import type { Person } from '../approval/people.ts'
import type { Alert } from '../domain/alert.ts'
import type { ApprovalStatus } from '../domain/approval.ts'
import type { AuditKind } from '../domain/audit.ts'
import type { Decision } from '../domain/decision.ts'
import type { Evidence } from '../domain/evidence.ts'
import type { HealthScore } from '../domain/health-score.ts'
import type { IncidentState } from '../domain/incident.ts'
import type { Instant } from '../domain/time.ts'
import type { Opinion } from '../domain/verdict.ts'
import type { HealthEvent } from '../ingest/infrastructure-health.ts'
import type { Note } from '../ingest/payload.ts'
import type { SnsReceiver } from '../ingest/sns.ts'
import type { Clock } from '../lib/clock.ts'
import type { Http } from '../lib/http.ts'
import type { Log } from '../lib/log.ts'
import type { AuditColumn, AuditSort } from '../store/keeping.ts'
import type { ReviewDeps } from './review-deps.ts'

/** How a delivery came in, kept beside its alerts. */
export interface DeliveryMeta {
  readonly source: string
  readonly receivedAt: Instant
  readonly requestId: string
  /** Who sent it: a token's name, `signature:<kind>`, or `local`. */
  readonly principal: string
  readonly notes: readonly Note[]
  /** The sender's own id of this delivery; its retries carry the same one. Null when it gives none. */
  readonly deliveryId: string | null
  /** The body as it came, for the record. */
  readonly raw: string
}

interface IngestResult {
  /** Incidents that the alerts belong to now. */
  readonly incidents: readonly string[]
  /** Fingerprints of alerts that fit no service; they are stored all the same. */
  readonly unmatched: readonly string[]
}

/** Something that was changed, as `POST /v1/changes` takes it. */
export interface ChangeInput {
  readonly at: Instant
  readonly kind: string
  readonly service: string
  readonly ref: string
  readonly summary: string
  readonly rolloutPercent: number | null
}

export interface Page<T> {
  readonly items: readonly T[]
  /** Hand it back as `cursor` to get the next page; null on the last one. */
  readonly next: string | null
}

export interface PageQuery {
  readonly limit: number
  readonly cursor: string | null
}

interface IncidentQuery extends PageQuery {
  readonly state: IncidentState | null
  readonly service: string | null
}

/** Everything that explains one decision. */
export interface DecisionRecord {
  readonly id: string
  readonly incidentId: string | null
  readonly service: string
  readonly mode: 'shadow' | 'live'
  readonly decision: Decision
  readonly opinion: Opinion | null
  readonly healthScore: HealthScore | null
  readonly snapshot: { readonly alerts: readonly Alert[]; readonly evidence: readonly Evidence[] }
}

interface DecisionQuery extends PageQuery {
  readonly incidentId: string | null
  readonly service: string | null
}

export type ExportFormat = 'ndjson' | 'json' | 'csv'

/** Which entries of the audit log, and in which order. */
export interface AuditQuery extends PageQuery {
  readonly order: 'newest' | 'oldest'
  /** Entries that are equal in it stand in the order of the chain. */
  readonly sort: AuditSort
  readonly filter: {
    readonly kinds?: readonly AuditKind[]
    readonly incidentId?: string
    readonly service?: string
    readonly actor?: string
    readonly action?: string
    readonly disposition?: string
    readonly text?: string
    readonly from?: Instant
    readonly to?: Instant
  }
}

/** Null columns: whole entries. */
export interface ExportQuery extends Omit<AuditQuery, keyof PageQuery> {
  readonly columns: readonly AuditColumn[] | null
}

interface QuestionQuery {
  readonly status: ApprovalStatus | null
  readonly incidentId: string | null
  readonly limit: number
}

/** What a person answers, and what was on the person's screen. */
export interface AnswerInput {
  readonly answer: 'approve' | 'refuse'
  readonly reason: string
  readonly consent: string
  readonly seen: { readonly factsHash: string; readonly planHash: string | null }
}

interface Readiness {
  readonly isReady: boolean
  readonly checks: Readonly<Record<string, string>>
}

/** Who asks, for acts that go on the record. */
export interface Caller {
  readonly principal: string
  readonly requestId: string
  /** Null for programs, and where nobody signs in. */
  readonly person: Person | null
}

/** What the HTTP server needs of the rest of the agent, and nothing more; answers that it only passes on have no shape here. */
export interface ServerDeps extends ReviewDeps {
  readonly clock: Clock
  readonly log: Log
  readonly registry: Registry
  readonly http: Http
  readonly newRequestId: () => string
  /** Resolves only when the alerts are durable; rejects with `store_unavailable` when the store is away. */
  readonly ingest: (alerts: readonly Alert[], meta: DeliveryMeta) => Promise<IngestResult>
  /** Keeps measured values of a place; durable when it resolves. */
  readonly updateMetrics: (event: HealthEvent, meta: DeliveryMeta) => Promise<void>
  readonly addChange: (change: ChangeInput, caller: Caller) => Promise<{ readonly id: string }>
  /** Null when no SNS topic is configured. */
  readonly sns: SnsReceiver | null
  readonly listIncidents: (query: IncidentQuery) => Promise<Page<unknown>>
  readonly getIncident: (id: string) => Promise<object | null>
  readonly listDecisions: (query: DecisionQuery) => Promise<Page<unknown>>
  readonly getDecision: (id: string) => Promise<DecisionRecord | null>
  /** What stands around a decision; null when there is none. */
  readonly getDecisionContext: (id: string) => Promise<object | null>
  /** Under another policy when its text is given. */
  readonly replay: (id: string, policyText: string | null) => Promise<unknown>
  readonly listAudit: (query: AuditQuery) => Promise<Page<unknown>>
  readonly verifyAudit: () => Promise<object>
  /** Writes every entry that fits, as the list shows them. */
  readonly exportAudit: (to: Writable, format: ExportFormat, query: ExportQuery) => Promise<unknown>
  /** As the caller sees it: each question says whether the caller may answer it. */
  readonly status: (caller: Caller) => Promise<object>
  readonly listQuestions: (query: QuestionQuery, caller: Caller) => Promise<readonly Question[]>
  readonly getQuestion: (id: string, caller: Caller) => Promise<Question | null>
  /** Throws `conflict` with the reason when the answer does not count. */
  readonly answer: (id: string, answer: AnswerInput, caller: Caller) => Promise<{ readonly text: string }>
  /** Throws `conflict` with the reason when the question does not get more time. */
  readonly moreTime: (id: string, caller: Caller) => Promise<{ readonly text: string }>
  /** Throws `conflict` with the reason when nothing is looked at again. */
  readonly lookAgain: (id: string, caller: Caller) => Promise<{ readonly text: string }>
  /** Null when there is no such decision. */
  readonly label: (id: string, label: Label, caller: Caller) => Promise<GivenLabel | null>
  /** The labelled decision as an evaluation case; null when there is no such decision or no label that says what was best. */
  readonly evaluationCase: (id: string) => Promise<object | null>
  /** One word for each part of the store that people watch. */
  readonly pulse: () => Promise<Readonly<Record<string, string>>>
  /** Health scores of one scope over the last hours, oldest first. */
  readonly scoreHistory: (scope: string, hours: number) => Promise<readonly unknown[]>
  readonly freeze: (service: string | null, reason: string, caller: Caller) => Promise<void>
  readonly unfreeze: (service: string | null, reason: string, caller: Caller) => Promise<void>
  readonly readiness: () => Promise<Readiness>
}
