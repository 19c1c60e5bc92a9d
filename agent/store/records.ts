import { z } from 'zod'
import { Action } from '../domain/action.ts'
import { Alert } from '../domain/alert.ts'
import { Decision } from '../domain/decision.ts'
import { HealthScore, ScoreLevel } from '../domain/health-score.ts'
import { Snapshot } from '../domain/snapshot.ts'
import { Instant } from '../domain/time.ts'
import { Opinion } from '../domain/verdict.ts'

/** A JSON document whose inside belongs to someone else. */
export const Document = z.record(z.string(), z.unknown())
export type Document = z.infer<typeof Document>

/** An alert with the place that the catalogue gave it. */
export interface ScopedAlert {
  readonly alert: Alert
  readonly service: string
  readonly group: string
  /** The primary site's provider; groups of one provider that open together hang under one event. */
  readonly provider: string
}

export interface IngestedIncident {
  readonly incidentId: string
  readonly group: string
  readonly eventId: string | null
  readonly opened: boolean
  /** False for repeats and for what was recently judged benign. */
  readonly needsAssessment: boolean
}

export interface IngestResult {
  readonly incidents: readonly IngestedIncident[]
  readonly received: number
  /** Same alert, same state: counted on the known one. */
  readonly duplicates: number
  /** Older than what is known of that alert: counted, and changes nothing. */
  readonly outOfOrder: number
  /** Resolved without an open incident: remembered, opens nothing. */
  readonly resolvedUnknown: number
}

/** What is known of one alert within one incident. */
export const IncidentAlert = z.object({
  incidentId: z.string(),
  fingerprint: z.string(),
  service: z.string(),
  status: z.enum(['firing', 'resolved']),
  count: z.number().int().min(1),
  firstReceivedAt: Instant,
  lastReceivedAt: Instant,
  alert: Alert,
})
export type IncidentAlert = z.infer<typeof IncidentAlert>

/** Incidents of many groups that opened together: one outage of one provider. */
export const IncidentEvent = z.object({
  id: z.string(),
  provider: z.string(),
  openedAt: Instant,
  closedAt: Instant.nullable(),
  incidents: z.number().int().min(0),
  openIncidents: z.number().int().min(0),
})
export type IncidentEvent = z.infer<typeof IncidentEvent>

/** The right to assess one incident until the lease ends. */
export interface Claim {
  readonly incidentId: string
  readonly token: string
  /** How often this incident was claimed; part of a workflow's id, so that each attempt starts once. */
  readonly attempt: number
  /** The agent whose lease had run out, when this claim took over from it. */
  readonly takenOverFrom: string | null
  /** Whether the assessment before this one came to no decision. */
  readonly isAfterFailure: boolean
}

/** A raw upstream body, kept beside the snapshot under its hash. */
export interface RawBody {
  readonly sha256: string
  readonly source: string
  readonly contentType: string
  readonly bytes: Uint8Array
}

/** Everything one decision was made from, and the decision; enough to replay it. */
export const DecisionRecord = z.object({
  id: z.string(),
  incidentId: z.string().nullable(),
  service: z.string(),
  mode: z.enum(['shadow', 'live']),
  decidedAt: Instant,
  snapshot: Snapshot,
  facts: Document,
  healthScore: HealthScore.nullable(),
  anomaly: Document.nullable(),
  opinion: Opinion.nullable(),
  /** State of the agent, history, plans: whatever the gate read besides. */
  gateInput: Document,
  /** The policy file's text; its SHA-256 need not equal the decision's policyHash, which the policy computes for itself. */
  policyText: z.string(),
  /** Raw bodies by evidence id. */
  bodies: z.record(z.string(), z.array(z.string())),
  /** How long each phase took, for people who tune it. */
  timings: z.record(z.string(), z.number()),
  decision: Decision,
  recordHash: z.string(),
})
export type DecisionRecord = z.infer<typeof DecisionRecord>

/** A decision in a list. */
export const DecisionSummary = z.object({
  id: z.string(),
  incidentId: z.string().nullable(),
  service: z.string(),
  mode: z.enum(['shadow', 'live']),
  decidedAt: Instant,
  analyst: z.string().nullable(),
  category: z.string().nullable(),
  healthScore: HealthScore.pick({ score: true, level: true }).nullable(),
  decision: Decision,
})
export type DecisionSummary = z.infer<typeof DecisionSummary>

/** A stop: of everything when the service is null, or of one service. */
export const Freeze = z.object({
  id: z.string(),
  service: z.string().nullable(),
  kind: z.enum(['freeze', 'maintenance']),
  reason: z.string(),
  setBy: z.string(),
  setAt: Instant,
  /** Ends by itself; null waits for a person. */
  until: Instant.nullable(),
  liftedBy: z.string().nullable(),
  liftedAt: Instant.nullable(),
})
export type Freeze = z.infer<typeof Freeze>

/** `after`: what the run did that began it; null when that is not known. */
export const Cooldown = z.object({
  group: z.string(),
  until: Instant,
  since: Instant,
  runId: z.string(),
  after: Action.nullable(),
})
export type Cooldown = z.infer<typeof Cooldown>

/** A change that someone told us about. */
export const ChangeRecord = z.object({
  /** Its own id at the source; telling it twice stores it once. */
  id: z.string().min(1),
  service: z.string().min(1),
  changeKind: z.string().min(1),
  at: Instant,
  ref: z.string(),
  summary: z.string(),
  rolloutPercent: z.number().min(0).max(100).nullable(),
  source: z.string(),
  receivedAt: Instant,
})
export type ChangeRecord = z.infer<typeof ChangeRecord>

/** One score of one scope. */
export const ScorePoint = z.object({
  scope: z.string().min(1),
  at: Instant,
  score: z.number().min(0),
  maximum: z.number().min(0),
  level: ScoreLevel,
  /** Weight of the checks that nobody answered. */
  unknownWeight: z.number().min(0),
})
export type ScorePoint = z.infer<typeof ScorePoint>

/** The newest score of a scope and how long it has been like that. */
export const CurrentScore = ScorePoint.extend({
  levelSince: Instant,
  /** Evaluations in a row at this level. */
  evaluations: z.number().int().min(1),
  contributions: z.array(Document),
})
export type CurrentScore = z.infer<typeof CurrentScore>

/** Scores of one scope over a span of time. */
export const ScoreBucket = z.object({
  at: Instant,
  minimum: z.number(),
  mean: z.number(),
  maximum: z.number(),
  samples: z.number().int(),
})
export type ScoreBucket = z.infer<typeof ScoreBucket>

/** What an `infrastructure_health` event said about a scope. */
export const ScopeMetrics = z.object({
  scope: z.string(),
  sourceCloud: z.string(),
  severity: z.string(),
  at: Instant,
  metrics: Document,
})
export type ScopeMetrics = z.infer<typeof ScopeMetrics>

/** A message to people that must arrive once. */
export const Notification = z.object({
  id: z.string(),
  dedupeKey: z.string(),
  channel: z.string(),
  incidentId: z.string().nullable(),
  payload: Document,
  state: z.enum(['waiting', 'sending', 'sent', 'given_up']),
  attempts: z.number().int().min(0),
  nextAttemptAt: Instant,
  lastError: z.string().nullable(),
  createdAt: Instant,
  sentAt: Instant.nullable(),
})
export type Notification = z.infer<typeof Notification>

/** A message that stands somewhere and is updated in place. */
export const Post = z.object({
  /** What it shows, such as `incident:inc_…`. */
  id: z.string(),
  incidentId: z.string(),
  channel: z.string(),
  /** The other side's name of the message; null while it is not known whether it arrived. */
  place: z.string().nullable(),
  contentHash: z.string().nullable(),
  attemptedAt: Instant,
  postedAt: Instant.nullable(),
  isSettled: z.boolean(),
})
export type Post = z.infer<typeof Post>

/** One running agent. */
export const AgentRecord = z.object({
  id: z.string(),
  host: z.string(),
  pid: z.number().int(),
  version: z.string(),
  startedAt: Instant,
  heartbeatAt: Instant,
})
export type AgentRecord = z.infer<typeof AgentRecord>

/** A trained anomaly model, kept with its version so that a decision can be replayed with it. */
export const AnomalyModelRecord = z.object({
  id: z.string(),
  service: z.string(),
  version: z.string(),
  trainedAt: Instant,
  metadata: Document,
})
export type AnomalyModelRecord = z.infer<typeof AnomalyModelRecord>

/** A service's anomaly model in use, how far its stream was read, and how the last training went. */
export const AnomalyScope = z.object({
  service: z.string(),
  /** Null while none could be trained. */
  model: AnomalyModelRecord.nullable(),
  streamAt: Instant.nullable(),
  attemptedAt: Instant,
  /** Why the last attempt gave no model; null when it did. */
  refusal: z.string().nullable(),
})
export type AnomalyScope = z.infer<typeof AnomalyScope>

/** What is needed to go on reading a stream. */
export interface AnomalyStream {
  readonly modelId: string
  /** Null when nothing was read since training. */
  readonly at: Instant | null
  readonly bytes: Uint8Array | null
}

/** One look at an incident after it was decided. */
export interface Evaluation {
  readonly at: Instant
  readonly good: boolean
  /** Seen with recent evidence; a vanished series is not. */
  readonly fresh: boolean
  readonly score: number | null
  readonly detail: string
}

/** A message to be sent. */
export interface NewNotification {
  readonly dedupeKey: string
  readonly channel: string
  readonly payload: Document
}
