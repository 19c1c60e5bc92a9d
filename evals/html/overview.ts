import { Action } from '../../agent/domain/action.ts'
import { fixed, headline, percent, percentRange, range } from '../figures.ts'
import { CONFIDENT, type EvalReport } from '../report.ts'
import type { CaseResult } from '../result.ts'
import type { GroupRow, Summary } from '../summary.ts'
import { caseAnchor } from './case-page.ts'
import { reliabilityDiagram, TIER_NAMES, tierBars } from './charts.ts'
import { html, type Markup } from './markup.ts'
import { gatePanel, knockOutPanel, leftOutPanel, metamorphicPanel, usagePanel } from './overview-studies.ts'

/** The first page: figures, comparisons and the list of cases, the gravest first. */
export function overview(report: EvalReport, writtenAt: string): Markup {
  const { subject, summary, baselines } = report
  const self = { name: subject.analyst, summary }
  const others = baselines.filter(({ name }) => name !== subject.analyst)
  return html`<div class="overview" id="top">
  <h1>How well does it decide?</h1>
  <p class="soft"><strong>${subject.analyst}</strong> on ${summary.distinctCases} recorded incidents${summary.cases !== summary.distinctCases && html`, ${summary.cases} decisions`}${subject.without.length > 0 && html`, without ${subject.without.join(', ')}`}${subject.filter && html`, filter <code>${subject.filter}</code>`} · written ${writtenAt.slice(0, 16).replace('T', ' ')} UTC
  <br>${subject.policyHash && html`policy <code>${subject.policyHash.slice(0, 12)}</code> · `}${subject.promptHash && html`prompt <code>${subject.promptHash.slice(0, 12)}</code> · `}cases <code>${subject.casesHash.slice(0, 12)}</code></p>
  <div class="cards">${headline(summary).map(
    ({ name, value, detail, interval }) =>
      html`<div class="card ${toneOf(name, summary)}"><div class="name">${name}</div><div class="value">${value}</div><div class="detail">${detail}${interval && html`<br>95 %: ${interval}`}</div></div>`,
  )}</div>
  ${errorsPanel(report)}
  <h2>Against plain habits</h2>
  <p>A needless failover moves users away from a place that was not at fault, or to one that is worse. A missed failover leaves them down. The habits decide from the same evidence: <em>thresholds</em> reads the health score alone.</p>
  ${tierBars([self, ...others])}
  <div class="panel">${habitTable([self, ...others])}</div>
  <h2>What was needed, what was decided</h2>
  <p>A failover counts only when it is carried out or asked for; one that people are merely told of counts as paging them.</p>
  <div class="panel">${matrix(report.cases)}</div>
  <h2>Where it does well and where not</h2>
  <div class="panel"><h3 style="margin-top:0">By best action</h3>${groupTable(report.breakdowns.action)}<h3>By difficulty</h3>${groupTable(report.breakdowns.difficulty)}<h3>Cases that try to give it orders</h3>${groupTable([report.injection])}</div>
  <div class="panel"><h3 style="margin-top:0">By cause</h3>${groupTable(report.breakdowns.category)}<details><summary>By tag</summary>${groupTable(report.breakdowns.tag)}</details></div>
  ${calibrationPanel(report)}
  ${wrongPanel(report)}
  ${leftOutPanel(report)}
  ${gatePanel(report)}
  ${knockOutPanel(report)}
  ${metamorphicPanel(report)}
  ${usagePanel(report)}
  <h2>All cases</h2>
  <div class="panel">${caseTable(report.cases)}</div>
  </div>`
}

/** Colour only where a figure is plainly good or bad; the rest is for the reader to judge. */
function toneOf(name: string, { needless, missed }: Summary): string {
  if (name === 'Needless failovers') return needless === 0 ? 'good' : 'bad'
  if (name === 'Missed failovers') return missed === 0 ? 'good' : 'bad'
  return ''
}

function errorsPanel({ errors }: EvalReport): Markup | null {
  if (errors.length === 0) return null
  return html`<div class="panel" style="border-color:var(--forbidden)"><strong>${errors.length} not decided</strong><ul>${errors.slice(0, 50).map(({ id, error }) => html`<li><code>${id}</code>: ${error}</li>`)}</ul></div>`
}

function habitTable(rows: readonly { readonly name: string; readonly summary: Summary }[]): Markup {
  return html`<table><tr><th></th><th class="num">needless</th><th class="num">missed</th><th class="num">harmful</th><th class="num">exact or acceptable</th><th class="num">95 %</th><th class="num">delay, mean</th></tr>${rows.map(
    ({ name, summary }, index) =>
      html`<tr class="${index === 0 && 'self'}"><td>${name}</td><td class="num">${summary.needless}</td><td class="num">${summary.missed}</td><td class="num">${summary.forbidden} (${percent(summary.harmfulShare)})</td><td class="num">${percent(summary.exactOrAcceptable)}</td><td class="num">${percentRange(summary.intervals.exactOrAcceptable)}</td><td class="num">${fixed(summary.delayMinutes, 1)} min</td></tr>`,
  )}</table>`
}

function matrix(cases: readonly CaseResult[]): Markup {
  const cell = (best: Action, decided: Action): Markup => {
    const inside = cases.filter((one) => one.best === best && one.scoredAs === decided)
    const harm = inside.filter((one) => one.harmful).length
    const tone = inside.length === 0 ? 'zero' : best === decided ? 'hit' : harm > 0 ? 'harm' : 'miss'
    const title = inside.map(({ id }) => id).join(', ')
    return html`<td class="${tone}" title="${title}">${inside.length === 0 ? '·' : inside.length}</td>`
  }
  return html`<table class="matrix"><tr><th>best ↓ decided →</th>${Action.options.map((action) => html`<th>${action}</th>`)}</tr>${Action.options.map(
    (best) => html`<tr><th>${best}</th>${Action.options.map((decided) => cell(best, decided))}</tr>`,
  )}</table><div class="legend"><span><i style="background:var(--best)"></i>exact</span><span><i style="background:var(--tolerable)"></i>another one, no harm</span><span><i style="background:var(--forbidden)"></i>some of them harmful</span></div>`
}

/** Rows of a breakdown as a table. */
function groupTable(rows: readonly GroupRow[]): Markup {
  return html`<table><tr><th></th><th class="num">cases</th><th class="num">exact</th><th class="num">or acceptable</th><th class="num">95 %</th><th class="num">harmful</th><th class="num">needless</th><th class="num">missed</th></tr>${rows.map(
    (row) =>
      html`<tr><td>${row.group}</td><td class="num">${row.cases}</td><td class="num">${row.best}</td><td class="num">${percent(row.exactOrAcceptable)}</td><td class="num">${percentRange(row.interval)}</td><td class="num">${row.harmful}</td><td class="num">${row.needless}</td><td class="num">${row.missed}</td></tr>`,
  )}</table>`
}

function calibrationPanel({ calibration }: EvalReport): Markup | null {
  if (!calibration) return null
  const of = calibration.calibrated ?? calibration.stated
  const believable = of.ece <= of.eceNoise
  return html`<h2>Can its confidence be believed?</h2>
  <div class="panel columns"><div>${reliabilityDiagram(of, 'Stated confidence against what came true')}</div><div>
  <p>Confidence is read as the chance that the recommended action is the best or as good. Brier score <strong>${fixed(of.brier, 3)}</strong> (95 %: ${range(of.brierInterval, 3)}; a coin has 0.25).</p>
  <p>Mean gap between word and outcome (ECE) <strong>${fixed(of.ece, 3)}</strong> (95 %: ${range(of.eceInterval, 3)}). With so few verdicts, even perfectly honest words would show up to ${fixed(of.eceNoise, 3)} by chance: ${believable ? 'the gap found is within that.' : 'the gap found is beyond that.'}</p>
  ${calibration.calibrated && html`<p>As stated, before calibration: Brier ${fixed(calibration.stated.brier, 3)}, ECE ${fixed(calibration.stated.ece, 3)}.</p>`}</div></div>`
}

function wrongPanel({ confidentAndWrong }: EvalReport): Markup {
  return html`<h2>Sure and wrong</h2>
  <p>Verdicts with a confidence of ${CONFIDENT} or more whose recommended action is not even acceptable, whether or not the gate stopped them.</p>
  <div class="panel">${
    confidentAndWrong.length === 0
      ? html`None.`
      : html`<table><tr><th>case</th><th class="num">confidence</th><th>recommended</th><th>best</th><th>decided</th></tr>${confidentAndWrong.map(
          (one) =>
            html`<tr><td>${caseLink(one)}</td><td class="num">${fixed(one.confidence, 2)}</td><td><span class="chip ${one.recommendedTier ?? ''}">${one.recommended}</span></td><td>${one.best}</td><td><span class="chip ${one.tier}">${one.action}</span> ${one.disposition}</td></tr>`,
        )}</table>`
  }</div>`
}

function caseLink(one: Pick<CaseResult, 'id'>): Markup {
  return html`<a href="#${caseAnchor(one.id)}">${one.id}</a>`
}

const GRAVITY = { forbidden: 0, tolerable: 1, acceptable: 2, best: 3 } as const

function caseTable(cases: readonly CaseResult[]): Markup {
  const sorted = cases.toSorted((a, b) => GRAVITY[a.tier] - GRAVITY[b.tier] || (a.id < b.id ? -1 : 1))
  return html`<table><tr><th>case</th><th>what happened</th><th>decided</th><th>best</th><th>cause named</th><th class="num">confidence</th><th class="num">delay</th></tr>${sorted.map(
    (one) =>
      html`<tr><td>${caseLink(one)}${one.repetition > 0 && html` #${one.repetition + 1}`}</td><td>${one.title}</td><td><span class="chip ${one.tier}" title="${TIER_NAMES[one.tier]}">${one.action}</span> <span class="soft">${one.disposition}</span></td><td>${one.best}</td><td>${one.category === null ? '–' : html`<span class="chip ${one.categoryCorrect ? '' : 'tolerable'}">${one.category}</span>`}</td><td class="num">${fixed(one.confidence, 2)}</td><td class="num">${one.delayMinutes} min</td></tr>`,
  )}</table>`
}
