import { z } from 'zod'
import { Action } from '../domain/action.ts'
import { AnomalyOpinion } from '../domain/anomaly.ts'
import type { Facts } from '../domain/facts.ts'
import type { HealthScore } from '../domain/health-score.ts'
import type { Snapshot } from '../domain/snapshot.ts'
import { Instant } from '../domain/time.ts'
import type { Opinion } from '../domain/verdict.ts'

/** What the gate needs to know of a plan. */
const PlanFacts = z.object({
  hash: z.string().min(1),
  /** It has a stage without a way back. */
  irreversible: z.boolean(),
  /** It reaches an effector that cannot refuse an older generation. */
  unfenced: z.boolean(),
  /** The plan itself says that people are always asked. */
  alwaysAsked: z.boolean().optional(),
})

/** One evaluation of the incident's condition. */
export const Evaluation = z.object({ at: Instant, state: z.enum(['bad', 'good', 'unknown']) })
export type Evaluation = z.infer<typeof Evaluation>

/** The agent's own state, read with the snapshot and kept with the decision, so that it can be replayed. */
export const AgentState = z.object({
  /** Changes what is done with a decision, never the decision; no rule reads it. */
  mode: z.enum(['shadow', 'live']),
  killSwitch: z.boolean(),
  /** The service or its group is frozen. */
  frozen: z.boolean(),
  paused: z.boolean(),
  /** A maintenance window covers the service now. */
  maintenance: z.boolean(),
  cooldownUntil: Instant.nullable(),
  /** What the run did that began the cooldown; null when that is not known, which counts as a failover. */
  cooldownAfter: Action.nullable().default(null),
  /** The group's last run, when what it did could not be undone: then something stands that should not. */
  halfMoved: z.string().nullable().default(null),
  /** The run that holds the failover group. */
  activeRun: z.string().nullable(),
  globalRunsInFlight: z.number().int().min(0),
  /** Null: not tried, or not known. */
  isolation: z.object({
    recoverySiteReachable: z.boolean().nullable(),
    neutralAnchorReachable: z.boolean().nullable(),
  }),
  approversExist: z.boolean(),
  plans: z.partialRecord(Action, PlanFacts.nullable()),
  /** The last evaluations, oldest first; null when there is no history of its own, then the series are the history. */
  evaluations: z.array(Evaluation).nullable(),
})
export type AgentState = z.infer<typeof AgentState>

/** What the gate reads of the anomaly model: a calibrated view of the next half hour; never an observer, and never a permission. */
export interface AnomalyRisk {
  /** Probability of trouble within 30 minutes; null when the model abstains or is not calibrated. */
  readonly risk: number | null
}

/** What the gate reads of an opinion. An abstention is no risk at all, so it can neither lower nor permit anything. */
export function anomalyRiskOf(opinion: AnomalyOpinion | null): AnomalyRisk | null {
  if (opinion === null) return null
  return { risk: opinion.status === 'ok' ? (opinion.risk30?.probability ?? null) : null }
}

const KeptRisk = z.object({ risk: z.number().nullable() })

/** The same of what a record holds: a whole opinion, or the bare risk of older records; anything else says nothing. */
export function recordedAnomalyRisk(document: unknown): AnomalyRisk | null {
  if (document === null || document === undefined) return null
  const opinion = AnomalyOpinion.safeParse(document)
  if (opinion.success) return anomalyRiskOf(opinion.data)
  const bare = KeptRisk.safeParse(document)
  return { risk: bare.success ? bare.data.risk : null }
}

/** Everything that a decision may depend on. */
export interface GateInput {
  readonly snapshot: Snapshot
  readonly facts: Facts
  readonly healthScore: HealthScore
  readonly anomaly: AnomalyRisk | null
  readonly opinion: Opinion
  readonly state: AgentState
  readonly now: Instant
}

/** An agent with nothing in its way: what a recorded incident is judged under. */
export function quietState(plans: AgentState['plans'] = allPlans()): AgentState {
  return {
    mode: 'shadow',
    killSwitch: false,
    frozen: false,
    paused: false,
    maintenance: false,
    cooldownUntil: null,
    cooldownAfter: null,
    halfMoved: null,
    activeRun: null,
    globalRunsInFlight: 0,
    isolation: { recoverySiteReachable: true, neutralAnchorReachable: true },
    approversExist: true,
    plans,
    evaluations: null,
  }
}

function allPlans(): AgentState['plans'] {
  const plan = (action: Action) => ({ hash: `assumed:${action}`, irreversible: false, unfenced: false })
  return {
    self_heal: plan('self_heal'),
    rollback_change: plan('rollback_change'),
    region_failover: plan('region_failover'),
    dr_failover: plan('dr_failover'),
  }
}
