import { writeFileSync } from 'node:fs'
import { Command } from 'commander'
import { planBook } from '../app/plan-book.ts'
import type { Run } from '../domain/run.ts'
import { reportIn, reportText } from '../domain/run-report.ts'
import type { LoadedPlan } from '../engine/plan-book.ts'
import { Fault } from '../lib/errors.ts'
import type { Store } from '../store/store.ts'
import { followRun, lineOf } from './follow-run.ts'
import { type Answer, answerOn, type CliIo, EXIT, type GlobalOptions, optionsOf } from './io.ts'
import { runPage } from './run-page.ts'
import { table } from './style.ts'
import { withStore } from './with-store.ts'

interface RunsOptions extends GlobalOptions {
  readonly group?: string
  readonly limit: string
  readonly follow?: boolean
  readonly html?: string
}

const HELP = `
Examples:
  failwise runs --group checkout
  failwise runs run_mwpx0y4omtrwqhc --follow
  failwise runs run_mwpx0y4omtrwqhc --html drill.html`

/** `failwise runs`: what was and is carried out, and the journal of one run. */
export function runsCommand(io: CliIo): Command {
  return new Command('runs')
    .description('runs, newest first; with an id, everything that one did')
    .argument('[run]', 'one run')
    .option('--group <name>', 'only of one failover group')
    .option('--limit <n>', 'how many', '20')
    .option('--follow', 'stay until the run ends')
    .option('--html <file>', 'write one run as a page: timings against the objectives, every stage, every line')
    .addHelpText('after', HELP)
    .action(async (id: string | undefined, _options, command: Command) => {
      const options = optionsOf<RunsOptions>(command, io)
      if (id === undefined && options.html !== undefined)
        throw new Fault('usage', '--html writes one run; name it', { hint: '`failwise runs` lists them.' })
      if (id === undefined) return list(options, io)
      await show(id, options, io)
    })
}

async function list(options: RunsOptions, io: CliIo): Promise<void> {
  const limit = Number(options.limit)
  if (!(Number.isInteger(limit) && limit >= 1))
    throw new Fault('usage', `--limit must be a whole number from 1; is "${options.limit}"`)
  const group = options.group === undefined ? {} : { group: options.group }
  const { runs, nameOf } = await withStore(options, io, async ({ store, config }) => {
    const plans = planBook(config.plans)
    const names = (run: Run) => plans.byHash(run.planHash)?.plan.name ?? `plan ${run.planHash.slice(0, 12)}`
    return { runs: await store.runs.list({ ...group, limit }), nameOf: names }
  })
  answerOn(io, options).give(runs, () =>
    runs.length === 0 ? 'No runs.' : table(runs.map((run) => rowOf(run, nameOf))),
  )
}

function rowOf(run: Run, nameOf: (run: Run) => string): string[] {
  const kind = run.isDryRun ? 'rehearsal of' : ''
  const time = run.finishedAt ? `until ${run.finishedAt}` : ''
  return [
    run.id,
    run.state,
    `${kind} ${nameOf(run)}`.trim(),
    run.service,
    `by ${run.requestedBy}`,
    run.requestedAt,
    time,
  ]
}

async function show(id: string, options: RunsOptions, io: CliIo): Promise<void> {
  const answer = answerOn(io, options)
  await withStore(options, io, async ({ store, config }) => {
    const run = await store.runs.get(id)
    if (!run) throw new Fault('not_found', `there is no run ${id}`, { hint: '`failwise runs` lists them.' })
    const plan = planBook(config.plans).byHash(run.planHash)
    if (options.follow) {
      const followed = await followRun(id, plan, store, answer)
      if (options.html !== undefined) await writePage(options.html, followed.run, plan, store, answer)
      answer.give(followed, () => (followed.report ? reportText(followed.report) : followed.run.state))
      if (followed.run.state !== 'succeeded') process.exitCode = EXIT.against
      return
    }
    const journal = await store.runs.journalOf(id)
    const report = reportIn(journal)
    if (options.html !== undefined) return writePage(options.html, run, plan, store, answer)
    answer.give({ run, journal, report }, () =>
      [
        `${run.id}: ${run.state.replaceAll('_', ' ')}, ${plan?.plan.name ?? 'a plan that has changed since'} for ${run.service}, by ${run.requestedBy}`,
        ...journal.map((entry) => lineOf(entry, run, plan)),
        ...(report ? [reportText(report)] : []),
      ].join('\n'),
    )
  })
}

/** Writes a run as one page, with what the gate said when it was asked for. */
export async function writePage(
  file: string,
  run: Run,
  plan: LoadedPlan | undefined,
  store: Pick<Store, 'runs' | 'decisions'>,
  answer: Answer,
): Promise<void> {
  const journal = await store.runs.journalOf(run.id)
  const record = run.decisionId === null ? null : await store.decisions.get(run.decisionId)
  const objections = (record?.decision.reasons ?? []).filter(({ outcome }) => outcome === 'block')
  writeFileSync(file, runPage({ run, journal, report: reportIn(journal), plan, objections }))
  answer.note(`Wrote ${file}.`)
}
