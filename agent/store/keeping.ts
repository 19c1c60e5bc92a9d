import type { Writable } from 'node:stream'
import type { Actor, AuditEntry, AuditKind, ChainedEntry, ChainHead } from '../domain/audit.ts'
import type { OutgoingEvent } from '../domain/cloud-event.ts'
import type { Instant, TimeWindow } from '../domain/time.ts'
import type { Pulse } from './pulse.ts'
import type { Queues } from './queues.ts'
import type {
  AgentRecord,
  AnomalyModelRecord,
  AnomalyScope,
  AnomalyStream,
  ChangeRecord,
  CurrentScore,
  Document,
  Evaluation,
  Freeze,
  NewNotification,
  Notification,
  Post,
  RawBody,
  ScopeMetrics,
  ScoreBucket,
  ScorePoint,
} from './records.ts'

export interface FreezeStore {
  set(freeze: {
    service: string | null
    kind: 'freeze' | 'maintenance'
    reason: string
    by: Actor
    until: Instant | null
  }): Promise<Freeze>
  /** Lifts every freeze of exactly this scope; returns what was lifted. */
  lift(service: string | null, by: Actor, reason: string): Promise<Freeze[]>
  /** What is frozen now: all of it, or what concerns one service. */
  active(service?: string): Promise<Freeze[]>
}

export interface ChangeStore {
  /** False when this id of this source was known already. */
  record(change: Omit<ChangeRecord, 'receivedAt'>): Promise<boolean>
  /** Oldest first. */
  within(services: readonly string[], window: TimeWindow): Promise<ChangeRecord[]>
}

export interface ScoreStore {
  /** One round of the watch loop. */
  append(points: readonly (ScorePoint & { contributions: readonly Document[] })[]): Promise<void>
  current(scopes?: readonly string[]): Promise<CurrentScore[]>
  /** Oldest first, in the finest resolution that is still kept. */
  history(scope: string, window: TimeWindow): Promise<ScoreBucket[]>
  recordMetrics(metrics: ScopeMetrics): Promise<void>
  metrics(scope: string): Promise<ScopeMetrics[]>
  /** Newest first. */
  evaluations(service: string, limit: number): Promise<(Evaluation & { incidentId: string })[]>
}

export interface Outbox {
  /** False when a message with this key is already there. */
  enqueue(notification: NewNotification & { incidentId: string | null }): Promise<boolean>
  /** Takes messages that are due; they return to the queue when not settled within the lease, or when the agent is taken for dead. */
  claim(limit: number, leaseMs: number, agentId?: string): Promise<Notification[]>
  markSent(id: string): Promise<void>
  /** Null gives up. */
  markFailed(id: string, error: string, nextAttemptAt: Instant | null): Promise<void>
  list(filter?: { incidentId?: string; state?: Notification['state']; limit?: number }): Promise<Notification[]>
}

/** What became of an event: the broker has it, not yet, or never (given up). */
export interface EventSent {
  readonly outcome: 'published' | 'failed' | 'refused'
  readonly error: string | null
}

/** Events for a broker, in the order in which they happened. */
export interface OutgoingStore {
  waiting(limit: number): Promise<OutgoingEvent[]>
  /** Hands what waits to `send`, in order, one agent at a time, until one fails; how many are gone. */
  drain(limit: number, send: (event: OutgoingEvent) => Promise<EventSent>): Promise<number>
}

export interface PostStore {
  /** Everything that was posted, or may have been, about an incident. */
  of(incidentId: string): Promise<Post[]>
  /** Incidents whose posts may still change, newest first. */
  unsettled(limit: number): Promise<string[]>
  /** Incidents that people were asked about since then, and that were never posted; newest first. */
  unposted(since: Instant, limit: number): Promise<string[]>
  /** Written before a message is sent, so that one that may have arrived is looked for instead of sent twice. */
  intend(post: { id: string; incidentId: string; channel: string }): Promise<void>
  /** The message stands there with this content. */
  confirm(post: { id: string; place: string; contentHash: string }): Promise<void>
  /** Somebody deleted the message; it may be posted anew. */
  forget(id: string): Promise<void>
  settle(incidentId: string, isSettled: boolean): Promise<void>
}

export interface AuditFilter {
  readonly kinds?: readonly AuditKind[]
  readonly incidentId?: string
  readonly service?: string
  readonly actor?: string
  readonly from?: Instant
  readonly to?: Instant
  /** Of decisions, requests and runs: what it was about, and how far a decision went. */
  readonly action?: string
  readonly disposition?: string
  /** Anywhere in the entry, whatever the case. */
  readonly text?: string
  /** Newest first in a list and oldest first in an export, unless given. */
  readonly order?: 'newest' | 'oldest'
  /** What the list is sorted by; entries that are equal in it stand in the order of the chain. */
  readonly sort?: AuditSort
  /** Only entries older than this place. */
  readonly beforeSeq?: number
  /** Only what follows this entry in the order that is asked for; `value` is what the list is sorted by. */
  readonly following?: { readonly value: string; readonly seq: number }
  readonly limit?: number
}

/** What the audit log can be sorted by. */
export type AuditSort = 'seq' | 'kind' | 'service' | 'actor'

/** What an export may hold of each entry, instead of the whole chained entry. */
export const AUDIT_COLUMNS = [
  ...(['seq', 'at', 'kind', 'service', 'words', 'actor', 'action', 'disposition'] as const),
  ...(['incident', 'decision', 'hash'] as const),
]
export type AuditColumn = (typeof AUDIT_COLUMNS)[number]

export interface AuditVerification {
  readonly ok: boolean
  readonly entries: number
  readonly head: ChainHead | null
  /** How many outside anchors were compared, and the newest of them. */
  readonly anchors: number
  readonly anchoredUpTo: number
  readonly problem: {
    /** The first entry that is wrong. */
    readonly seq: number
    readonly kind: 'altered' | 'missing' | 'reordered' | 'truncated' | 'replaced' | 'record_altered'
    readonly detail: string
  } | null
}

export interface AuditLog {
  /** For administrative acts; decisions, approvals and runs write their own entries. */
  append(entries: readonly AuditEntry[]): Promise<ChainHead>
  head(): Promise<ChainHead | null>
  get(seq: number): Promise<ChainedEntry | null>
  /** Newest first. */
  list(filter?: AuditFilter): Promise<ChainedEntry[]>
  verify(anchors: readonly ChainHead[]): Promise<AuditVerification>
  /** Oldest first; returns how many were written. */
  export(
    to: Writable,
    format: 'ndjson' | 'csv' | 'json',
    filter?: AuditFilter,
    columns?: readonly AuditColumn[],
  ): Promise<number>
}

export interface BodyStore {
  /** Stores each body once under its hash. */
  put(bodies: readonly RawBody[]): Promise<void>
  /** Null when it was pruned; the record keeps the hash. */
  get(sha256: string): Promise<RawBody | null>
}

/** One purse that a model call is paid from, with its limits. */
export interface SpendingAccount {
  readonly account: string
  readonly tokensLimit: number
  readonly usdLimit: number
}

export interface SpendingStore {
  /** Adds to every account, or to none: then it returns the account that would exceed its limit. */
  reserve(
    accounts: readonly SpendingAccount[],
    amount: { readonly tokens: number; readonly usd: number },
  ): Promise<{ readonly account: string; readonly of: 'tokens' | 'usd'; readonly limit: number } | null>
  /** Corrects what was reserved by what was really taken. */
  settle(accounts: readonly string[], difference: { readonly tokens: number; readonly usd: number }): Promise<void>
}

export interface AnomalyModelStore {
  /** Puts a model in use; its stream begins anew. The newest versions of a service stay. */
  save(model: AnomalyModelRecord, bytes: Uint8Array): Promise<void>
  latest(service: string): Promise<{ model: AnomalyModelRecord; bytes: Uint8Array } | null>
  get(id: string): Promise<{ model: AnomalyModelRecord; bytes: Uint8Array } | null>
  /** An attempt to train that gave no model; the model in use stays. */
  refuse(service: string, at: Instant, refusal: string): Promise<void>
  /** How things stand, by service, without the models' bytes. */
  scopes(services?: readonly string[]): Promise<AnomalyScope[]>
  /** Null while there is no model. */
  stream(service: string): Promise<AnomalyStream | null>
  /** False when another model is in use by now, or somebody has read further. */
  saveStream(service: string, stream: { modelId: string; at: Instant; bytes: Uint8Array }): Promise<boolean>
}

/** What an agent says of itself. */
export interface AgentSelf {
  readonly id: string
  readonly host: string
  readonly pid: number
  readonly version: string
}

/** A dead agent, and how much of what it held. */
export interface Buried {
  readonly id: string
  readonly incidents: number
  readonly messages: number
  readonly runs: number
}

export interface AgentStore {
  /**
   * Takes a name. When another agent that lives has it, nothing is taken and that agent is returned; `isGone` may say of one that is not silent yet that it
   * is dead for certain. What an earlier life under this name held is given back.
   */
  register(
    self: AgentSelf,
    takenFor: { readonly deadAfterMs: number; readonly isGone: (other: AgentRecord) => Promise<boolean> },
  ): Promise<AgentRecord | null>
  /** A sign of life. An agent that was taken for dead is on the list again after it; what it held is with others. */
  heartbeat(self: AgentSelf): Promise<'known' | 'was_taken_for_dead'>
  /** Forgets agents that were silent for longer and gives back what they held, on the record. Only for who has given signs of life itself for that long. */
  bury(silentMs: number, by: string): Promise<readonly Buried[]>
  list(): Promise<AgentRecord[]>
  /** Agents that were silent for longer than this. */
  dead(silentMs: number): Promise<AgentRecord[]>
  /** An agent leaves in order; what it still holds is given back. */
  remove(id: string): Promise<void>
  /** Runs the function while holding a lock that all agents share; null when another agent holds it. */
  alone<T>(lock: string, run: () => Promise<T>): Promise<T | null>
  /** True the first time this delivery id of this source is seen. Ask after its alerts are stored (storing twice is harmless, forgetting is not). */
  isFirstDelivery(source: string, deliveryId: string): Promise<boolean>
}

export interface Retention {
  readonly rawBodyDays: number
  readonly rawScoreHours: number
  readonly fiveMinuteScoreDays: number
  readonly hourScoreDays: number
  readonly evaluationDays: number
  readonly sentNotificationDays: number
  readonly deliveryDays: number
  readonly changeDays: number
  readonly alertStateDays: number
}

export interface Maintenance {
  /** Downsamples and prunes; returns how many rows of what are gone. Safe to run from several agents. */
  prune(retention: Retention): Promise<Readonly<Record<string, number>>>
  /** How much waits and for how long; for the agent's own metrics. */
  queues(): Promise<Queues>
  /** Where the moving parts of the store stand; a part whose word differs from before has changed. Cheap enough for every second. */
  pulse(): Promise<Pulse>
  /** The whole store as checksummed NDJSON, from one consistent moment. */
  exportStore(to: Writable): Promise<{ rows: number; checksum: string }>
  /** Fills an empty store from an export; all of it or nothing. */
  importStore(from: AsyncIterable<Uint8Array>): Promise<{ rows: number; checksum: string }>
}
