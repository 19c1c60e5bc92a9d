import { percent, pointRange, signed } from '../figures.ts'
import type { GateMiss } from '../gate-alone.ts'
import type { EvalReport } from '../report.ts'
import { caseAnchor } from './case-page.ts'
import { html, type Markup } from './markup.ts'

function caseLink(id: string): Markup {
  return html`<a href="#${caseAnchor(id)}">${id}</a>`
}

/** Whether what was learnt on some cases holds on others. */
export function leftOutPanel({ leaveOneOut }: EvalReport): Markup | null {
  const { groups, calibration } = leaveOneOut
  if (groups.length === 0) return null
  return html`<h2>Does it generalise?</h2>
  <p>Each author's cases, and each larger tag's, against all the others. A decider fitted to some cases falls behind on those it was not fitted to; a gap whose interval spans zero may be chance.</p>
  <div class="panel"><table><tr><th>left out</th><th class="num">cases</th><th class="num">exact or acceptable</th><th class="num">in the rest</th><th class="num">gap</th><th class="num">95 %</th><th class="num">needless</th><th class="num">harmful</th></tr>${groups.map(
    ({ group, kind, inside, rest, gap, gapInterval }) =>
      html`<tr><td>${kind} ${group}</td><td class="num">${inside.cases}</td><td class="num">${percent(inside.exactOrAcceptable)}</td><td class="num">${percent(rest.exactOrAcceptable)}</td><td class="num">${signed(Math.round(gap * 100))}</td><td class="num">${pointRange(gapInterval)}</td><td class="num">${inside.needless}</td><td class="num">${inside.harmful}</td></tr>`,
  )}</table>
  ${calibration && html`<p class="soft">Calibration fitted without the author it is judged on: Brier ${calibration.brierLeftOut.toFixed(3)} (as stated ${calibration.brierStated.toFixed(3)}), ECE ${calibration.eceLeftOut.toFixed(3)} (as stated ${calibration.eceStated.toFixed(3)}).</p>`}</div>`
}

/** What the gate is worth with the analyst taken out of the question. */
export function gatePanel({ gateAlone: gate }: EvalReport): Markup | null {
  if (!gate) return null
  const list = (title: string, misses: readonly GateMiss[]) =>
    misses.length > 0 &&
    html`<h3>${title}</h3><ul>${misses.map(({ id, action, rules }) => html`<li>${caseLink(id)} ${action}${rules.length > 0 && html`: <code>${rules.join(', ')}</code>`}</li>`)}</ul>`
  return html`<h2>The gate alone</h2>
  <p>Perfect verdicts go in: the labelled cause, high confidence, everything cited. What the gate then loses or lets through is its own doing.</p>
  <div class="panel"><table><tr><td>right failovers that pass to be asked for or carried out</td><td class="num">${gate.permitted} of ${gate.right}</td><td class="num">${percent(gate.permitted / Math.max(1, gate.right))}</td></tr>
  <tr><td>… without a person</td><td class="num">${gate.permittedToAct} of ${gate.right}</td><td class="num">${percent(gate.permittedToAct / Math.max(1, gate.right))}</td></tr>
  <tr><td>forbidden failovers that it stops although the cause is named rightly</td><td class="num">${gate.stopped} of ${gate.forbidden}</td><td class="num">${percent(gate.stopped / Math.max(1, gate.forbidden))}</td></tr></table>
  ${list('Right failovers that it loses', gate.notPermitted)}${list('Right actions that it turns into harm', gate.harmedByGate)}
  ${gate.notStopped.length > 0 && html`<details><summary>${gate.notStopped.length} forbidden failovers that only the analyst holds back</summary>${list('', gate.notStopped)}</details>`}</div>`
}

/** What happens when evidence is missing. */
export function knockOutPanel({ knockOut }: EvalReport): Markup | null {
  if (!knockOut) return null
  return html`<h2>When evidence is missing</h2>
  <p>Each case is decided again with evidence taken away (${knockOut.depth}). Less evidence must never turn anything else into a failover: <strong>${knockOut.newFailovers} new failovers in ${knockOut.probes} probes</strong>.</p>
  <div class="panel"><table><tr><th>taken away</th><th class="num">probes</th><th class="num">decisions changed</th><th class="num">failovers lost</th><th class="num">new failovers</th></tr>${knockOut.rows.map(
    (row) =>
      html`<tr><td>${row.source}</td><td class="num">${row.probes}</td><td class="num">${row.changed}</td><td class="num">${row.failoversLost}</td><td class="num">${row.newFailovers}</td></tr>`,
  )}</table>
  ${
    knockOut.changes.length > 0 &&
    html`<details><summary>decisions that changed</summary><table>${knockOut.changes.map(
      ({ id, lost, loss, before, after, isNewFailover }) =>
        html`<tr><td>${caseLink(id)}</td><td><code>${lost}</code> ${loss}</td><td>${before.action} (${before.disposition}) → ${after.action} (${after.disposition})</td><td>${isNewFailover && html`<span class="chip forbidden">new failover</span>`}</td></tr>`,
    )}</table></details>`
  }</div>`
}

/** Whether decisions hang on what does not matter. */
export function metamorphicPanel({ metamorphic }: EvalReport): Markup | null {
  if (!metamorphic) return null
  return html`<h2>When nothing that matters changes</h2>
  <p><strong>${metamorphic.flips} of ${metamorphic.variants}</strong> decisions flipped although the cases say the same.</p>
  <div class="panel"><table><tr><th>changed</th><th></th><th class="num">variants</th><th class="num">flips</th></tr>${metamorphic.rows.map(
    (row) =>
      html`<tr><td>${row.check}</td><td class="soft">${row.about}</td><td class="num">${row.variants}</td><td class="num">${row.flips}</td></tr>`,
  )}</table>
  ${
    metamorphic.flipped.length > 0 &&
    html`<details open><summary>flipped</summary><table>${metamorphic.flipped.map(
      ({ id, check, before, after, why, through }) =>
        html`<tr><td>${caseLink(id)}</td><td>${check}${through.length > 0 && html` <span class="soft">(${through.join(', ')})</span>`}</td><td>${before.action} (${before.disposition}) → ${after.action} (${after.disposition})</td><td>${why}</td></tr>`,
    )}</table></details>`
  }</div>`
}

/** What it took. */
export function usagePanel({ usage, consistency, summary }: EvalReport): Markup {
  const { latencyMs } = usage
  return html`<h2>What it takes</h2>
  <div class="panel"><table>
  <tr><td>time for a decision</td><td class="num">${latencyMs.median} ms median, ${latencyMs.p95} ms for 95 of 100, ${latencyMs.maximum} ms at most</td></tr>
  <tr><td>tokens</td><td class="num">${usage.inputTokens} in, ${usage.outputTokens} out</td></tr>
  <tr><td>cost</td><td class="num">${usage.costUsd === null ? 'none' : `${usage.costUsd.toFixed(2)} USD, ${(usage.costUsd / Math.max(1, summary.cases)).toFixed(4)} a decision`}</td></tr>
  <tr><td>abstained</td><td class="num">${summary.abstained} of ${summary.cases}</td></tr></table>
  ${consistency && html`<p>Asked ${consistency.repeat} times, ${percent(consistency.sameDecision)} of the cases were always decided the same.</p><ul>${consistency.unstable.map(({ id, decisions }) => html`<li>${caseLink(id)}: ${decisions.join(' or ')}</li>`)}</ul>`}</div>`
}
