import { writeFileSync } from 'node:fs'
import type { JournalEntry } from '../../agent/domain/run.ts'
import { sql } from '../parts/failover-servers.ts'
import { waitUntil } from '../parts/servers.ts'
import { type AgentRun, answerWhenAsked, runByCommand } from './agent-move.ts'
import { startAgentWorld } from './agent-world.ts'
import { countWrites, longestSilence } from './drill.ts'
import { drillOptions } from './options.ts'
import { hasPatroni, measurePatroni } from './patroni.ts'
import { answeredLines, comparison, type DrillFigures, stageTable, summaryOf } from './report.ts'
import type { Site } from './sites.ts'
import { startUsers, type Users } from './users.ts'

/**
 * From the alert to a verified service on the other side, and the way home, on real servers of this machine, under load: databases, load balancers, DNS
 * and applications of two sites, Prometheus and Alertmanager, an agent in a process of its own, and users who notice. Then Patroni with a pair of the
 * same databases, for comparison. Nothing is left behind.
 */
const options = drillOptions(process.argv.slice(2)) ?? process.exit()
const say = (line: string) => process.stdout.write(`${line}\n`)
const stops: (() => Promise<unknown>)[] = []
process.exitCode = 1
let unwinding: Promise<void> | undefined
// Whoever comes second, such as the failure of what was interrupted, waits for the first.
const unwind = () => {
  unwinding ??= (async () => {
    for (const stop of stops.splice(0).reverse()) await stop().catch(() => undefined)
    say('\neverything is stopped and removed')
  })()
  return unwinding
}
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void unwind().then(() => process.exit(1)))

try {
  say('starting two sites (PostgreSQL with a synchronous standby, HAProxy, applications, BIND and a resolver),')
  say('Prometheus, Alertmanager, a blackbox exporter, and an agent')
  const world = await startAgentWorld({ services: ['shop'] })
  stops.push(world.stop)
  const { sites, agent } = world
  await sites.replicateSynchronously()
  const users = startUsers(sites, 4)
  stops.push(users.stop)
  world.monitoring.follow('shop', users)
  // Rates need a few scrapes before they say anything.
  await waitUntil(async () => users.acknowledged.length > 500, 60_000, 'users who can write')

  const ordersAt = async ({ database }: Site) =>
    (await sql(database, 'SELECT id FROM orders')).map(({ id }) => String(id))
  const tellRun = async ({ run, journal }: AgentRun, name: string) => {
    for (const entry of journal) tell(entry, Date.parse(entry.at) - Date.parse(run.requestedAt))
    if (options.html !== undefined) say(`  wrote ${await world.writePage(options.html, name, run.id)}`)
  }
  const count = async (site: Site) => {
    await serve(users)
    const followed = { ...users, acknowledged: [...users.acknowledged] }
    return countWrites(followed, await ordersAt(site))
  }

  say('\na rehearsal is ordered: failwise drill shop-away')
  const rehearsed = await runByCommand(agent, ['drill', 'shop-away'])
  const effects = rehearsed.journal.filter(({ kind }) => kind === 'effect').length
  say(`  ${rehearsed.run.state}: ${effects} effects`)

  say('\nthe main site is lost: its database, its load balancer and its provider’s interface are gone')
  const lostAtMs = performance.now()
  const onsetMs = Date.now()
  await sites.loseMain()
  const answered = await answerWhenAsked(agent, 'shop', onsetMs)
  await tellRun(answered, 'shop-away')
  for (const line of answeredLines(answered)) say(line)
  const awayCount = await count(sites.dr)
  const awaySilenceMs = longestSilence(users, lostAtMs)
  for (const line of summaryOf(answered, awaySilenceMs, awayCount)) say(line)
  say(stageTable(answered))

  say('\nthe machines of the main site are there again; a person ends the cooldown and orders the way home')
  await sites.returnMain()
  await agent.command(['run', 'end-cooldown', 'shop', '--reason', 'the site is whole again'])
  const homeAtMs = performance.now()
  const home = await runByCommand(agent, ['failback', 'shop-home'])
  await tellRun(home, 'shop-home')
  const homeSilenceMs = longestSilence(users, homeAtMs)
  for (const line of summaryOf(home, homeSilenceMs, await count(sites.main))) say(line)
  say(stageTable(home))
  await users.stop()
  const total = countWrites(users, await ordersAt(sites.main))
  say(
    `\nin all: ${total.acknowledged} acknowledged writes, ${total.lost} lost, ${total.duplicated} doubled; ${total.failed} got no answer or a refusal`,
  )
  await world.stop()

  const compares = !options['no-patroni'] && hasPatroni()
  if (compares)
    say('\nPatroni and etcd: a pair of the same servers, synchronous; its leader dies, then a switch is ordered')
  const patroni = compares ? await measurePatroni(stops) : null
  const figures: DrillFigures = {
    answered,
    home,
    awaySilenceMs,
    homeSilenceMs,
    total,
    rehearsedEffects: effects,
    patroni,
  }
  say(`\n${comparison(figures)}`)
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(figures, null, 2)}\n`)
  const isGood = answered.run.state === 'succeeded' && home.run.state === 'succeeded' && effects === 0
  process.exitCode = isGood && total.lost === 0 && total.duplicated === 0 ? 0 : 1
} finally {
  await unwind()
}

function tell({ stage, kind, detail }: JournalEntry, ms: number): void {
  if (!['effect', 'would', 'verified', 'failed'].includes(kind)) return
  say(`  ${(ms / 1000).toFixed(1).padStart(6)} s  ${stage.padEnd(18)} ${kind.padEnd(9)} ${detail}`)
}

async function serve(users: Users): Promise<void> {
  const before = users.acknowledged.length
  await waitUntil(
    async () => users.acknowledged.length > before + 50,
    30_000,
    'users who can write again after the move',
  )
}
