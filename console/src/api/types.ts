import type { Api, Signal } from './openapi.ts'

export type {
  Action,
  AnomalyOpinion,
  AuditEntry,
  AuditItem,
  Category,
  Ceiling,
  Citation,
  Decision,
  Disposition,
  Evidence,
  GivenLabel,
  HealthScore,
  Observer,
  Opinion,
  Question,
  Reason,
  Run,
  RunReport,
  ScoreLevel,
  Service,
  Signal,
  Site,
  Snapshot,
  Target,
} from './openapi.ts'

type Answer<K extends keyof Api> = Api[K]['answer']

/** One decision with everything that it was made from. */
export type DecisionRecord = Answer<'GET /v1/decisions/{id}'>
export type DecisionContext = Answer<'GET /v1/decisions/{id}/context'>
export type Status = Answer<'GET /v1/status'>
export type ServiceStatus = Status['services'][number]
export type Freeze = Status['frozen'][number]
export type UpstreamHealth = Status['upstreams'][number]
/** A run that is under way, as those who wait for it see it. */
export type WatchedRun = Status['runs'][number]
export type WatchedStage = WatchedRun['stages'][number]
export type ScorePoint = Answer<'GET /v1/scores'>[number]
/** Whether the chain of the audit log holds, and where it breaks. */
export type Verification = Answer<'GET /v1/audit/verify'>
/** The agent beside thresholds and people. */
export type ShadowReport = Answer<'GET /v1/report'>
export type ShadowRow = ShadowReport['rows'][number]
export type PlanView = Answer<'GET /v1/plans'>['plans'][number]
export type PlanRun = PlanView['history'][number]
export type RunView = Answer<'GET /v1/runs/{id}'>
export type EvalBrief = Answer<'GET /v1/evals'>['reports'][number]
export type EvalView = Answer<'GET /v1/evals/{id}'>
export type EvalCase = EvalView['cases'][number]
/** Stated confidence against what came true. */
export type Curve = NonNullable<EvalView['calibration']>['stated']
export type SeriesSignal = Extract<Signal, { kind: 'series' }>
