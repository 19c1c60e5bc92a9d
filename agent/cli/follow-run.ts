import { setTimeout as sleep } from 'node:timers/promises'
import { JOURNAL_WORDS, type JournalEntry, type Run, type RunState, WHOLE_RUN } from '../domain/run.ts'
import { type RunReport, reportIn } from '../domain/run-report.ts'
import type { LoadedPlan } from '../engine/plan-book.ts'
import { Fault } from '../lib/errors.ts'
import type { Store } from '../store/store.ts'
import type { Answer } from './io.ts'
import { clip } from './style.ts'

/** How a followed run ended. */
export interface Followed {
  readonly run: Run
  readonly journal: readonly JournalEntry[]
  readonly report: RunReport | null
}

const POLL_MS = 250
const ENDS: readonly RunState[] = ['succeeded', 'failed', 'cancelled', 'rolled_back', 'rollback_failed']

/** Tells what a run does while it does it, with the time against the objective, until it ends. */
export async function followRun(
  runId: string,
  plan: LoadedPlan | undefined,
  store: Pick<Store, 'runs'>,
  answer: Answer,
): Promise<Followed> {
  let told = 0
  let toldState: RunState | null = null
  for (;;) {
    const run = await store.runs.get(runId)
    if (!run) throw new Fault('not_found', `there is no run ${runId}`)
    const journal = await store.runs.journalOf(runId)
    for (const entry of journal.slice(told)) if (isForPeople(entry)) answer.note(lineOf(entry, run, plan))
    told = journal.length
    if (run.state !== toldState) answer.note(stateText(run))
    toldState = run.state
    if (ENDS.includes(run.state)) return { run, journal, report: reportIn(journal) }
    await sleep(POLL_MS)
  }
}

/** What a stage keeps for itself says nothing to those who watch. */
export function isForPeople({ kind, data }: JournalEntry): boolean {
  return !(kind === 'note' && data.memory !== undefined && data.proof === undefined)
}

/** One line of the journal, with the elapsed time against the budget and the stage's place. */
export function lineOf(entry: JournalEntry, run: Run, plan: LoadedPlan | undefined): string {
  const seconds = Math.max(0, (Date.parse(entry.at) - Date.parse(run.requestedAt)) / 1000)
  const budget = plan ? ` of ${plan.plan.objectives.rtoSeconds}` : ''
  const index = plan?.stages.findIndex(({ id }) => id === entry.stage) ?? -1
  const place = index >= 0 && plan ? `[${index + 1}/${plan.stages.length}] ` : ''
  const where = entry.stage === WHOLE_RUN ? '' : `${place}${entry.stage} `
  return `${seconds.toFixed(1).padStart(7)}${budget} s  ${where}${JOURNAL_WORDS[entry.kind]}${entry.detail ? `: ${clip(entry.detail, 140)}` : ''}`
}

function stateText({ id, state }: Run): string {
  const next: Partial<Record<RunState, string>> = {
    pending: 'waits for an agent',
    paused: `waits for a person: failwise run resume ${id} --reason "…", or abort`,
    rollback_failed: `needs a person; failwise run abort ${id} tries to undo it again`,
  }
  return `         ${id} is ${state.replaceAll('_', ' ')}${next[state] ? ` (${next[state]})` : ''}`
}
