import { table } from '../../agent/cli/style.ts'
import { reportText } from '../../agent/domain/run-report.ts'
import type { AgentRun, AnsweredAlert } from './agent-move.ts'
import type { Count } from './drill.ts'
import type { PatroniTimes } from './patroni.ts'

/** Everything that a drill measured. */
export interface DrillFigures {
  readonly answered: AnsweredAlert
  readonly home: AgentRun
  readonly awaySilenceMs: number
  readonly homeSilenceMs: number
  readonly total: Count
  readonly rehearsedEffects: number
  readonly patroni: PatroniTimes | null
}

/** From the alert to a verified service, the time that a name may be kept left out. */
const AIM_MS = 30_000
const TTL_MS = 2000

/** Where the time went between the loss of the site and the proof that users are served again. */
export function answeredLines(answered: AnsweredAlert): string[] {
  const { decision, approval, onsetMs, alertMs, askedMs, answeredMs, startedMs, verifiedMs } = answered
  const step = (what: string, fromMs: number, toMs: number) => [`  ${what}`, s(toMs - fromMs), s(toMs - onsetMs)]
  const who = approval.votes.at(-1)?.person ?? 'nobody'
  const steps = table([
    ['  ', 'took', 'since the loss'],
    step('lost, until the alert is with the agent (rule, Prometheus, Alertmanager)', onsetMs, alertMs),
    step('the agent looks and decides', alertMs, askedMs),
    step(`${who} answers by failwise approve (a new process)`, askedMs, answeredMs),
    step('the run begins', answeredMs, startedMs),
    step('carried out and verified by users’ writes', startedMs, verifiedMs),
  ])
  const totalMs = verifiedMs - alertMs
  const isMet = totalMs <= AIM_MS + TTL_MS
  return [
    `  decided: ${decision.action}, ${decision.disposition}`,
    ...decision.why.map((line) => `    ${line}`),
    steps,
    `  alert to verified service: ${s(totalMs)}, without the answer ${s(totalMs - (answeredMs - askedMs))}; aim ${s(AIM_MS)} + ${s(TTL_MS)} of DNS TTL: ${isMet ? 'met' : 'MISSED'}`,
  ]
}

/** What one move of the drill came to, in lines. */
export function summaryOf({ run, report }: AgentRun, silenceMs: number, counted: Count): string[] {
  return [
    `  ${run.state}; ${report ? reportText(report) : 'no report'}`,
    `  users: longest time without any success ${s(silenceMs)}; ${counted.acknowledged} acknowledged writes, ${counted.lost} lost, ${counted.duplicated} doubled so far`,
  ]
}

/** Where the time of a run went, longest stage first. */
export function stageTable({ report }: AgentRun): string {
  if (!report) return ''
  const rows = [...report.stages].sort((a, b) => b.elapsedMs - a.elapsedMs)
  return table([
    ...rows.map(({ stage, elapsedMs }) => [`  ${stage}`, s(elapsedMs)]),
    ['  (between stages)', s(report.overheadMs)],
  ])
}

/** Both moves beside what Patroni does with a pair of the same servers on the same machine. */
export function comparison({ awaySilenceMs, homeSilenceMs, total, patroni }: DrillFigures): string {
  const other = (value: string) => (patroni ? value : '(left out)')
  return table([
    ['', 'this drill', `Patroni${patroni ? `, ttl ${patroni.ttlSeconds} s` : ''}`],
    [
      'lost: longest time without a write',
      `${s(awaySilenceMs)} (a site; noticed, decided, answered; database and DNS)`,
      other(`${s(patroni?.deathMs ?? 0)} (a node; noticed; database alone)`),
    ],
    [
      'ordered switch: longest time without a write',
      `${s(homeSilenceMs)} (database, load balancers, DNS)`,
      other(`${s(patroni?.switchoverMs ?? 0)} (database alone)`),
    ],
    ['acknowledged writes lost', String(total.lost), other(String(patroni?.lostWrites ?? ''))],
  ])
}

function s(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
