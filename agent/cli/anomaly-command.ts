import { Command } from 'commander'
import { backtest } from '../anomaly/backtest.ts'
import { DETECTOR_NAMES, type DetectorName } from '../anomaly/detector.ts'
import { type AnomalyTools, anomalyTools } from '../app/anomaly-tools.ts'
import type { AnomalyOpinion } from '../domain/anomaly.ts'
import { recordedOpinion } from '../domain/anomaly-text.ts'
import { epochMs } from '../domain/time.ts'
import { onGrid, readGrid } from '../engine/metric-history.ts'
import { systemClock } from '../lib/clock.ts'
import { Fault } from '../lib/errors.ts'
import { backtestText, opinionText, scopesText } from './anomaly-text.ts'
import { type Answer, answerOn, type CliIo, EXIT, type GlobalOptions, optionsOf } from './io.ts'
import { sinceFrom } from './since-option.ts'
import { type StoreWork, withStore } from './with-store.ts'

/** `failwise anomaly`: models of what is normal for a service, and what they say. */
export function anomalyCommand(io: CliIo): Command {
  return new Command('anomaly')
    .description('models of what is normal for a service: train, explain, backtest, list')
    .addCommand(listCommand(io))
    .addCommand(trainCommand(io))
    .addCommand(explainCommand(io))
    .addCommand(backtestCommand(io))
}

function listCommand(io: CliIo): Command {
  return new Command('list')
    .description('the models: what they were trained on, how old they are, why a training gave none')
    .addHelpText('after', '\nExamples:\n  failwise anomaly list\n  failwise anomaly list --json | jq ".[].refusal"')
    .action(async (_options, command: Command) => {
      const options = optionsOf<GlobalOptions>(command, io)
      const scopes = await withStore(options, io, ({ store }) => store.anomalyModels.scopes())
      answerOn(io, options).give(scopes, () => scopesText(scopes, systemClock.now()))
    })
}

function trainCommand(io: CliIo): Command {
  return new Command('train')
    .description('train a service now, from the history of its own Prometheus queries')
    .argument('<service>', 'a service of services.yaml')
    .addHelpText(
      'after',
      '\nA running agent does this by itself every day. Exits 1 when the history does not suffice.\n\nExamples:\n  failwise anomaly train checkout',
    )
    .action(async (service: string, _options, command: Command) => {
      const options = optionsOf<GlobalOptions>(command, io)
      const answer = answerOn(io, options)
      const outcome = await withTools(options, io, ({ keeper, histories }) => {
        histories.of(service)
        answer.note(`reading the history of ${service} …`)
        return keeper.train(service, interrupted(), progressOn(answer))
      })
      if (outcome.outcome === 'busy')
        throw new Fault('conflict', `a running agent trains ${service} right now`, {
          hint: 'See `anomaly list` shortly.',
        })
      answer.give(outcome, () => {
        if (outcome.outcome === 'abstained') return `${service}: no model. ${outcome.reason}`
        const { rows, metrics, from, to, threshold } = outcome.model.metadata
        const count = Array.isArray(metrics) ? metrics.length : 0
        return `${service}: trained on ${rows} rows of ${count} metrics, ${from} to ${to}; alarm from a score of ${Number(threshold).toFixed(2)} (${outcome.model.id})`
      })
      if (outcome.outcome === 'abstained') process.exitCode = EXIT.against
    })
}

const EXPLAIN_HELP = `
ID is a decision or an incident (what the model said at its newest decision), or a service (what it says of the metrics as they are now).

Examples:
  failwise anomaly explain dec_mwpwrt37e4k2f9a
  failwise anomaly explain checkout`

function explainCommand(io: CliIo): Command {
  return new Command('explain')
    .description('which metrics made it unusual and since when, and the risk beside its usual')
    .argument('<id>', 'a decision, an incident or a service')
    .addHelpText('after', EXPLAIN_HELP)
    .action(async (id: string, _options, command: Command) => {
      const options = optionsOf<GlobalOptions>(command, io)
      const opinion = await withTools(options, io, (tools) => opinionOf(id, tools))
      answerOn(io, options).give(opinion, () => opinionText(opinion))
    })
}

async function opinionOf(id: string, { store, config, keeper }: AnomalyWork): Promise<AnomalyOpinion> {
  const record = (await store.decisions.get(id)) ?? (await store.decisions.latestOf(id))
  if (record) {
    const opinion = recordedOpinion(record.anomaly)
    if (opinion) return opinion
    throw new Fault('not_found', `decision ${record.id} holds no opinion of an anomaly model`, {
      hint: `\`failwise anomaly explain ${record.service}\` asks for the metrics as they are now.`,
    })
  }
  if (config.catalogue.services.some(({ name }) => name === id)) return keeper.opinionNow(id, interrupted())
  throw new Fault('not_found', `there is no decision, incident or service "${id}"`, {
    hint: '`failwise audit list` and `failwise status` show what there is.',
  })
}

interface BacktestOptions extends GlobalOptions {
  readonly from: string
  readonly to?: string
  readonly detector: string
}

const BACKTEST_HELP = `
Trains on the history before --from and reads on to --to, a row at a time. Nothing is stored.

Examples:
  failwise anomaly backtest checkout --from 3d
  failwise anomaly backtest checkout --from 2026-03-01 --to 2026-03-08 --json
  failwise anomaly backtest checkout --from 3d --detector isolation-forest`

function backtestCommand(io: CliIo): Command {
  return new Command('backtest')
    .description('what it would have said about the past, and how many alarms a day')
    .argument('<service>', 'a service of services.yaml')
    .requiredOption('--from <time>', 'such as 3d, 12h or 2026-03-01')
    .option('--to <time>', 'the end; now when not given')
    .option('--detector <name>', DETECTOR_NAMES.join(', '), 'best')
    .addHelpText('after', BACKTEST_HELP)
    .action(async (service: string, _options, command: Command) => {
      const options = optionsOf<BacktestOptions>(command, io)
      const answer = answerOn(io, options)
      const detector = detectorOf(options.detector)
      const nowMs = systemClock.now()
      const from = timeOf('--from', options.from, nowMs)
      const to = options.to === undefined ? nowMs / 1000 : timeOf('--to', options.to, nowMs)
      if (!(from < to)) throw new Fault('usage', '--from must be before --to')
      const result = await withTools(options, io, async ({ config, histories }) => {
        const { stepSeconds, historyDays } = config.settings.anomaly
        const range = {
          fromSeconds: onGrid(from - historyDays * 86_400, stepSeconds),
          toSeconds: onGrid(to, stepSeconds),
          stepSeconds,
        }
        answer.note(`reading the history of ${service} …`)
        const { history } = await readGrid(histories.of(service), range, interrupted(), progressOn(answer))
        answer.note(`${history.atSeconds.length} rows of ${history.metrics.length} metrics`)
        return backtest(history, from, { detector })
      })
      const { scores: _scores, ...figures } = result
      answer.give({ service, detector, ...figures }, () => backtestText(service, result))
    })
}

function detectorOf(text: string): DetectorName {
  const found = DETECTOR_NAMES.find((name) => name === text)
  if (found) return found
  throw new Fault('usage', `--detector must be one of ${DETECTOR_NAMES.join(', ')}; is "${text}"`)
}

function timeOf(option: string, text: string, nowMs: number): number {
  return epochMs(sinceFrom(text, nowMs, option)) / 1000
}

type AnomalyWork = StoreWork & AnomalyTools

function withTools<T>(options: GlobalOptions, io: CliIo, work: (parts: AnomalyWork) => Promise<T>): Promise<T> {
  return withStore(options, io, (parts) => work({ ...parts, ...anomalyTools(parts.config, parts.store) }))
}

/** Ends long work at the first Ctrl-C, so that the store is closed properly. */
function interrupted(): AbortSignal {
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort(new Fault('deadline', 'interrupted')))
  return stop.signal
}

/** Says every tenth of the way how far it is. */
function progressOn(answer: Answer): (share: number) => void {
  let said = 0
  return (share) => {
    const tenth = Math.floor(share * 10)
    if (tenth > said) answer.note(`  ${tenth * 10} %`)
    said = Math.max(said, tenth)
  }
}
