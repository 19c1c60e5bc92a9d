import { writeFileSync } from 'node:fs'
import { offline } from '../app/offline.ts'
import { type Action, isFailover } from '../domain/action.ts'
import type { Decision } from '../domain/decision.ts'
import { SCENARIOS, type Scenario, scenarioFinding, scenarioSnapshot } from '../domain/scenario.ts'
import { planFacts } from '../engine/agent-state.ts'
import { judge } from '../engine/judge.ts'
import type { ServiceEntry } from '../engine/service-entry.ts'
import { Fault } from '../lib/errors.ts'
import { quietState } from '../policy/input.ts'
import { type Answer, type CliIo, EXIT } from './io.ts'
import { orderRun } from './run-plan.ts'
import { type Rehearsed, scenarioPage } from './scenario-page.ts'
import { table, wrap } from './style.ts'
import type { AgentWork } from './with-agent.ts'

export interface ScenarioOrder {
  readonly service: string
  /** Name of one scenario, or `all`. */
  readonly scenario: string
  readonly analyst: string
  readonly html?: string | undefined
}

/** How one scenario went. */
export interface ScenarioResult {
  readonly scenario: string
  readonly story: string
  readonly expects: Scenario['expects']
  readonly why: string
  /** What the analyst took it for; null when it abstained. */
  readonly cause: string | null
  readonly action: Action
  readonly disposition: Decision['disposition']
  readonly blocked: Decision['blocked']
  /** What is wrong with it; null when it is as it should be. */
  readonly finding: string | null
  /** The plan that would run, gone through without a single effect; null where none would. */
  readonly rehearsed: Rehearsed | null
}

/**
 * Puts a service through troubles that are told as evidence: the analyst, the policy and the plans are the ones in force, and a plan that would run
 * is rehearsed. Nothing of the decision is recorded, since it is about no incident; a rehearsal is a run like any other.
 */
export async function drillScenarios(order: ScenarioOrder, work: AgentWork, io: CliIo, answer: Answer): Promise<void> {
  const { agent } = work
  const entry = agent.services.find(order.service)
  if (!entry)
    throw new Fault('usage', `there is no service "${order.service}"`, {
      hint: 'With --scenario, `failwise drill` takes the name of a service.',
    })
  const { analyst, tracer } = offline(agent.config, io.environment).analystNamed(order.analyst)
  const results: ScenarioResult[] = []
  for (const scenario of scenariosNamed(order.scenario)) {
    answer.note(`${scenario.name}: ${scenario.story}`)
    const snapshot = scenarioSnapshot(scenario, entry.service, agent.clock.now())
    const { decision, opinion } = await judge(snapshot, {
      ...{ analyst, policy: agent.policy.inForce().policy, healthScore: agent.config.settings.healthScore },
      ...{ anomaly: null, now: snapshot.takenAt, state: stateOf(entry, scenario) },
      abort: AbortSignal.timeout(agent.config.settings.assess.deadlineSeconds * 1000),
    })
    const { action, disposition, blocked } = decision
    const couldMove = (Object.keys(entry.plans) as Action[]).filter(isFailover)
    const finding = scenarioFinding(scenario, decision, couldMove)
    const rehearsed = finding === null ? await rehearse(decision, entry, work, answer) : null
    const { name, story, expects, why } = scenario
    const cause = opinion.verdict?.rootCause.category ?? null
    results.push({ scenario: name, story, expects, why, cause, action, disposition, blocked, finding, rehearsed })
  }
  await tracer.close()
  const findings = results.filter((one) => one.finding !== null || one.rehearsed?.state === 'failed')
  if (order.html !== undefined) {
    const at = new Date(agent.clock.now()).toISOString()
    writeFileSync(order.html, scenarioPage({ service: entry.service.name, analyst: analyst.id, at, results }))
    answer.note(`Wrote ${order.html}.`)
  }
  answer.give({ service: entry.service.name, analyst: analyst.id, results }, () => resultText(results))
  if (findings.length > 0) process.exitCode = EXIT.against
}

function scenariosNamed(name: string): readonly Scenario[] {
  if (name === 'all') return SCENARIOS
  const found = SCENARIOS.filter((one) => one.name === name)
  if (found.length > 0) return found
  throw new Fault('usage', `there is no scenario "${name}"`, {
    hint: `There are: ${SCENARIOS.map((one) => one.name).join(', ')}, and all.`,
  })
}

/** The plans and approvers as they are; freezes and cooldowns of today say nothing about the day that is drilled. */
function stateOf(entry: ServiceEntry, { reach }: Scenario) {
  const approversExist = (entry.approverCount ?? entry.approvers.length) >= Math.max(1, entry.approvalsNeeded)
  return { ...quietState(planFacts(entry)), approversExist, isolation: { ...reach } }
}

async function rehearse(
  { action, disposition, planHash }: Decision,
  entry: ServiceEntry,
  work: AgentWork,
  answer: Answer,
): Promise<Rehearsed | null> {
  const isCarriedOut = disposition === 'act' || disposition === 'ask'
  const loaded = planHash === null ? undefined : work.agent.plans.byHash(planHash)
  if (!isCarriedOut || !loaded || entry.plans[action] === undefined) return null
  const plan = loaded.plan.name
  const order = { isDryRun: true, acceptedDataLossSeconds: null, detach: false }
  const ordered = await orderRun(loaded, order, work, answer)
  if (ordered.outcome === 'refused') return { plan, runId: null, state: 'refused', detail: ordered.why, stages: [] }
  if (ordered.outcome === 'detached') return null
  const { run, report, journal } = ordered.followed
  const would = journal.filter(({ kind }) => kind === 'would').length
  const effects = journal.filter(({ kind }) => kind === 'effect').length
  const failed = journal.findLast(({ kind }) => kind === 'failed')?.detail
  const detail = failed ?? `${effects} effects, ${would} things that a live run would have done`
  const { objectives } = loaded.plan
  const stages = loaded.stages.map(({ id, timeoutMs, stage }) => ({
    ...{ stage: id, does: stage.describe(), timeoutMs },
    lookedMs: report?.stages.find((one) => one.stage === id)?.elapsedMs ?? null,
  }))
  return { plan, runId: run.id, state: run.state, detail, stages, objectives }
}

function resultText(results: readonly ScenarioResult[]): string {
  const rows = results.map(({ scenario, action, disposition, finding }) => [
    finding === null ? 'as it should be' : 'FINDING',
    scenario,
    `${action} (${disposition})`,
  ])
  const told = results.flatMap(({ scenario, finding, rehearsed, why }) => [
    wrap(`${scenario}: ${finding ?? why}`, 110),
    ...(rehearsed
      ? [wrap(`plan ${rehearsed.plan}, rehearsed: ${rehearsed.state}; ${rehearsed.detail}`, 110, '  ')]
      : []),
  ])
  return [table(rows), '', ...told].join('\n')
}
