import { probeIsolation } from '../app/isolation-probe.ts'
import type { Reason } from '../domain/decision.ts'
import { reportText } from '../domain/run-report.ts'
import { requestManualRun } from '../engine/manual-run.ts'
import type { LoadedPlan } from '../engine/plan-book.ts'
import { Fault } from '../lib/errors.ts'
import { sortableIds } from '../lib/ids.ts'
import { type Followed, followRun } from './follow-run.ts'
import { type Answer, EXIT } from './io.ts'
import type { AgentWork } from './with-agent.ts'

export interface RunOrder {
  readonly isDryRun: boolean
  readonly acceptedDataLossSeconds: number | null
  /** Only asks for it, and does not stay to watch. */
  readonly detach: boolean
}

/** An agent that was heard of this lately takes the run; without one, this process carries it out. */
const ALIVE_MS = 15_000

/** Asks for a run as the person at this terminal, and follows it to its end. */
export async function runPlan(
  plan: LoadedPlan,
  order: RunOrder,
  { agent, actor }: AgentWork,
  answer: Answer,
): Promise<void> {
  const { settings } = agent.config
  const entry = agent.services.find(plan.plan.service)
  if (!entry) throw new Fault('not_found', `the plan's service ${plan.plan.service} is not in services.yaml`)
  if (settings.mode === 'shadow' && !order.isDryRun)
    throw new Fault('conflict', 'this agent runs in shadow mode: it decides and records, and never acts', {
      hint: 'Set mode: live in failwise.yaml, or rehearse with `failwise drill`.',
    })
  answer.note(`Looking at ${entry.service.name} …`)
  const limit = AbortSignal.timeout(settings.assess.deadlineSeconds * 1000)
  const snapshot = await agent.runs.look(entry, null, limit)
  const outcome = await requestManualRun(
    { entry, plan, snapshot, by: actor, ...order },
    {
      store: agent.store,
      policy: agent.policy.inForce(),
      mode: settings.mode,
      isolation: await probeIsolation(settings.isolation, agent.http, AbortSignal.timeout(5000)),
      healthScore: settings.healthScore,
      newId: sortableIds(agent.clock),
    },
  )
  if (outcome.outcome === 'refused') {
    answer.give(outcome, () => [`Refused: ${outcome.why}`, ...reasonLines(outcome.reasons)].join('\n'))
    process.exitCode = EXIT.against
    return
  }
  if (outcome.reasons.length > 0)
    answer.note(['A live run would be refused now:', ...reasonLines(outcome.reasons)].join('\n'))
  if (order.detach) return answer.give(outcome, () => `Requested ${outcome.run.id}.`)
  if (!(await isAnyAlive(agent))) {
    answer.note('No agent is running, so this terminal carries it out; keep it open.')
    await agent.startRuns()
  }
  const followed = await followRun(outcome.run.id, plan, agent.store, answer)
  answer.give({ decisionId: outcome.decisionId, ...followed }, () => endText(followed))
  if (followed.run.state !== 'succeeded') process.exitCode = EXIT.against
}

async function isAnyAlive({ store }: AgentWork['agent']): Promise<boolean> {
  const [all, dead] = await Promise.all([store.agents.list(), store.agents.dead(ALIVE_MS)])
  return all.length > dead.length
}

function reasonLines(reasons: readonly Reason[]): string[] {
  return reasons.map(({ rule, detail }) => `  ${rule}: ${detail}`)
}

function endText({ run, report, journal }: Followed): string {
  const would = journal.filter(({ kind }) => kind === 'would').map(({ stage, detail }) => `  ${stage}: ${detail}`)
  const lines = [`${run.id} ${run.state.replaceAll('_', ' ')}`]
  if (run.isDryRun)
    lines.push(would.length === 0 ? 'Nothing would have been changed.' : 'It would have done:', ...would)
  else if (report) lines.push(reportText(report))
  return lines.join('\n')
}
