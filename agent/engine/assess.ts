import type { Actor } from '../domain/audit.ts'
import type { HealthScoreOptions } from '../domain/health-score.ts'
import type { Incident } from '../domain/incident.ts'
import type { Snapshot } from '../domain/snapshot.ts'
import { instantOf } from '../domain/time.ts'
import type { Clock } from '../lib/clock.ts'
import { asFault, Fault } from '../lib/errors.ts'
import type { Http } from '../lib/http.ts'
import type { NewId } from '../lib/ids.ts'
import type { Mask } from '../lib/mask.ts'
import type { Retry } from '../lib/retry.ts'
import { noSpans, type SpanAttributes, type Spans } from '../lib/spans.ts'
import type { Analyst } from '../llm/analyst.ts'
import type { Policy } from '../policy/policy.ts'
import type { Claim } from '../store/records.ts'
import type { RecordedDecision, Store } from '../store/store.ts'
import { agentStateFor, type Isolation } from './agent-state.ts'
import { recordFailure } from './failure.ts'
import { type AnomalyReader, type Judgement, judge } from './judge.ts'
import { look } from './look.ts'
import { decisionMessages, type MessageOptions, resolvedMessages } from './messages.ts'
import { type Progress, silent } from './progress.ts'
import { nextAssessmentAt, usersHurt } from './schedule.ts'
import type { ServiceBook, ServiceEntry } from './service-entry.ts'

/** The policy in force, with the text it was read from. */
export interface PolicyInForce {
  readonly policy: Policy
  readonly text: string
}

export interface AssessDeps {
  readonly agentId: string
  readonly store: Pick<Store, 'incidents' | 'decisions' | 'freezes' | 'runs' | 'scores' | 'outbox'>
  readonly services: ServiceBook
  readonly http: Http
  readonly mask: Mask
  readonly retry: Retry
  readonly clock: Clock
  readonly analyst: Analyst
  readonly policy: () => PolicyInForce
  readonly healthScore: HealthScoreOptions
  readonly anomaly: AnomalyReader | null
  readonly isolation: () => Isolation
  readonly mode: 'shadow' | 'live'
  readonly messages: MessageOptions
  readonly newId: NewId
  /** From the start of an assessment to its decision; past it a person is paged with the manual runbook. */
  readonly deadlineMs: number
  readonly windowMs: number
  readonly progress?: Progress
  /** Where the time of an assessment is shown; nowhere unless given. */
  readonly spans?: Spans
}

/** What one assessment came to. */
export interface Assessment {
  readonly incident: Incident
  readonly snapshot: Snapshot
  readonly judgement: Judgement
  readonly recorded: RecordedDecision
  readonly timings: { readonly collectMs: number; readonly judgeMs: number; readonly totalMs: number }
}

const CLAIM_SLACK_MS = 15_000

/** How long a claim must be held so that no second agent begins while the first may still finish. */
export function claimLeaseMs(deadlineMs: number): number {
  return deadlineMs + CLAIM_SLACK_MS
}

/**
 * Assesses one claimed incident: looks, judges, records, all within the deadline. Whatever fails on the way pages a person and is on the
 * record; nothing is ever resumed from half of an old look, because the world has moved on since.
 */
export async function assess(claim: Claim, deps: AssessDeps): Promise<Assessment | null> {
  const stop = new AbortController()
  const timer = new AbortController()
  void deps.clock
    .sleep(deps.deadlineMs, timer.signal)
    .then(() => stop.abort(new Fault('deadline', `no decision within ${deps.deadlineMs} ms`)))
    .catch(() => undefined)
  const spans = deps.spans ?? noSpans
  const span = spans.begin('assess', claim.incidentId, { incident: claim.incidentId, attempt: claim.attempt })
  try {
    const work = spans.within(span, () => assessWithin(claim, deps, stop.signal))
    const assessment = await Promise.race([work, rejectedOn(stop.signal)])
    span.end({ attributes: spanOf(assessment) })
    return assessment
  } catch (error) {
    span.end({ error: asFault(error).code })
    await recordFailure(claim, deps, error)
    return null
  } finally {
    timer.abort()
    stop.abort()
  }
}

function spanOf({ incident, judgement, recorded }: Assessment): SpanAttributes {
  const { action, disposition } = judgement.decision
  return { service: incident.service, decision: recorded.id, action, disposition, analyst: judgement.opinion.analyst }
}

function rejectedOn(abort: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => abort.addEventListener('abort', () => reject(abort.reason), { once: true }))
}

async function assessWithin(claim: Claim, deps: AssessDeps, abort: AbortSignal): Promise<Assessment> {
  const { store, clock } = deps
  const progress = deps.progress ?? silent
  const incident = await store.incidents.get(claim.incidentId)
  if (!incident) throw new Fault('not_found', `incident ${claim.incidentId} is gone`)
  const entry = deps.services.find(incident.service)
  if (!entry)
    throw new Fault('not_found', `service ${incident.service} is not in the catalogue`, {
      hint: 'Add it to services.yaml; until then every incident of it pages a person.',
    })

  const startedMs = clock.elapsed()
  const looked = await look(incident, entry, deps, abort, progress)
  const collectedMs = clock.elapsed()
  const { policy, text } = deps.policy()
  const [state, latest] = await Promise.all([
    agentStateFor(entry, {
      ...{ store, services: deps.services, mode: deps.mode, isolation: deps.isolation, nowMs: clock.now() },
    }),
    store.decisions.lastOutcome(incident.id),
  ])
  const judging = (deps.spans ?? noSpans).child('judge', { service: incident.service })
  const judgement = await judge(looked.snapshot, {
    analyst: deps.analyst,
    policy,
    healthScore: deps.healthScore,
    anomaly: deps.anomaly,
    state,
    now: looked.snapshot.takenAt,
    abort,
    previous: latest?.opinion
      ? { factsHash: latest.decision.factsHash, opinion: latest.opinion, decisionId: latest.id }
      : undefined,
    progress,
  })
  judging.end()
  const judgedMs = clock.elapsed()
  // Past the deadline a person was paged already; a late decision must not follow that page.
  abort.throwIfAborted()
  const { decision, opinion } = judgement
  const decisionId = deps.newId('dec')
  const actor: Actor = { kind: 'agent', id: deps.agentId, via: null }
  const isOpenQuestion = deps.mode === 'live' && decision.disposition === 'ask'
  const isOrder = deps.mode === 'live' && decision.disposition === 'act' && decision.planHash !== null
  const recorded = await store.decisions.record({
    id: decisionId,
    claim,
    service: incident.service,
    mode: deps.mode,
    actor,
    snapshot: looked.snapshot,
    facts: { ...judgement.facts },
    healthScore: judgement.healthScore,
    anomaly: judgement.anomaly === null ? null : { ...judgement.anomaly },
    opinion,
    gateInput: { ...state },
    policyText: text,
    bodies: looked.bodies,
    timings: { collectMs: collectedMs - startedMs, judgeMs: judgedMs - collectedMs },
    decision,
    evaluation: evaluationOf(judgement),
    nextAssessmentAt: nextAssessmentAt(decision, incident, judgement.facts, clock.now()),
    approval: isOpenQuestion
      ? {
          approvers: entry.approvers,
          needed: entry.approvalsNeeded,
          dataLossSeconds: dataLossOf(judgement),
          summary: questionText(entry, judgement),
          expiresAt: decision.expiresAt ?? instantOf(clock.now() + policy.approval.expiresMinutes * 60_000),
          cooldownSeconds: policy.runs.cooldownSeconds,
        }
      : null,
    run: isOrder
      ? {
          startBefore: decision.expiresAt ?? instantOf(clock.now() + policy.approval.expiresMinutes * 60_000),
          cooldownSeconds: policy.runs.cooldownSeconds,
          isDryRun: false,
        }
      : null,
    notifications: decisionMessages(
      { incident, service: entry.service, decisionId, decision, opinion, previous: latest?.decision ?? null },
      deps.messages,
    ),
  })
  progress('record', recorded.id, { incident: incident.id, approval: recorded.approvalId, run: recorded.runId })
  const evaluated = (await store.incidents.get(incident.id)) ?? incident
  const wasTold =
    evaluated.state === 'closed' && (await store.outbox.list({ incidentId: incident.id, limit: 1 })).length > 0
  if (wasTold)
    for (const message of resolvedMessages(incident.id, entry.service, looked.snapshot.takenAt, deps.messages))
      await store.outbox.enqueue({ ...message, incidentId: incident.id })
  const timings = {
    collectMs: collectedMs - startedMs,
    judgeMs: judgedMs - collectedMs,
    totalMs: clock.elapsed() - startedMs,
  }
  return { incident: evaluated, snapshot: looked.snapshot, judgement, recorded, timings }
}

/** Seconds of data that moving to the decision's target would lose; null when unknown or when nothing moves. */
function dataLossOf({ decision, facts }: Judgement): number | null {
  return decision.target === null ? null : facts.targets[decision.target].lagSeconds
}

function evaluationOf({ facts, healthScore }: Judgement) {
  const hurt = usersHurt(facts)
  // Users who are fine and an alert that fires contradict each other: that ends no incident, and lets no condition count as lasting.
  const isContradictory = hurt === 'no' && facts.alert.firing > 0
  return {
    at: facts.takenAt,
    good: hurt === 'no' && facts.alert.firing === 0,
    fresh: hurt !== 'unknown' && facts.vanished.length === 0 && !isContradictory,
    score: healthScore.score,
    detail: `users hurt: ${hurt}; alerts firing: ${facts.alert.firing}; series vanished: ${facts.vanished.length}`,
  }
}

function questionText({ service }: ServiceEntry, { decision, opinion, healthScore }: Judgement): string {
  const target = decision.target === null ? null : service[decision.target]
  const where = target ? ` to ${target.provider} ${target.region}` : ''
  const cause = opinion.verdict
    ? `${opinion.verdict.rootCause.category}: ${opinion.verdict.rootCause.summary}`
    : 'cause unknown'
  return `${decision.action} of ${service.name}${where}? ${cause} (health score ${healthScore.score} of ${healthScore.maximum})`
}
