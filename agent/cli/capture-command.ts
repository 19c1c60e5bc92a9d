import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { Command, Option } from 'commander'
import { captureCase, type GivenLabel } from '../../evals/capture.ts'
import { exchangesOf } from '../app/kept-exchanges.ts'
import { labelsOf } from '../app/labels.ts'
import { Action } from '../domain/action.ts'
import { minutesBetween } from '../domain/time.ts'
import { Category } from '../domain/verdict.ts'
import { Fault } from '../lib/errors.ts'
import type { DecisionRecord } from '../store/records.ts'
import { decisionFor } from './explain-command.ts'
import { answerOn, type CliIo, type GlobalOptions, optionsOf } from './io.ts'
import { withStore } from './with-store.ts'

interface CaptureOptions extends GlobalOptions {
  readonly best?: string
  readonly acceptable?: string
  readonly tolerable?: string
  readonly category?: string
  readonly why?: string
  readonly title?: string
  readonly tags?: string
  readonly difficulty: string
  readonly out?: string
}

const HELP = `
What is not given is asked for. Every action that is neither best, acceptable nor tolerable is taken as forbidden.

Examples:
  failwise capture dec_mwpwrt37e4k2f9a
  failwise capture checkout --best rollback_change --tolerable page_human --category internal_deploy --why "release 5.18 broke rounding"`

/** `failwise capture`: a recorded decision as an evaluation case. */
export function captureCommand(io: CliIo): Command {
  return new Command('capture')
    .description('turn a recorded decision into an evaluation case')
    .argument('<id>', 'a decision, an incident or a service')
    .option('--best <action>', `what would have been right: ${Action.options.join(', ')}`)
    .option('--acceptable <actions>', 'as good, separated by commas')
    .option('--tolerable <actions>', 'safe, but slower or costlier')
    .option('--category <category>', 'the true cause')
    .option('--why <text>', 'why, in a sentence or two')
    .option('--title <text>', 'what the case is called')
    .option('--tags <tags>', 'separated by commas')
    .addOption(
      new Option('--difficulty <level>', 'how hard it is')
        .choices(['easy', 'medium', 'hard', 'unrated'])
        .default('unrated'),
    )
    .option('--out <file>', 'where; evals/incidents/ID.json without it')
    .addHelpText('after', HELP)
    .action(async (id: string, _options, command: Command) => {
      const options = optionsOf<CaptureOptions>(command, io)
      const { record, bodies, said } = await withStore(options, io, async ({ store }) => {
        const record = await decisionFor(id, store)
        return { record, bodies: await exchangesOf(record, store), said: await labelsOf(record, store) }
      })
      for (const { by, label, best, why } of said) {
        const better = label === 'wrong' && best !== null ? `, ${best} would have been right` : ''
        answerOn(io, options).note(`${by} called the verdict ${label}${better}: ${why}`)
      }
      const label = await labelFrom(options, record, io)
      const file = options.out ?? join('evals/incidents', `${record.id}.json`)
      if (existsSync(file))
        throw new Fault('usage', `${file} exists already`, { hint: 'Name another file with --out.' })
      const firstAlert = record.snapshot.alerts[0]
      const captured = captureCase({ id: record.id, snapshot: record.snapshot, bodies, alertBodies: [] }, label, {
        title: options.title ?? `${record.service}: ${firstAlert?.name ?? 'sustained health score'}`,
        tags: listOf(options.tags),
        difficulty: options.difficulty,
        minutesSinceOnset: firstAlert ? Math.round(minutesBetween(firstAlert.startsAt, record.decidedAt)) : null,
      })
      write(file, `${JSON.stringify(captured, null, 1)}\n`)
      const place = options.out ? `--incidents ${dirname(file)} ` : ''
      answerOn(io, options).give(
        { file, label, suggestions: said },
        () => `${file}: ${label.best}, ${label.category}. Try it: failwise eval ${place}--filter ${record.id}`,
      )
    })
}

function write(file: string, text: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true })
    // Never over another case, even one that was written meanwhile.
    writeFileSync(file, text, { flag: 'wx' })
  } catch (cause) {
    throw new Fault('usage', `${file} cannot be written: ${(cause as Error).message}`, {
      cause,
      hint: 'Name another file with --out.',
    })
  }
}

async function labelFrom(options: CaptureOptions, record: DecisionRecord, io: CliIo): Promise<GivenLabel> {
  const ask = questions(io)
  // Who names the best action on the command line is not asked for tiers that may well be empty.
  const tier = (option: 'acceptable' | 'tolerable', question: string) =>
    ask(
      option,
      options[option] ?? (options.best === undefined ? undefined : ''),
      `${question} (commas, or empty)`,
      actionsOf,
    )
  try {
    const decided = `the agent decided ${record.decision.action}`
    const actions = Action.options.join(', ')
    const best = await ask('best', options.best, `What would have been right (${decided})? One of ${actions}`, actionOf)
    const acceptable = await tier('acceptable', 'What would have been as good?')
    const tolerable = await tier('tolerable', 'What would have been safe, but slower or costlier?')
    const causes = Category.options.join(', ')
    const category = await ask('category', options.category, `The true cause? One of ${causes}`, categoryOf)
    const why = await ask('why', options.why, 'Why? A sentence or two', (text) => text)
    const named = new Set<Action>([best, ...acceptable, ...tolerable])
    const forbidden = Action.options.filter((action) => !named.has(action))
    return { best, acceptable, tolerable, forbidden, category, why }
  } finally {
    ask.end()
  }
}

/** Takes what was given on the command line, or asks for it; a person who mistypes is asked again. */
function questions(io: CliIo) {
  let reader: ReturnType<typeof createInterface> | null = null
  const ask = async <T>(
    option: string,
    given: string | undefined,
    question: string,
    read: (text: string) => T,
  ): Promise<T> => {
    if (given !== undefined) return read(given)
    if (!process.stdin.isTTY) throw new Fault('usage', `--${option} is missing, and there is no terminal to ask on`)
    reader ??= createInterface({ input: process.stdin, output: io.err })
    for (;;) {
      const text = (await reader.question(`${question}: `)).trim()
      try {
        return read(text)
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        io.err.write(`${error.message}\n`)
      }
    }
  }
  return Object.assign(ask, { end: () => reader?.close() })
}

function listOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function actionsOf(text: string): Action[] {
  return listOf(text).map(actionOf)
}

/** The action that a text names; throws `usage` with the allowed ones. */
export function actionOf(text: string): Action {
  const parsed = Action.safeParse(text)
  if (parsed.success) return parsed.data
  throw new Fault('usage', `"${text}" is no action`, { hint: `Use one of ${Action.options.join(', ')}.` })
}

function categoryOf(text: string): Category {
  const parsed = Category.safeParse(text)
  if (parsed.success) return parsed.data
  throw new Fault('usage', `"${text}" is no category`, { hint: `Use one of ${Category.options.join(', ')}.` })
}
