import type { Plan } from '../../agent/domain/plan.ts'
import { reportText } from '../../agent/domain/run-report.ts'
import { sql } from '../parts/failover-servers.ts'
import { waitUntil } from '../parts/servers.ts'
import { carryOut, countWrites, type DrillResult } from './drill.ts'
import { awayPlan, homePlan } from './plans.ts'
import { type Site, startSites } from './sites.ts'
import { startStore } from './store.ts'
import { startUsers, type Users } from './users.ts'

/**
 * A whole failover and the way home on real servers of this machine, under load: databases, load balancers, DNS and applications of two sites, the
 * executor with its journal, and users who notice. Nothing is left behind.
 */
const say = (line: string) => process.stdout.write(`${line}\n`)
const stops: (() => Promise<unknown>)[] = []
process.exitCode = 1
const unwind = async () => {
  for (const stop of stops.splice(0).reverse()) await stop().catch(() => undefined)
  say('everything is stopped and removed')
}
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void unwind().then(() => process.exit(1)))
try {
  say('starting two sites: PostgreSQL primary and standby, HAProxy, applications, BIND and a resolver')
  const { store, stop: stopStore } = await startStore()
  stops.push(stopStore)
  const sites = await startSites()
  stops.push(sites.stop)
  const users = startUsers(sites, 4)
  stops.push(users.stop)
  await waitUntil(async () => users.acknowledged.length > 100, 30_000, 'users cannot write')

  const run = async (plan: Plan, site: Site): Promise<DrillResult> => {
    say(
      `\n${plan.name}: ${plan.stages.length} stages, RTO ${plan.objectives.rtoSeconds} s, RPO ${plan.objectives.rpoSeconds} s`,
    )
    const beganMs = performance.now()
    const result = await carryOut(store, plan, users, {
      present: () => ordersAt(site),
      onEntry: ({ stage, kind, detail }) => {
        if (kind === 'effect' || kind === 'verified' || kind === 'failed')
          say(
            `  ${((performance.now() - beganMs) / 1000).toFixed(1).padStart(6)} s  ${stage.padEnd(18)} ${kind.padEnd(9)} ${detail}`,
          )
      },
    })
    await serve(users)
    tell(result, users, await ordersAt(site))
    return result
  }
  const away = await run(awayPlan(sites), sites.dr)
  const home = await run(homePlan(sites), sites.main)
  await users.stop()
  const count = countWrites(users, await ordersAt(sites.main))
  say(
    `\nin all: ${count.acknowledged} acknowledged writes, ${count.lost} lost, ${count.duplicated} doubled, ${count.failed} refused`,
  )
  const isGood = away.state === 'succeeded' && home.state === 'succeeded' && count.lost === 0 && count.duplicated === 0
  process.exitCode = isGood ? 0 : 1
} finally {
  await unwind()
}

async function serve(users: Users): Promise<void> {
  const before = users.acknowledged.length
  await waitUntil(async () => users.acknowledged.length > before + 50, 15_000, 'users cannot write after the move')
}

async function ordersAt(site: Site): Promise<string[]> {
  return (await sql(site.database, 'SELECT id FROM orders')).map(({ id }) => String(id))
}

function tell({ state, report, elapsedMs, longestSilenceMs }: DrillResult, users: Users, present: string[]): void {
  const { lost, duplicated } = countWrites(users, present)
  say(`  ${state} after ${(elapsedMs / 1000).toFixed(1)} s; ${report ? reportText(report) : 'no report'}`)
  say(
    `  users: longest time without any success ${(longestSilenceMs / 1000).toFixed(1)} s; ${lost} acknowledged writes lost, ${duplicated} doubled so far`,
  )
}
