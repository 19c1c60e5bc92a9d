import type { AnomalyOpinion } from '../domain/anomaly.ts'
import type { Decision } from '../domain/decision.ts'
import { deriveFacts, type Facts, factsHash } from '../domain/facts.ts'
import { type HealthScore, type HealthScoreOptions, scoreHealth } from '../domain/health-score.ts'
import type { Snapshot } from '../domain/snapshot.ts'
import type { Instant } from '../domain/time.ts'
import type { Opinion } from '../domain/verdict.ts'
import { asFault } from '../lib/errors.ts'
import type { Analyst } from '../llm/analyst.ts'
import { decide } from '../policy/gate.ts'
import { type AgentState, anomalyRiskOf } from '../policy/input.ts'
import type { Policy } from '../policy/policy.ts'
import { type Progress, silent } from './progress.ts'

/** Asks the service's anomaly model about a snapshot; null when the service has no metrics that one could learn from. */
export type AnomalyReader = (snapshot: Snapshot) => Promise<AnomalyOpinion | null>

export interface JudgeDeps {
  readonly analyst: Analyst
  readonly policy: Policy
  readonly healthScore: HealthScoreOptions
  readonly anomaly: AnomalyReader | null
  readonly state: AgentState
  readonly now: Instant
  readonly abort: AbortSignal
  /** The incident's previous opinion: it is kept, and no model asked, while the quantised facts stay the same. */
  readonly previous?: { readonly factsHash: string; readonly opinion: Opinion; readonly decisionId: string } | undefined
  readonly progress?: Progress
}

/** Everything that was concluded from one snapshot. */
export interface Judgement {
  readonly facts: Facts
  readonly factsHash: string
  readonly healthScore: HealthScore
  readonly anomaly: AnomalyOpinion | null
  readonly opinion: Opinion
  readonly decision: Decision
}

/** From a snapshot to a decision: facts, the three opinions, the gate. Nothing here looks at the world. */
export async function judge(snapshot: Snapshot, deps: JudgeDeps): Promise<Judgement> {
  const progress = deps.progress ?? silent
  const facts = deriveFacts(snapshot)
  const hash = factsHash(facts)

  const healthScore = scoreHealth(snapshot.evidence, deps.healthScore)
  progress('score', `${healthScore.score} of ${healthScore.maximum}`, { level: healthScore.level })

  const [anomaly, opinion] = await Promise.all([
    deps.anomaly ? anomalyOn(snapshot, deps.anomaly) : null,
    opinionOn(snapshot, facts, hash, deps),
  ])
  progress('anomaly', anomalyText(anomaly))
  progress('analyst', opinionText(opinion), { analyst: opinion.analyst })

  const decision = decide(
    { snapshot, facts, healthScore, anomaly: anomalyRiskOf(anomaly), opinion, state: deps.state, now: deps.now },
    deps.policy,
  )
  progress('gate', `${decision.action}, ${decision.disposition}`, { blocked: decision.blocked.length })
  return { facts, factsHash: hash, healthScore, anomaly, opinion, decision }
}

/** A model that fails abstains: it informs a decision, and none may fail for want of it. */
async function anomalyOn(snapshot: Snapshot, read: AnomalyReader): Promise<AnomalyOpinion | null> {
  try {
    return await read(snapshot)
  } catch (error) {
    const { service, takenAt: at } = snapshot
    const reason = `the model could not be read: ${asFault(error).code}`
    return { status: 'abstained', scope: service.name, at, reason, modelVersion: null, trainedOn: null }
  }
}

function anomalyText(anomaly: AnomalyOpinion | null): string {
  if (anomaly === null) return 'no model for this service'
  if (anomaly.status === 'abstained') return `abstains: ${anomaly.reason}`
  const risk = anomaly.risk30 ? `risk ${anomaly.risk30.probability.toFixed(2)}` : 'no calibrated risk'
  return `${anomaly.isAnomalous ? 'unusual' : 'usual'}, ${risk}`
}

async function opinionOn(snapshot: Snapshot, facts: Facts, hash: string, deps: JudgeDeps): Promise<Opinion> {
  const { previous } = deps
  const canKeep = previous !== undefined && previous.factsHash === hash && previous.opinion.verdict !== null
  if (!canKeep) return deps.analyst.assess(snapshot, facts, deps.abort)
  const note = `kept from ${previous.decisionId}: the facts have not changed since`
  return {
    ...previous.opinion,
    usage: null,
    notes: [...previous.opinion.notes.filter((old) => !old.startsWith('kept from')), note],
  }
}

function opinionText(opinion: Opinion): string {
  if (opinion.verdict === null) return `${opinion.analyst} abstains: ${opinion.abstained?.reason ?? 'no reason given'}`
  const { rootCause, recommendedAction, confidence } = opinion.verdict
  return `${opinion.analyst}: ${rootCause.category}, ${recommendedAction}, confidence ${confidence.toFixed(2)}`
}
