import { parseArgs } from 'node:util'
import type { Plan } from '../../agent/domain/plan.ts'
import type { JournalEntry } from '../../agent/domain/run.ts'
import { sql } from '../parts/failover-servers.ts'
import { waitUntil } from '../parts/servers.ts'
import { carryOut, countWrites, type DrillResult } from './drill.ts'
import { hasPatroni, measurePatroni } from './patroni.ts'
import { awayPlan, homePlan } from './plans.ts'
import { comparison, stageTable, summaryOf, writeMove } from './report.ts'
import { type Site, startSites } from './sites.ts'
import { startStore } from './store.ts'
import { startUsers, type Users } from './users.ts'

/**
 * A whole failover and the way home on real servers of this machine, under load: databases, load balancers, DNS and applications of two sites, the
 * executor with its journal, and users who notice. Then Patroni with a pair of the same databases, for comparison. Nothing is left behind.
 */
const { values: options } = parseArgs({
  options: { html: { type: 'string' }, 'no-patroni': { type: 'boolean', default: false } },
})
const say = (line: string) => process.stdout.write(`${line}\n`)
const stops: (() => Promise<unknown>)[] = []
process.exitCode = 1
const unwind = async () => {
  for (const stop of stops.splice(0).reverse()) await stop().catch(() => undefined)
  say('\neverything is stopped and removed')
}
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void unwind().then(() => process.exit(1)))

try {
  say('starting two sites: PostgreSQL primary and synchronous standby, HAProxy, applications, BIND and a resolver')
  const { store, stop: stopStore } = await startStore()
  stops.push(stopStore)
  const sites = await startSites()
  stops.push(sites.stop)
  await sites.replicateSynchronously()
  const users = startUsers(sites, 4)
  stops.push(users.stop)
  await waitUntil(async () => users.acknowledged.length > 100, 30_000, 'users who can write')

  const ordersAt = async ({ database }: Site) =>
    (await sql(database, 'SELECT id FROM orders')).map(({ id }) => String(id))
  const move = async (plan: Plan, site: Site, how: { lossSeconds?: number; onsetMs?: number; isDryRun?: boolean }) => {
    const { rtoSeconds, rpoSeconds } = plan.objectives
    const about = how.isDryRun ? 'rehearsal' : `RTO ${rtoSeconds} s, RPO ${rpoSeconds} s`
    say(`\n${plan.name}: ${plan.stages.length} stages, ${about}`)
    const beganMs = performance.now()
    const result = await carryOut(store, plan, users, {
      present: () => ordersAt(site),
      isDryRun: how.isDryRun ?? false,
      consentedSeconds: how.lossSeconds ?? null,
      ...(how.onsetMs !== undefined && { onsetMs: how.onsetMs }),
      onEntry: (entry) => tell(entry, performance.now() - beganMs),
    })
    if (options.html !== undefined) say(`  wrote ${writeMove(options.html, plan, result)}`)
    return result
  }
  const sum = async (result: DrillResult, site: Site) => {
    await serve(users)
    const followed = [...users.acknowledged]
    for (const line of summaryOf(result, countWrites({ ...users, acknowledged: followed }, await ordersAt(site))))
      say(line)
    say(stageTable(result))
  }

  const rehearsed = await move(awayPlan(sites), sites.main, { isDryRun: true })
  const effects = rehearsed.journal.filter(({ kind }) => kind === 'effect').length
  say(`  ${rehearsed.state}: ${effects} effects`)

  say('\nthe main site is lost: its database and its load balancer are killed')
  const onsetMs = Date.now()
  await sites.loseMain()
  const seen = users.acknowledged.length
  await waitUntil(async () => users.failedAtMs.length > 20, 10_000, 'users who are hurt')
  say(
    `users are hurt (${users.acknowledged.length - seen} writes since); a person orders the move and accepts to lose 5 s`,
  )
  const away = await move(awayPlan(sites, true), sites.dr, { lossSeconds: 5, onsetMs })
  await sum(away, sites.dr)

  say('\nthe machines of the main site are there again; a person orders the way home')
  await sites.returnMain()
  const home = await move(homePlan(sites), sites.main, {})
  await sum(home, sites.main)
  await users.stop()
  const count = countWrites(users, await ordersAt(sites.main))
  say(
    `\nin all: ${count.acknowledged} acknowledged writes, ${count.lost} lost, ${count.duplicated} doubled; ${count.failed} got no answer or a refusal`,
  )
  await sites.stop()

  const compares = !options['no-patroni'] && hasPatroni()
  if (compares)
    say('\nPatroni and etcd: a pair of the same servers, synchronous; its leader dies, then a switch is ordered')
  say(`\n${comparison(away, home, count.lost, compares ? await measurePatroni(stops) : null)}`)
  const isGood = away.state === 'succeeded' && home.state === 'succeeded' && effects === 0
  process.exitCode = isGood && count.lost === 0 && count.duplicated === 0 ? 0 : 1
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
    15_000,
    'users who can write again after the move',
  )
}
