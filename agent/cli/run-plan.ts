import { orderPlan } from '../app/ordered-runs.ts'
import type { Reason } from '../domain/decision.ts'
import type { Run } from '../domain/run.ts'
import { reportText } from '../domain/run-report.ts'
import type { ManualRunOutcome } from '../engine/manual-run.ts'
import type { LoadedPlan } from '../engine/plan-book.ts'
import { type Followed, followRun } from './follow-run.ts'
import { type Answer, EXIT } from './io.ts'
import { writePage } from './runs-command.ts'
import type { AgentWork } from './with-agent.ts'

export interface RunOrder {
  readonly isDryRun: boolean
  readonly acceptedDataLossSeconds: number | null
  /** Only asks for it, and does not stay to watch. */
  readonly detach: boolean
}

/** An agent that was heard of this lately takes the run; without one, this process carries it out. */
const ALIVE_MS = 15_000

export type Ordered =
  | Extract<ManualRunOutcome, { outcome: 'refused' }>
  | { readonly outcome: 'detached'; readonly decisionId: string; readonly run: Run }
  | { readonly outcome: 'followed'; readonly decisionId: string; readonly followed: Followed }

/** Asks for a run as the person at this terminal, and follows it to its end unless it is refused or left alone. */
export async function orderRun(
  plan: LoadedPlan,
  { detach, ...order }: RunOrder,
  { agent, actor }: AgentWork,
  answer: Answer,
): Promise<Ordered> {
  answer.note(`Looking at ${plan.plan.service} …`)
  const outcome = await orderPlan(plan, { ...order, by: actor }, agent)
  if (outcome.outcome === 'refused') return outcome
  const { decisionId, run, reasons } = outcome
  if (reasons.length > 0) answer.note(['A live run would be refused now:', ...reasonLines(reasons)].join('\n'))
  if (detach) return { outcome: 'detached', decisionId, run }
  if (!(await isAnyAlive(agent))) {
    answer.note('No agent is running, so this terminal carries it out; keep it open.')
    await agent.startRuns()
  }
  return { outcome: 'followed', decisionId, followed: await followRun(run.id, plan, agent.store, answer) }
}

/** Orders a run and says how it ended; `html` names a file for the page of it. */
export async function runPlan(
  plan: LoadedPlan,
  order: RunOrder,
  work: AgentWork,
  answer: Answer,
  html?: string,
): Promise<void> {
  const ordered = await orderRun(plan, order, work, answer)
  if (ordered.outcome === 'refused') {
    answer.give(ordered, () => [`Refused: ${ordered.why}`, ...reasonLines(ordered.reasons)].join('\n'))
    process.exitCode = EXIT.against
    return
  }
  if (ordered.outcome === 'detached') return answer.give(ordered, () => `Requested ${ordered.run.id}.`)
  const { decisionId, followed } = ordered
  if (html !== undefined) await writePage(html, followed.run, plan, work.agent.store, answer)
  answer.give({ decisionId, ...followed }, () => endText(followed))
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
