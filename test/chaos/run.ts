import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { groupReasons } from '../../agent/domain/decision.ts'
import { account, type Counts } from './ledger.ts'
import type { Row } from './row.ts'
import { AGENT_ROWS } from './rows-agents.ts'
import { AROUND_ROWS } from './rows-around.ts'
import { openScene, type Scene } from './scene.ts'

const ROWS: readonly Row[] = [...AGENT_ROWS, ...AROUND_ROWS]
const ROW_LIMIT_MS = 600_000
/** Namespaces have names on this machine; two runs at once would take each other's away. */
const LOCK = '/run/failwise-chaos'

const HELP = `usage: npm run chaos -- [--only ROWS] [--quick] [--json FILE] [--list]

Breaks things around and under real agents on a real PostgreSQL, each on a machine of its own (a network namespace), and counts what became of every alert,
every effect, every message and every entry of the record. Needs root and the packages of test/chaos/install.sh. Everything is removed afterwards.

  --only ROWS   some of the rows, separated by commas
  --quick       the rows for every build: ${ROWS.filter(({ isQuick }) => isQuick)
    .map(({ name }) => name)
    .join(', ')}
  --json FILE   also write everything as JSON; - for standard output instead of the table
  --list        the rows, and no more`

interface Outcome {
  readonly name: string
  readonly about: string
  readonly isGood: boolean
  readonly seconds: number
  readonly measured: string
  readonly counts: Counts | null
  readonly wrong: readonly string[]
}

async function main(argv: readonly string[]): Promise<number> {
  const options = readOptions(argv)
  if (typeof options === 'string') {
    console.error(options)
    return 2
  }
  if (options.help || options.list) {
    console.log(options.help ? HELP : ROWS.map(({ name, about }) => `${name.padEnd(18)} ${about}`).join('\n'))
    return 0
  }
  if (process.getuid?.() !== 0) {
    console.error('chaos: needs root, for network namespaces and a small disk')
    return 2
  }
  try {
    mkdirSync(LOCK)
  } catch {
    console.error(`chaos: another run is under way; if none is, remove ${LOCK}`)
    return 2
  }
  const outcomes: Outcome[] = []
  try {
    for (const row of options.rows) outcomes.push(await carryOut(row))
  } finally {
    rmSync(LOCK, { recursive: true, force: true })
  }
  const document = JSON.stringify({ version: 1, at: new Date().toISOString(), rows: outcomes }, null, 2)
  if (options.json === '-') console.log(document)
  else {
    if (options.json !== null) writeFileSync(options.json, `${document}\n`)
    console.log(tableOf(outcomes))
  }
  return outcomes.every(({ isGood }) => isGood) ? 0 : 1
}

let current: (() => Promise<void>) | null = null
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => {
    rmSync(LOCK, { recursive: true, force: true })
    void Promise.resolve(current?.()).finally(() => process.exit(130))
  })

async function carryOut(row: Row): Promise<Outcome> {
  const startedMs = performance.now()
  const say = (text: string) =>
    console.error(`  ${((performance.now() - startedMs) / 1000).toFixed(1).padStart(6)} s  ${text}`)
  console.error(`${row.name}: ${row.about}`)
  const { name, about } = row
  let measured = ''
  let counts: Counts | null = null
  const wrong: string[] = []
  let scene: Scene | null = null
  const work = async () => {
    scene = await openScene(row.scene, (stop) => {
      current = stop
    })
    say(`${scene.agents.length} agents serve`)
    measured = await row.run(scene, say)
    say(measured)
    const verdict = await account(scene, row.allowsQuestions)
    counts = verdict.counts
    wrong.push(...verdict.wrong)
  }
  const timer = new AbortController()
  const limit = new Promise<never>((_resolve, reject) => {
    const timeout = setTimeout(() => reject(new Error(`not over after ${ROW_LIMIT_MS / 1000} s`)), ROW_LIMIT_MS)
    timer.signal.addEventListener('abort', () => clearTimeout(timeout))
  })
  try {
    await Promise.race([work(), limit])
  } catch (error) {
    wrong.push(error instanceof Error ? error.message : String(error))
    if (scene) await tellWhatHappened(scene)
  } finally {
    timer.abort()
    await current?.()
    current = null
  }
  const isGood = wrong.length === 0
  say(isGood ? 'nothing lost, nothing done twice' : `WRONG: ${wrong.join('; ')}`)
  return { name, about, isGood, seconds: (performance.now() - startedMs) / 1000, measured, counts, wrong }
}

/** For whoever has to find out why: what was decided about the outage, and the last words of every agent. */
async function tellWhatHappened(scene: Scene): Promise<void> {
  const service = scene.world.incident.service.name
  const decisions = await scene.store.decisions.list({ service, limit: 5 }).catch(() => [])
  for (const { decision } of decisions)
    console.error(
      `--- decision ${decision.decidedAt}: ${decision.action} (${decision.disposition})\n` +
        groupReasons(decision.reasons)
          .filter(({ reason }) => reason.outcome === 'block' || reason.outcome === 'limit')
          .map(({ reason, actions }) => `${reason.rule} for ${actions.join(', ')}: ${reason.detail}`)
          .join('\n'),
    )
  for (const agent of scene.agents) console.error(`--- agent ${agent.name}\n${agent.said().slice(-3000)}`)
}

function tableOf(outcomes: readonly Outcome[]): string {
  const head = ['fault', 'alerts', 'decisions', 'runs', 'effects', 'late', 'messages', 'audit', 'measured', 'outcome']
  const lines = outcomes.map(({ name, counts, measured, isGood, wrong }) => [
    name,
    counts ? `${counts.stored}/${counts.sent}` : '?',
    String(counts?.decisions ?? '?'),
    String(counts?.runs ?? '?'),
    String(counts?.effects ?? '?'),
    String(counts?.refusedLate ?? '?'),
    counts ? `${counts.messages}${counts.repeatedMessages > 0 ? ` +${counts.repeatedMessages}` : ''}` : '?',
    counts ? `${counts.auditEntries} ok` : '?',
    measured,
    isGood ? 'nothing lost, nothing done twice' : `WRONG: ${wrong.join('; ')}`,
  ])
  const all = [head, ...lines]
  const widths = head.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0)))
  const table = all.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return [
    ...table,
    '',
    'alerts: stored of acknowledged. effects: three for each run. late: sent by an agent that was taken for dead, and refused where it landed.',
    'messages: different ones that arrived, and repeats under the same key, which receivers drop.',
  ].join('\n')
}

function readOptions(argv: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        ...{ only: { type: 'string' }, json: { type: 'string' }, quick: { type: 'boolean', default: false } },
        ...{ list: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
      },
    } as const)
    const names = values.only?.split(',').map((name) => name.trim())
    const unknown = names?.find((name) => !ROWS.some((row) => row.name === name))
    if (unknown !== undefined) return `chaos: there is no row "${unknown}"; --list names them`
    const rows = ROWS.filter((row) => (names ? names.includes(row.name) : values.quick ? row.isQuick : true))
    return { rows, json: values.json ?? null, list: values.list ?? false, help: values.help ?? false }
  } catch (error) {
    return `chaos: ${error instanceof Error ? error.message : String(error)}\n\n${HELP}`
  }
}

process.exitCode = await main(process.argv.slice(2))
