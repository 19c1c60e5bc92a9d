import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stagesOf } from '../../actions/index.ts'
import { runPage } from '../../agent/cli/run-page.ts'
import { table } from '../../agent/cli/style.ts'
import { type Plan, planHash } from '../../agent/domain/plan.ts'
import { reportText } from '../../agent/domain/run-report.ts'
import type { DrillResult } from './drill.ts'
import type { PatroniTimes } from './patroni.ts'

/** What one move of the drill came to, in lines. */
export function summaryOf(
  result: DrillResult,
  counted: { readonly lost: number; readonly duplicated: number },
): string[] {
  const { state, report, elapsedMs, longestSilenceMs } = result
  return [
    `  ${state} after ${s(elapsedMs)}; ${report ? reportText(report) : 'no report'}`,
    `  users: longest time without any success ${s(longestSilenceMs)}; ${counted.lost} acknowledged writes lost, ${counted.duplicated} doubled so far`,
  ]
}

/** Where the time went, longest stage first. */
export function stageTable({ report }: DrillResult): string {
  if (!report) return ''
  const rows = [...report.stages].sort((a, b) => b.elapsedMs - a.elapsedMs)
  const outside = ['(between stages)', s(report.overheadMs)]
  return table([...rows.map(({ stage, elapsedMs }) => [`  ${stage}`, s(elapsedMs)]), [`  ${outside[0]}`, outside[1]!]])
}

/** Both moves beside what Patroni does with a pair of the same servers on the same machine. */
export function comparison(away: DrillResult, home: DrillResult, lost: number, patroni: PatroniTimes | null): string {
  const other = (value: string) => (patroni ? value : '(not installed)')
  return table([
    ['', 'this drill', `Patroni${patroni ? `, ttl ${patroni.ttlSeconds} s` : ''}`],
    [
      'site lost: longest time without a write',
      `${s(away.longestSilenceMs)} (ordered once users fail; database and DNS)`,
      other(`${s(patroni?.deathMs ?? 0)} (notices by itself; database alone)`),
    ],
    [
      'ordered switch: longest time without a write',
      `${s(home.longestSilenceMs)} (database, load balancers, DNS)`,
      other(`${s(patroni?.switchoverMs ?? 0)} (database alone)`),
    ],
    ['acknowledged writes lost', String(lost), other(String(patroni?.lostWrites ?? ''))],
  ])
}

/** Writes a move as a page. */
export function writeMove(folder: string, plan: Plan, { run, state, journal, report }: DrillResult): string {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${plan.name}${run.isDryRun ? '-rehearsal' : ''}.html`)
  const loaded = { plan, hash: planHash(plan), stages: stagesOf(plan) }
  writeFileSync(
    file,
    runPage({ run: { ...run, state: state ?? run.state }, journal, report, plan: loaded, objections: [] }),
  )
  return file
}

function s(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
