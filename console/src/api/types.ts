import type { Action, Ceiling, Disposition } from '../../../agent/domain/action.ts'
import type { Alert } from '../../../agent/domain/alert.ts'
import type { AnomalyOpinion } from '../../../agent/domain/anomaly.ts'
import type { Approval } from '../../../agent/domain/approval.ts'
import type { ChainedEntry } from '../../../agent/domain/audit.ts'
import type { Decision } from '../../../agent/domain/decision.ts'
import type { Facts } from '../../../agent/domain/facts.ts'
import type { HealthScore, ScoreLevel } from '../../../agent/domain/health-score.ts'
import type { Incident } from '../../../agent/domain/incident.ts'
import type { Run } from '../../../agent/domain/run.ts'
import type { Snapshot } from '../../../agent/domain/snapshot.ts'
import type { Instant } from '../../../agent/domain/time.ts'
import type { Category, Opinion } from '../../../agent/domain/verdict.ts'
import type { Api } from './openapi.ts'

/** A page of a list; `next` asks for what follows. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly next: string | null
}

/** One decision with everything that it was made from. */
export interface DecisionRecord {
  readonly id: string
  readonly incidentId: string | null
  readonly service: string
  readonly mode: 'shadow' | 'live'
  readonly decidedAt: Instant
  readonly snapshot: Snapshot
  readonly facts: Facts
  readonly healthScore: HealthScore | null
  readonly opinion: Opinion | null
  /** Null where no model of the service's normal state was there. */
  readonly anomaly: AnomalyOpinion | null
  readonly policyText: string
  readonly timings: Readonly<Record<string, number>>
  readonly decision: Decision
  readonly recordHash: string
}

/** An entry of the audit log, and what it says in words. */
export interface AuditItem extends ChainedEntry {
  readonly words: string
}

export interface DecisionContext {
  readonly ceilings: Readonly<Partial<Record<Action, Ceiling>>>
  readonly rules: Readonly<Record<string, string>>
  readonly approvals: readonly Approval[]
  readonly runs: readonly Run[]
  readonly entries: readonly AuditItem[]
  readonly siblings: readonly {
    readonly id: string
    readonly decidedAt: Instant
    readonly action: Action
    readonly disposition: Disposition
  }[]
  readonly labels: readonly GivenLabel[]
  readonly proof: {
    readonly isReplayedSame: boolean | null
    readonly isSnapshotIntact: boolean | null
    readonly detail: string
  }
}

export interface Replay {
  readonly recorded: Decision
  readonly replayed: Decision
  readonly isSame: boolean
}

export interface DecisionSummary {
  readonly id: string
  readonly incidentId: string | null
  readonly service: string
  readonly mode: 'shadow' | 'live'
  readonly decidedAt: Instant
  readonly analyst: string | null
  readonly category: string | null
  readonly decision: Decision
}

interface CurrentScore {
  readonly at: Instant
  readonly score: number
  readonly maximum: number
  readonly level: ScoreLevel
  readonly levelSince: Instant
  readonly unknownWeight: number
}

export interface Freeze {
  readonly id: string
  readonly service: string | null
  readonly kind: 'freeze' | 'maintenance'
  readonly reason: string
  readonly setBy: string
  readonly setAt: Instant
  readonly until: Instant | null
}

export interface ServiceStatus {
  readonly name: string
  readonly primary: string
  readonly score: CurrentScore | null
  readonly openIncidents: number
}

export interface Status {
  readonly at: Instant
  readonly mode: 'shadow' | 'live'
  readonly policyHash: string
  readonly agents: readonly {
    readonly id: string
    readonly host: string
    readonly version: string
    readonly startedAt: Instant
    readonly heartbeatAt: Instant
  }[]
  readonly services: readonly ServiceStatus[]
  readonly incidents: readonly { readonly incident: Incident; readonly latest: DecisionSummary | null }[]
  readonly waiting: readonly Question[]
  readonly runs: readonly RunView[]
  readonly upstreams: readonly UpstreamHealth[]
  readonly frozen: readonly Freeze[]
  readonly undelivered: number
}

export interface IncidentDetail {
  readonly incident: Incident
  readonly alerts: readonly {
    readonly fingerprint: string
    readonly status: string
    readonly count: number
    readonly firstReceivedAt: Instant
    readonly lastReceivedAt: Instant
    readonly alert: Alert
  }[]
  readonly decisions: readonly DecisionSummary[]
}

export interface ScorePoint {
  readonly at: Instant
  readonly mean: number
  readonly maximum: number
}

/** Whether the chain of the audit log holds, and where it breaks. */
export interface Verification {
  readonly ok: boolean
  readonly entries: number
  readonly anchors: number
  readonly anchoredUpTo: number
  readonly problem: { readonly seq: number; readonly kind: string; readonly detail: string } | null
}

/** Who the console speaks for. */
export interface Session {
  /** What the button for the sign-in provider says; null without one. */
  readonly provider: string | null
  readonly name: string | null
  readonly scopes: readonly string[]
  readonly isSignInNeeded: boolean
  readonly csrf: string | null
}

/** A question to people, with what somebody may do about it now, or the reason why not, in the agent's words. */
export type Question = Api['GET /v1/approvals/{id}']['answer']

export interface StageView {
  readonly stage: string
  readonly phase: string
  readonly spentSeconds: number
  readonly timeoutSeconds: number | null
  readonly detail: string
}

export interface RunView extends Run {
  readonly plan: string | null
  readonly rtoSeconds: number | null
  readonly elapsedSeconds: number
  readonly stages: readonly StageView[]
  readonly note: string | null
}

export interface UpstreamHealth {
  readonly kind: 'source' | 'model' | 'channel'
  readonly name: string
  readonly asked: number
  readonly failing: number
  readonly lastOkAt: Instant | null
  readonly failure: { readonly at: Instant; readonly what: string; readonly reason: string } | null
}

export interface GivenLabel {
  readonly by: string
  readonly at: Instant
  readonly label: 'right' | 'wrong'
  readonly best: Action | null
  readonly category: Category | null
  readonly why: string
}
