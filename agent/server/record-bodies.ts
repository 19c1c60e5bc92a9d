import { z } from 'zod'
import { Action, Ceiling, Disposition } from '../domain/action.ts'
import { AnomalyOpinion } from '../domain/anomaly.ts'
import { Approval } from '../domain/approval.ts'
import { ChainedEntry, ChainHead } from '../domain/audit.ts'
import { Decision } from '../domain/decision.ts'
import { Facts } from '../domain/facts.ts'
import { Incident } from '../domain/incident.ts'
import { Run } from '../domain/run.ts'
import { Instant } from '../domain/time.ts'
import { Category } from '../domain/verdict.ts'
import {
  AgentRecord,
  CurrentScore,
  DecisionRecord,
  DecisionSummary,
  Freeze,
  IncidentAlert,
  IncidentEvent,
  ScoreBucket,
} from '../store/records.ts'
import { QuestionBody } from './approval-routes.ts'

const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), next: z.string().nullable().meta({ description: 'the cursor of what follows' }) })

export const IncidentsBody = pageOf(Incident)
export const IncidentBody = z.object({
  at: Instant,
  incident: Incident,
  alerts: z.array(IncidentAlert),
  decisions: z.array(DecisionSummary),
})
export const DecisionsBody = pageOf(DecisionSummary)
export const DecisionBody = DecisionRecord.extend({ facts: Facts, anomaly: AnomalyOpinion.nullable() })

export const ReplayAnswer = z.object({
  id: z.string(),
  recorded: Decision,
  replayed: Decision,
  isSame: z.boolean(),
  isSnapshotIntact: z.boolean(),
  underOtherPolicy: z.boolean(),
})

export const AuditItem = ChainedEntry.extend({ words: z.string() })
export const AuditBody = pageOf(AuditItem)
export const VerificationBody = z.object({
  ok: z.boolean(),
  entries: z.number(),
  head: ChainHead.nullable(),
  anchors: z.number(),
  anchoredUpTo: z.number(),
  problem: z
    .object({
      seq: z.number(),
      kind: z.enum(['altered', 'missing', 'reordered', 'truncated', 'replaced', 'record_altered']),
      detail: z.string(),
    })
    .nullable(),
})

export const LabelBody = z.object({
  by: z.string(),
  at: Instant,
  label: z.enum(['right', 'wrong']),
  best: Action.nullable(),
  acceptable: z.array(Action),
  tolerable: z.array(Action),
  category: Category.nullable(),
  why: z.string(),
})
/** What it holds is described beside the recorded incidents; a file of that kind is read by the same code. */
export const CaseBody = z.looseObject({ format: z.literal('recorded-incident/v1') })

export const ContextBody = z.object({
  ceilings: z.partialRecord(Action, Ceiling),
  rules: z.record(z.string(), z.string()),
  approvals: z.array(Approval),
  runs: z.array(Run),
  entries: z.array(AuditItem),
  siblings: z.array(z.object({ id: z.string(), decidedAt: Instant, action: Action, disposition: Disposition })),
  impact: z.array(z.string()),
  labels: z.array(LabelBody),
  proof: z.object({
    isReplayedSame: z.boolean().nullable(),
    isSnapshotIntact: z.boolean().nullable(),
    detail: z.string(),
  }),
})

const StageView = z.object({
  stage: z.string(),
  phase: z.string(),
  spentSeconds: z.number(),
  timeoutSeconds: z.number().nullable(),
  detail: z.string(),
})
const WatchedRun = Run.extend({
  plan: z.string().nullable(),
  rtoSeconds: z.number().nullable(),
  plannedSeconds: z.number().nullable(),
  elapsedSeconds: z.number(),
  stages: z.array(StageView),
  note: z.string().nullable(),
})
const UpstreamHealth = z.object({
  kind: z.enum(['source', 'model', 'channel']),
  name: z.string(),
  asked: z.number(),
  failing: z.number(),
  lastOkAt: Instant.nullable(),
  failure: z.object({ at: Instant, what: z.string(), reason: z.string() }).nullable(),
})

export const StatusBody = z.object({
  at: Instant,
  mode: z.enum(['shadow', 'live']),
  policyHash: z.string(),
  agents: z.array(AgentRecord),
  services: z.array(
    z.object({
      name: z.string(),
      primary: z.string(),
      score: CurrentScore.nullable(),
      openIncidents: z.number(),
    }),
  ),
  incidents: z.array(z.object({ incident: Incident, latest: DecisionSummary.nullable() })),
  events: z.array(IncidentEvent),
  waiting: z.array(QuestionBody),
  runs: z.array(WatchedRun),
  frozen: z.array(Freeze),
  undelivered: z.number(),
  upstreams: z.array(UpstreamHealth),
})
export const ScoresBody = z.array(ScoreBucket)

/** Answers that are files or streams, by their content type. */
export function contentOf(description: string, ...types: readonly string[]) {
  const text: z.ZodType = z.string()
  return { description, content: Object.fromEntries(types.map((type) => [type, { schema: text }])) }
}
