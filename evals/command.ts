import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { Fault } from '../agent/lib/errors.ts'
import { KEPT_FOLDER } from './kept-reports.ts'
import { DEFAULT_OPTIONS, type EvalIo, type EvalOptions } from './options.ts'

/** What the command may touch of the outside; the streams of the process and its surroundings. */
export interface EvalSurroundings {
  readonly out: { write(text: string): unknown }
  readonly err: { write(text: string): unknown; readonly isTTY?: boolean }
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly folder: string
}

const HELP = `
ANALYST is rules, recorded, openai, anthropic, PROVIDER:MODEL, auto, or a habit to compare with: thresholds, always-page-human, always-observe.
A and B of --compare are such names, policy files (.yaml), prompts (.md) or reports written with --json.
TERMS of --filter must all hold: part of an id, tag:x, best:x, category:x, difficulty:x, service:x; ! in front of one negates it.

Examples:
  failwise eval                                        judge the rules on the incidents that come with the code
  failwise eval --html report.html                     the same, as a page with every case
  failwise eval --incidents ~/my-incidents --max-needless 0 --fail-under 65%
  failwise eval --analyst anthropic --repeat 3 --max-cost 5
  failwise eval --compare policy.yaml stricter.yaml    which decisions would another policy change?
  failwise eval --metamorphic --max-flips 0            do decisions hang on names, order or noise?
  failwise eval --without loki,changes                 what is this evidence worth?
  failwise eval --keep                                 keep the report, for the console's page of results over time
  failwise eval --guard                                fail when worse than evals/baselines

Exit codes: 0 done, 1 below a bar or not every case decided, 2 wrong use.`

/** `failwise eval`: judges an analyst, prompt and policy on recorded incidents. */
export function evalCommand(surroundings: EvalSurroundings): Command {
  const command = new Command('eval')
    .description('judge how well an analyst, prompt and policy decide on recorded incidents')
    .option('--incidents <dir>', 'folder of recorded-incident/v1 files', DEFAULT_OPTIONS.incidents)
    .option('--analyst <name>', 'whose verdicts are judged', DEFAULT_OPTIONS.analyst)
    .option('--policy <file>', 'policy file; the built-in policy without it')
    .option('--prompt <file>', "another text for a model's prompt")
    .option('--filter <terms>', 'only cases for which all terms hold', '')
    .option(
      '--without <evidence>',
      'leave evidence out: loki, prometheus, status, aws, health, changes, readiness, an id, or words (every text)',
      listOf,
      [],
    )
    .option('--repeat <n>', 'ask N times about each case', atLeastOne, 1)
    .option('--concurrency <n>', 'cases at once', atLeastOne, Math.max(2, availableParallelism()))
    .option('--compare <a...>', 'two deciders or reports, paired case by case')
    .option('--metamorphic', 'decide again on variants that must not change a decision', false)
    .option('--knock-out', 'take away every single piece of evidence, not only whole sources', false)
    .option('--seed <text>', 'seed of the variants', DEFAULT_OPTIONS.seed)
    .option('--fail-under <share>', 'fail when fewer are exact or acceptable (0.65 or 65%)', shareOf)
    .option('--max-needless <n>', 'fail with more needless failovers', wholeNumber)
    .option('--max-flips <n>', 'fail with more flipped variants', wholeNumber)
    .option('--max-cost <usd>', 'stop asking models when this much is spent', positive)
    .option('--guard', 'fail when worse than the committed baseline by more than its noise', false)
    .option('--update-baseline', 'write the baseline of this analyst', false)
    .option('--fit-calibration', 'write the confidence map of this analyst and prompt', false)
    .option('--update-readme', "write the README's table", false)
    .option('--json <file>', 'write the report as JSON')
    .option('--html <file>', 'write the report as one page')
    .option('--junit <file>', 'write the report as JUnit XML')
    .option('--keep [folder]', 'keep the report for the console (default: .failwise/eval-reports)')
    .option('--config <folder>', 'folder of failwise.yaml, where models are configured')
    .showHelpAfterError('(try failwise eval --help)')
    .addHelpText('after', HELP)
  return command.action(async (_options, self: Command) => {
    const options = optionsOf(self.optsWithGlobals<Flags>(), surroundings.folder)
    const configFolder = self.optsWithGlobals<Flags>().config ?? surroundings.folder
    const interrupt = new AbortController()
    const onSignal = () => interrupt.abort(new Fault('deadline', 'interrupted'))
    process.once('SIGINT', onSignal)
    process.once('SIGTERM', onSignal)
    try {
      const { runEvals } = await import('./run.ts')
      const { exitCode } = await runEvals(options, await ioOf(surroundings, configFolder, interrupt.signal))
      process.exitCode = exitCode
    } finally {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
    }
  })
}

interface Flags extends Omit<EvalOptions, 'compare' | 'maxCostUsd' | 'keep'> {
  readonly keep?: string | true
  readonly compare?: string[]
  readonly maxCost?: number
  readonly config?: string
}

/** The command line as options; throws Fault `usage` for what makes no sense together. */
export function optionsOf(flags: Partial<Flags>, folder: string): EvalOptions {
  const given = Object.fromEntries(Object.entries(flags).filter(([name]) => name in DEFAULT_OPTIONS))
  const { compare } = flags
  if (compare && compare.length !== 2) {
    throw new Fault('usage', `--compare needs two names, given are ${compare.length}`, {
      hint: 'Such as --compare rules thresholds.',
    })
  }
  const unused = (['html', 'junit', 'guard', 'updateBaseline', 'fitCalibration', 'updateReadme'] as const).filter(
    (name) => flags[name],
  )
  if (compare && unused.length > 0) {
    const names = unused.map((name) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`)
    throw new Fault('usage', `--compare does not go with ${names.join(', ')}`, {
      hint: 'A comparison is printed, and written with --json.',
    })
  }
  if (flags.maxFlips !== undefined && flags.maxFlips !== null && !flags.metamorphic) {
    throw new Fault('usage', '--max-flips needs --metamorphic')
  }
  const file = (path: string | null | undefined) => (path ? resolve(folder, path) : null)
  return {
    ...DEFAULT_OPTIONS,
    ...given,
    incidents: resolve(folder, flags.incidents ?? DEFAULT_OPTIONS.incidents),
    policy: file(flags.policy),
    prompt: file(flags.prompt),
    json: file(flags.json),
    html: file(flags.html),
    junit: file(flags.junit),
    maxCostUsd: flags.maxCost ?? null,
    keep: flags.keep === true ? resolve(folder, flags.config ?? '.', '.failwise', KEPT_FOLDER) : file(flags.keep),
    compare: compare ? [compare[0] ?? '', compare[1] ?? ''] : null,
  }
}

async function ioOf(surroundings: EvalSurroundings, configFolder: string, abort: AbortSignal): Promise<EvalIo> {
  const { out, err, environment, folder } = surroundings
  return {
    write: (text) => out.write(text),
    writeProgress: (text) => err.write(text),
    isTerminal: err.isTTY === true,
    now: Date.now,
    elapsed: () => performance.now(),
    abort,
    workFolder: join(folder, '.failwise', 'evals'),
    artifacts: import.meta.dirname,
    readme: join(import.meta.dirname, '..', 'README.md'),
    analystNamed: async (name, promptFile) =>
      (await import('./analysts.ts')).analystNamed(name, promptFile, { configFolder, environment }),
    scores: await scoresFor(configFolder, environment),
  }
}

/** Scores go to Langfuse only where it is set up; the common case must not pay for finding out. */
async function scoresFor(
  configFolder: string,
  environment: EvalSurroundings['environment'],
): Promise<EvalIo['scores']> {
  if (!environment.LANGFUSE_PUBLIC_KEY || !environment.LANGFUSE_SECRET_KEY) return null
  const [{ langfuseScores }, { langfuseOf }, { loadConfig }, { HttpClientOptions, httpClient }] = await Promise.all([
    import('./langfuse-scores.ts'),
    import('../agent/config/analyst-settings.ts'),
    import('../agent/config.ts'),
    import('../agent/lib/http-client.ts'),
  ])
  const target = langfuseOf(loadConfig(configFolder, environment).settings.analyst, environment)
  return target && langfuseScores(target, httpClient(HttpClientOptions.parse({})), Date.now)
}

function listOf(text: string, before: readonly string[]): string[] {
  return [
    ...before,
    ...text
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean),
  ]
}

function numberFrom(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('expected a number.')
  return value
}

function wholeNumber(text: string): number {
  const value = numberFrom(text)
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('expected a whole number from 0.')
  return value
}

function atLeastOne(text: string): number {
  const value = wholeNumber(text)
  if (value < 1) throw new InvalidArgumentError('expected a whole number from 1.')
  return value
}

function positive(text: string): number {
  const value = numberFrom(text)
  if (value <= 0) throw new InvalidArgumentError('expected an amount above 0.')
  return value
}

function shareOf(text: string): number {
  const value = text.endsWith('%') ? numberFrom(text.slice(0, -1)) / 100 : numberFrom(text)
  if (value < 0 || value > 1) throw new InvalidArgumentError('expected a share such as 0.65 or 65%.')
  return value
}
