import { Command } from 'commander'
import { instantOf } from '../domain/time.ts'
import { Fault } from '../lib/errors.ts'
import type { CurrentScore, ScoreBucket } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import { answerOn, type CliIo, type GlobalOptions, optionsOf } from './io.ts'
import { table } from './style.ts'
import { withStore } from './with-store.ts'

interface WatchOptions extends GlobalOptions {
  readonly hours: string
}

interface Watched {
  readonly current: CurrentScore
  readonly history: readonly ScoreBucket[]
}

/** `failwise watch`: the health score of each service and how it came to be. */
export function watchCommand(io: CliIo): Command {
  return new Command('watch')
    .description('health scores, and their history as the watch loop kept it')
    .argument('[service]', 'one service; without it, all')
    .option('--hours <n>', 'how far back', '6')
    .addHelpText('after', '\nExamples:\n  failwise watch\n  failwise watch checkout --hours 48 --json')
    .action(async (service: string | undefined, _options, command: Command) => {
      const options = optionsOf<WatchOptions>(command, io)
      const hours = Number(options.hours)
      if (!(hours > 0 && hours <= 24 * 366))
        throw new Fault('usage', `--hours must be a number up to 8784; is "${options.hours}"`)
      const watched = await withStore(options, io, ({ store }) => scoresOf(store, service, hours))
      answerOn(io, options).give(watched, () =>
        watched.length === 0 ? 'Nothing was scored yet.' : table(watched.map(rowOf)),
      )
    })
}

async function scoresOf(store: Store, service: string | undefined, hours: number): Promise<Watched[]> {
  const now = Date.now()
  const window = { from: instantOf(now - hours * 3_600_000), to: instantOf(now + 1000) }
  const scores = await store.scores.current(service === undefined ? undefined : [service])
  return Promise.all(
    scores.map(async (current) => ({ current, history: await store.scores.history(current.scope, window) })),
  )
}

const BARS = '▁▂▃▄▅▆▇█'
const WIDTH = 48

function rowOf({ current, history }: Watched): string[] {
  const { scope, score, maximum, level, levelSince, evaluations } = current
  return [
    scope,
    `${score}/${maximum}`,
    level,
    sparkline(history, maximum),
    `since ${levelSince} (${evaluations} evaluations)`,
  ]
}

/** The worst score of each stretch of time, drawn as a bar. */
function sparkline(history: readonly ScoreBucket[], maximum: number): string {
  const perBar = Math.max(1, Math.ceil(history.length / WIDTH))
  const bars: string[] = []
  for (let i = 0; i < history.length; i += perBar) {
    const worst = Math.max(...history.slice(i, i + perBar).map((bucket) => bucket.maximum))
    bars.push(BARS[Math.min(BARS.length - 1, Math.floor((worst / Math.max(maximum, 1)) * BARS.length))] ?? '▁')
  }
  return bars.join('')
}
