import { html, type Markup } from '../../evals/html/markup.ts'
import { STYLE } from '../../evals/html/style.ts'
import type { Reason } from '../domain/decision.ts'
import { type JournalEntry, type Run, type RunState, WHOLE_RUN } from '../domain/run.ts'
import type { RunReport } from '../domain/run-report.ts'
import { epochMs } from '../domain/time.ts'
import type { LoadedPlan } from '../engine/plan-book.ts'
import { isForPeople } from './follow-run.ts'

export interface RunPage {
  readonly run: Run
  readonly journal: readonly JournalEntry[]
  readonly report: RunReport | null
  /** The plan as it stands in the configuration; undefined when its file says something else by now. */
  readonly plan: LoadedPlan | undefined
  /** What the gate's rules said against it when it was asked for. */
  readonly objections: readonly Reason[]
}

/** A run or a rehearsal as one page that needs nothing else: the outcome, timings against objectives, every stage and every line. */
export function runPage(page: RunPage): string {
  const { run, plan } = page
  const name = plan?.plan.name ?? `plan ${run.planHash.slice(0, 12)}`
  const title = `${run.isDryRun ? 'Rehearsal of' : 'Run of'} ${name}`
  const out = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>Failwise: ${title}</title><style>${{ markup: STYLE }}</style></head><body><main>
<h1>${title}</h1>
<p class="soft"><code>${run.id}</code> · ${run.service} · asked for by ${run.requestedBy} at ${instant(run.requestedAt)}${plan && html` · ${plan.plan.description}`}</p>
<div class="outcome ${TONE[run.state]}"><strong>${run.state.replaceAll('_', ' ')}</strong>${outcomeNote(page)}</div>
${objectives(page)}
<h2>Stages</h2>
<div class="panel">${bars(page)}</div>
<div class="panel">${stages(page)}</div>
${objections(page)}
<h2>Every line</h2>
<div class="panel">${lines(page)}</div>
<footer>Written by <code>failwise runs ${run.id} --html</code>. Everything in this file is data; it runs nothing.</footer></main></body></html>
`
  return out.markup
}

const TONE: Readonly<Record<RunState, string>> = {
  succeeded: 'best',
  rolled_back: 'tolerable',
  pending: 'tolerable',
  running: 'tolerable',
  paused: 'tolerable',
  rolling_back: 'tolerable',
  cancelled: 'tolerable',
  failed: 'forbidden',
  rollback_failed: 'forbidden',
}

function outcomeNote({ run, journal }: RunPage): Markup | string {
  if (!run.isDryRun) return ''
  const would = journal.filter(({ kind }) => kind === 'would').length
  const effects = journal.filter(({ kind }) => kind === 'effect').length
  return html`: ${effects} effects, ${would} things that a live run would have done`
}

function objectives({ run, report, plan }: RunPage): Markup {
  const objective = plan?.plan.objectives
  const card = (name: string, value: string, detail: string, isGood: boolean | null) =>
    html`<div class="card ${isGood === null ? '' : isGood ? 'good' : 'bad'}"><div class="name">${name}</div><div class="value">${value}</div><div class="detail">${detail}</div></div>`
  const promised = (seconds: number | undefined) => (seconds === undefined ? 'no objective known' : `of ${seconds} s`)
  if (!report) return html`<div class="cards">${card('Recovery time', '–', 'the run was not verified', false)}</div>`
  const { recoveryFromOnsetMs: onset, recoveryFromDecisionMs: decision, dataLossSeconds: loss } = report
  if (run.isDryRun)
    return html`<div class="cards">${card('Looking took', seconds(decision), 'a rehearsal recovers nothing; its looks are real', null)}${planned(plan)}</div>`
  const lost = report.lostWrites === null ? '' : `${report.lostWrites} lost, ${report.duplicatedWrites ?? 0} doubled; `
  return html`<div class="cards">
  ${onset !== null && card('Recovery time from onset', seconds(onset), `${promised(objective?.rtoSeconds ?? report.rtoMs / 1000)}`, report.meetsRto)}
  ${card('Recovery time from decision', seconds(decision), promised(report.rtoMs / 1000), onset === null ? report.meetsRto : null)}
  ${card('Data lost', loss === null ? 'not measured' : `${loss.toFixed(1)} s`, `${lost}${promised(report.rpoSeconds)}`, report.meetsRpo)}
  ${card('Outside of stages', seconds(report.overheadMs), 'the engine’s own share', null)}</div>`
}

function planned(plan: LoadedPlan | undefined): Markup | null {
  if (!plan) return null
  const most = plan.stages.reduce((sum, { timeoutMs }) => sum + timeoutMs / 1000, 0)
  return html`<div class="card"><div class="name">A live run may take</div><div class="value">${most} s</div><div class="detail">of ${plan.plan.objectives.rtoSeconds} s that are promised</div></div>`
}

interface Span {
  readonly stage: string
  readonly fromMs: number
  readonly untilMs: number
  readonly end: 'verified' | 'failed' | 'undone' | 'open'
}

/** When each stage began and ended, in the order in which they began. */
function spansOf({ run, journal }: RunPage): Span[] {
  const origin = epochMs(run.startedAt ?? run.requestedAt)
  const ids = [...new Set(journal.filter(({ stage }) => stage !== WHOLE_RUN).map(({ stage }) => stage))]
  return ids.map((stage) => {
    const own = journal.filter((entry) => entry.stage === stage)
    const last = own.findLast(({ kind }) => ['verified', 'failed', 'undone', 'undo_failed'].includes(kind))
    const end = last === undefined ? 'open' : last.kind === 'undo_failed' ? 'failed' : last.kind
    const at = (entry: JournalEntry | undefined) => Math.max(0, epochMs(entry?.at ?? run.requestedAt) - origin)
    return { stage, fromMs: at(own[0]), untilMs: at(last ?? own.at(-1)), end: end as Span['end'] }
  })
}

const FILL: Readonly<Record<Span['end'], string>> = {
  verified: 'best',
  failed: 'forbidden',
  undone: 'tolerable',
  open: 'tolerable',
}

function bars(page: RunPage): Markup {
  const spans = spansOf(page)
  const whole = Math.max(1, ...spans.map(({ untilMs }) => untilMs))
  const share = (ms: number) => ((100 * ms) / whole).toFixed(2)
  return html`<div class="bars">${spans.map(
    ({ stage, fromMs, untilMs, end }) =>
      html`<span><code>${stage}</code></span><div class="bar"><span style="width:${share(fromMs)}%"></span><span class="${FILL[end]}" style="width:${share(Math.max(whole / 200, untilMs - fromMs))}%"></span></div><span class="num">${seconds(untilMs - fromMs)}</span>`,
  )}</div><div class="legend"><span>from the start of the run, ${seconds(whole)} in all</span><span><i style="background:var(--best)"></i>verified</span><span><i style="background:var(--forbidden)"></i>failed</span><span><i style="background:var(--tolerable)"></i>undone or open</span></div>`
}

function stages({ plan, journal }: RunPage): Markup {
  const placed = plan?.stages ?? []
  const rows = placed.map(({ id, timeoutMs, stage }) => {
    const own = journal.filter((entry) => entry.stage === id)
    const spentMs = own.reduce((sum, { data }) => sum + (typeof data.elapsedMs === 'number' ? data.elapsedMs : 0), 0)
    const did = own.filter(({ kind }) => kind === 'effect' || kind === 'would')
    const way = typeof stage.rollback === 'string' ? stage.rollback.replaceAll('_', ' ') : 'can be undone'
    const fencing = stage.fencing === 'no-effect' ? 'changes nothing' : `${stage.fencing}; ${way}`
    return html`<tr><td><code>${id}</code><div class="soft">${fencing}</div></td><td>${stage.describe()}${
      did.length > 0 &&
      html`<ul>${did.map(({ kind, detail }) => html`<li>${kind === 'would' ? 'would ' : ''}${detail}</li>`)}</ul>`
    }</td><td class="num">${own.length === 0 ? 'not reached' : seconds(spentMs)}</td><td class="num">${timeoutMs / 1000} s</td></tr>`
  })
  if (rows.length === 0)
    return html`<p>The plan’s file says something else by now; the lines below are what was done.</p>`
  return html`<table><tr><th>stage</th><th>what it does</th><th class="num">took</th><th class="num">at most</th></tr>${rows}</table>`
}

function objections({ run, objections: found }: RunPage): Markup | null {
  if (found.length === 0) return null
  return html`<h2>${run.isDryRun ? 'A live run would be refused' : 'What spoke against it'}</h2>
<div class="panel"><table class="reasons">${found.map(({ rule, detail, outcome }) => html`<tr class="${outcome}"><td><code>${rule}</code></td><td>${detail}</td></tr>`)}</table></div>`
}

function lines({ run, journal }: RunPage): Markup {
  const origin = epochMs(run.requestedAt)
  const shown = journal.filter(isForPeople)
  return html`<table>${shown.map(
    ({ at, stage, kind, detail }) =>
      html`<tr><td class="num">${((epochMs(at) - origin) / 1000).toFixed(1)} s</td><td><code>${stage}</code></td><td>${kind.replaceAll('_', ' ')}</td><td>${detail}</td></tr>`,
  )}</table>`
}

function seconds(ms: number): string {
  return ms < 100_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`
}

function instant(at: string): string {
  return `${at.slice(0, 19).replace('T', ' ')} UTC`
}
