import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { benchDecisions } from './decisions.ts'
import { benchEvals } from './evals.ts'
import { compared, type Figure, oneFigure, tableOf } from './figures.ts'
import { benchOverhead } from './overhead.ts'
import { benchPrompt } from './prompt.ts'
import { benchStorm } from './storm.ts'

const GROUPS = ['storm', 'overhead', 'decisions', 'prompt', 'evals'] as const
type Group = (typeof GROUPS)[number]
/** Together well under a minute and a half. */
const DEFAULT_GROUPS: readonly Group[] = ['storm', 'overhead', 'decisions']

const HELP = `usage: npm run bench -- [--only GROUPS] [--json FILE]

Measures the agent on this machine, on loopback and in temporary folders only. Ratios compare with a plain Fastify handler that inserts each body
into the same PostgreSQL, measured in the same run, so that they mean something on any machine.

  --only GROUPS   of ${GROUPS.join(', ')}, separated by commas; the first three unless given
  --json FILE     also write everything as JSON; - for standard output instead of the table
  --help          this text

storm       10,000 alerts over HTTP, one by one and by the hundred; cold start to the first decision; memory
overhead    what an assessment costs besides waiting for upstreams and the model, on the recorded incidents
decisions   decisions per second from recorded snapshots
prompt      tokens, overhead and masking of a model's call
evals       the evaluation of all recorded incidents (takes minutes)

The anomaly model has a benchmark of its own: npm run bench:anomaly -- --help`

async function main(argv: readonly string[]): Promise<number> {
  const parsed = readOptions(argv)
  if (typeof parsed === 'string') {
    console.error(parsed)
    return 2
  }
  if (parsed.help) {
    console.log(HELP)
    return 0
  }
  const isPiped = parsed.json === '-'
  const results: { group: Group; figures: readonly Figure[] }[] = []
  let plain: { ackMs: number; perSecond: number } | null = null
  for (const group of parsed.groups) {
    console.error(`measuring ${group} …`)
    const measured = await measure(group, plain)
    if ('plain' in measured) plain = measured.plain
    results.push({ group, figures: measured.figures })
  }
  const machine = { node: process.version, processors: cpus().length, model: cpus()[0]?.model ?? 'unknown' }
  const document = JSON.stringify({ version: 1, at: new Date().toISOString(), machine, results }, null, 2)
  if (parsed.json !== null && !isPiped) writeFileSync(parsed.json, `${document}\n`)
  if (isPiped) console.log(document)
  else for (const { group, figures } of results) console.log(`\n${group}\n${tableOf(figures)}`)
  return 0
}

async function measure(
  group: Group,
  plain: { ackMs: number; perSecond: number } | null,
): Promise<{ figures: Figure[] } | Awaited<ReturnType<typeof benchStorm>>> {
  switch (group) {
    case 'storm':
      return benchStorm()
    case 'overhead': {
      const figures = await benchOverhead(1)
      return {
        figures: figures.map((one) => (plain ? compared(one, plain.ackMs, 'plain insert under its storm') : one)),
      }
    }
    case 'decisions': {
      const figures = await benchDecisions(3)
      const isRate = (one: Figure) => one.unit === 'per second'
      return {
        figures: figures.map((one) =>
          plain && isRate(one) ? compared(one, plain.perSecond, 'plain inserts per second') : one,
        ),
      }
    }
    case 'prompt':
      return { figures: (await benchPrompt()).map(asFigure) }
    case 'evals':
      return { figures: (await benchEvals()).map(asFigure) }
  }
}

function asFigure({ name, median, unit }: { name: string; median: number; unit: string }): Figure {
  return oneFigure(name, median, unit)
}

interface Options {
  readonly help: boolean
  readonly json: string | null
  readonly groups: readonly Group[]
}

function readOptions(argv: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        only: { type: 'string' },
        json: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    const groups = values.only === undefined ? DEFAULT_GROUPS : values.only.split(',').map((name) => name.trim())
    const unknown = groups.find((name) => !(GROUPS as readonly string[]).includes(name))
    if (unknown !== undefined) return `there is no group "${unknown}"; there are ${GROUPS.join(', ')}`
    return { help: values.help, json: values.json ?? null, groups: groups as Group[] }
  } catch (error) {
    return `${(error as Error).message}\n\n${HELP}`
  }
}

process.exitCode = await main(process.argv.slice(2))
