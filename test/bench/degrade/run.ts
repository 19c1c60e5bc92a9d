import { parseArgs } from 'node:util'
import { compared, type Figure, figureOf, oneFigure, percentile, tableOf } from '../figures.ts'
import { servePlain } from '../served.ts'
import { serveOn } from './agent.ts'
import { paced, steady } from './sending.ts'
import { KINDS, type Kind, serviceNames } from './services.ts'
import { startUpstreams } from './upstreams.ts'

const HELP = `usage: npm run bench:storm -- [--minutes N]

10,000 alerts in 10 seconds over 500 services, a tenth of them with slow upstreams, a tenth with upstreams that never answer, and five that send half of
all alerts; then a steady load, to see whether memory grows. A plain Fastify handler that inserts each body into the same kind of PostgreSQL takes the same
storm in the same run, so that the figures mean something on any machine.

  --minutes N   of steady load after the storm; 3 unless given
  --help        this text`

const PLAIN = 'plain insert handler'

async function main(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: { minutes: { type: 'string', default: '3' }, help: { type: 'boolean', short: 'h', default: false } },
  })
  const minutes = Number(values.minutes)
  if (values.help || !(minutes >= 0)) {
    console.log(HELP)
    return values.help ? 0 : 2
  }
  console.error('the plain handler takes the storm …')
  const plain = await servePlain()
  const plainStorm = await paced(plain.url).finally(() => plain.stop())
  const upstreams = await startUpstreams()
  const agent = await serveOn(upstreams.url)
  try {
    console.error('the agent takes the storm …')
    const storm = await paced(agent.url)
    console.error('waiting for a first decision about every service …')
    const decided = await agent.firstDecisions(240_000)
    console.log(tableOf(stormFigures(storm, plainStorm, await agent.lost(storm.names))))
    console.log(`\n${degradation(decided)}`)
    console.error(`steady load for ${minutes} minutes …`)
    const memory = await steady(agent.url, minutes * 60_000, agent.memoryMb)
    console.log(`\n${tableOf(memoryFigures(memory, minutes))}`)
    return 0
  } finally {
    await agent.stop()
    await upstreams.close()
  }
}

type Storm = Awaited<ReturnType<typeof paced>>

function stormFigures(storm: Storm, plain: Storm, lost: number): Figure[] {
  return [
    compared(
      figureOf('webhook acknowledgement in the storm', storm.latenciesMs, 'ms'),
      percentile(plain.latenciesMs, 0.5),
      PLAIN,
    ),
    compared(oneFigure('time for 10,000 alerts', storm.seconds, 's'), plain.seconds, PLAIN),
    oneFigure('deliveries that were refused and sent again', storm.repeats, ''),
    oneFigure('acknowledged alerts that are lost', lost, ''),
  ]
}

/** How far the others suffer from those whose upstreams do not answer, and from those that shout. */
function degradation(decided: ReadonlyMap<string, number>): string {
  const rows = KINDS.map((kind: Kind) => {
    const names = serviceNames(kind)
    const seconds = names.flatMap((name) => decided.get(name) ?? [])
    const shown = (share: number) => (seconds.length === 0 ? 'never' : `${percentile(seconds, share).toFixed(1)} s`)
    return [kind, String(names.length), `${seconds.length}`, shown(0.5), shown(0.95), shown(1)]
  })
  const all = [['services', 'of these', 'decided', 'first decision p50', 'p95', 'last'], ...rows]
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)))
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function memoryFigures(samples: readonly { minute: number; mb: number }[], minutes: number): Figure[] {
  const last = samples.slice(Math.floor(samples.length / 2))
  return [
    oneFigure('memory at the start of the steady load', samples[0]?.mb ?? 0, 'MB'),
    oneFigure(`memory after ${minutes} minutes of 20 alerts a second`, samples.at(-1)?.mb ?? 0, 'MB'),
    oneFigure('growth in the second half', slope(last), 'MB per minute'),
  ]
}

/** Least squares. */
function slope(samples: readonly { minute: number; mb: number }[]): number {
  const mean = (pick: (one: { minute: number; mb: number }) => number) =>
    samples.reduce((sum, one) => sum + pick(one), 0) / Math.max(1, samples.length)
  const [x, y] = [mean(({ minute }) => minute), mean(({ mb }) => mb)]
  const over = samples.reduce((sum, { minute, mb }) => sum + (minute - x) * (mb - y), 0)
  const under = samples.reduce((sum, { minute }) => sum + (minute - x) ** 2, 0)
  return under === 0 ? 0 : over / under
}

process.exitCode = await main(process.argv.slice(2))
