import { html, type Markup } from '../../evals/html/markup.ts'
import { STYLE } from '../../evals/html/style.ts'
import type { PlanObjectives } from '../domain/plan.ts'
import type { ScenarioResult } from './scenario-drill.ts'

/** A plan that a scenario would start, gone through without a single effect. */
export interface Rehearsed {
  readonly plan: string
  /** Null when the rehearsal was refused. */
  readonly runId: string | null
  readonly state: string
  readonly detail: string
  readonly stages: readonly {
    readonly stage: string
    readonly does: string
    readonly timeoutMs: number
    /** How long looking took; null when the stage was not reached. */
    readonly lookedMs: number | null
  }[]
  readonly objectives?: PlanObjectives
}

/** The drilled scenarios of a service as one page that needs nothing else. */
export function scenarioPage(drilled: {
  readonly service: string
  readonly analyst: string
  readonly at: string
  readonly results: readonly ScenarioResult[]
}): string {
  const { service, analyst, at, results } = drilled
  const good = results.filter(({ finding }) => finding === null).length
  const title = `Drill of ${service}`
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>Failwise: ${title}</title><style>${{ markup: STYLE }}</style></head><body><main>
<h1>${title}</h1>
<p class="soft">${at.slice(0, 16).replace('T', ' ')} UTC · decided by ${analyst} and the policy in force · nothing was changed anywhere</p>
<div class="outcome ${good === results.length ? 'best' : 'forbidden'}"><strong>${good} of ${results.length}</strong> scenarios ended as they should</div>
${results.map(section)}
<footer>Written by <code>failwise drill ${service} --scenario</code>. Everything in this file is data; it runs nothing.</footer></main></body></html>
`.markup
}

function section({
  scenario,
  story,
  expects,
  why,
  cause,
  action,
  disposition,
  blocked,
  finding,
  rehearsed,
}: ScenarioResult): Markup {
  return html`<h2>${scenario} <span class="chip ${finding === null ? 'best' : 'forbidden'}">${finding === null ? 'as it should be' : 'finding'}</span></h2>
<div class="panel"><p>${story}</p>
<p>Decided: <strong>${action}</strong> (${disposition})${cause !== null && html`, read as <code>${cause}</code>`}. ${finding === null ? `Expected: ${expected(expects)}, since ${why}` : `Finding: ${finding}`}.</p>
${blocked.length > 0 && html`<ul>${blocked.map((one) => html`<li>${one.action} was blocked by <code>${one.rules.join(', ')}</code></li>`)}</ul>`}
${rehearsed && rehearsal(rehearsed)}</div>`
}

function expected(expects: ScenarioResult['expects']): string {
  return expects === 'failover' ? 'users are moved, alone or with a yes from people' : 'nobody is moved'
}

function rehearsal({ plan, runId, state, detail, stages, objectives }: Rehearsed): Markup {
  const most = stages.reduce((sum, { timeoutMs }) => sum + timeoutMs, 0) / 1000
  const promised =
    objectives && html` A live run may take ${most} s of the ${objectives.rtoSeconds} s that are promised.`
  return html`<h3>Plan ${plan}, rehearsed: ${state}</h3>
<p>${detail}.${promised} ${runId !== null && html`<span class="soft">Run <code>${runId}</code></span>`}</p>
${
  stages.length > 0 &&
  html`<table><tr><th>stage</th><th>what it would do</th><th class="num">looking took</th><th class="num">at most</th></tr>${stages.map(
    ({ stage, does, lookedMs, timeoutMs }) =>
      html`<tr><td><code>${stage}</code></td><td>${does}</td><td class="num">${lookedMs === null ? 'not reached' : `${(lookedMs / 1000).toFixed(1)} s`}</td><td class="num">${timeoutMs / 1000} s</td></tr>`,
  )}</table>`
}`
}
