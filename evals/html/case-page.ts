import { Action } from '../../agent/domain/action.ts'
import type { Reason } from '../../agent/domain/decision.ts'
import { type Snapshot, signalsOf } from '../../agent/domain/snapshot.ts'
import type { EvalCase } from '../case.ts'
import { fixed } from '../figures.ts'
import type { CaseDetail, CaseResult } from '../result.ts'
import { TIER_NAMES } from './charts.ts'
import { html, type Markup } from './markup.ts'
import { timeline } from './timeline.ts'

export interface CasePage {
  readonly one: EvalCase
  readonly snapshot: Snapshot
  readonly result: CaseResult
  readonly detail: CaseDetail
  readonly previous: string | null
  readonly next: string | null
}

/** The anchor of a case's page. */
export function caseAnchor(id: string): string {
  return `case-${id}`
}

/** One case from alert to label: what was seen, what was made of it, what people say, and why. */
export function casePage(page: CasePage): Markup {
  const { one, snapshot, result, detail } = page
  return html`<section class="case" id="${caseAnchor(one.id)}">
  <div class="crumbs"><a href="#top">← all cases</a><span>${page.previous && html`<a href="#${caseAnchor(page.previous)}">previous</a>`} ${page.previous && page.next && ' · '}${page.next && html`<a href="#${caseAnchor(page.next)}">next</a>`}</span></div>
  <h1>${one.title || one.id}</h1>
  <p class="soft"><code>${one.id}</code> · ${one.incident.service.name} · ${placesOf(snapshot)} · ${one.difficulty} · decided ${snapshot.takenAt.slice(0, 16).replace('T', ' ')} UTC<br>${one.tags.map((tag) => html`<span class="chip">${tag}</span> `)}</p>
  <div class="outcome ${result.tier}">Decided <strong>${result.action}</strong> (${result.disposition})${result.scoredAs !== result.action && html`, which counts as <strong>${result.scoredAs}</strong>`}: ${TIER_NAMES[result.tier]}.
  ${result.tier !== 'best' && html` Best is <strong>${one.label.best}</strong>.`} ${result.needless && html` <span class="chip forbidden">needless failover</span>`} ${result.missed && html` <span class="chip forbidden">missed failover</span>`}
  <div class="soft" style="font-size:13.5px">${result.delayMinutes} min lost against the best decision · health score ${result.healthScore} · ${result.latencyMs} ms</div></div>
  <h2>The last hour</h2>
  <div class="panel">${timeline(snapshot, detail.decision, one.minutesSinceOnset)}<div class="legend"><span>● a series that says what users feel</span><span>dashed: its objective</span><span>◂ began before the hour</span></div></div>
  <div class="columns">${labelPanel(one)}${analystPanel(detail, result)}</div>
  <h2>What the gate said</h2>
  ${gatePanel(detail)}
  <h2>Evidence</h2>
  ${evidencePanel(snapshot)}
  </section>`
}

function placesOf({ service }: Snapshot): string {
  const places = [service.primary, service.secondary, service.dr].flatMap((site) =>
    site ? [`${site.provider} ${site.region}`] : [],
  )
  return places.join(' → ')
}

function labelPanel({ label, references }: EvalCase): Markup {
  const chips = (tier: string, actions: readonly Action[]) =>
    html`<span class="chip ${tier}">${tier}</span><span>${actions.join(', ') || '–'}</span>`
  const list = (title: string, items: readonly string[]) =>
    items.length > 0 && html`<h3>${title}</h3><ul>${items.map((item) => html`<li>${item}</li>`)}</ul>`
  return html`<div class="panel"><h3 style="margin-top:0">What people say</h3><div class="tiers">${chips('best', [label.best])}${chips('acceptable', label.acceptable)}${chips('tolerable', label.tolerable)}${chips('forbidden', label.forbidden)}</div>
  <p>${label.why}</p><p class="soft">Cause: ${[label.category, ...label.alsoCategories].join(' or ')}</p>
  ${list('Key evidence', label.keyEvidence)}${list('Distractors', label.distractors)}${list('After', references)}</div>`
}

function analystPanel({ opinion }: CaseDetail, result: CaseResult): Markup {
  if (!opinion)
    return html`<div class="panel"><h3 style="margin-top:0">No analyst</h3><p>This decider reads the health score or nothing at all.</p></div>`
  const { verdict, abstained } = opinion
  if (!verdict) {
    return html`<div class="panel"><h3 style="margin-top:0">${opinion.analyst} abstained</h3><p>${abstained?.reason}: ${abstained?.detail}</p></div>`
  }
  const sure = opinion.calibratedConfidence === null ? '' : `, calibrated ${fixed(opinion.calibratedConfidence, 2)}`
  return html`<div class="panel"><h3 style="margin-top:0">What ${opinion.analyst} made of it</h3>
  <p><strong>${verdict.rootCause.summary}</strong></p>
  <p><span class="chip ${result.categoryCorrect ? 'best' : 'forbidden'}">${verdict.rootCause.category}</span> recommends <span class="chip ${result.recommendedTier ?? ''}">${verdict.recommendedAction}</span> <span class="soft">confidence ${fixed(verdict.confidence, 2)}${sure}</span></p>
  <p>${verdict.reasoning}</p>
  ${verdict.citations.length > 0 && html`<h3>Cites</h3><ul>${verdict.citations.map(({ evidence, stance, note }) => html`<li><code>${evidence}</code> ${stance === 'contradicts' && html`<span class="chip">against</span>`} ${note}</li>`)}</ul>`}
  ${verdict.alternatives.length > 0 && html`<h3>Rejects</h3><ul>${verdict.alternatives.map(({ category, whyNot }) => html`<li>${category}: ${whyNot}</li>`)}</ul>`}
  ${verdict.unknowns.length > 0 && html`<h3>Does not know</h3><ul>${verdict.unknowns.map((unknown) => html`<li>${unknown}</li>`)}</ul>`}
  ${opinion.notes.length > 0 && html`<h3>Notes</h3><ul>${opinion.notes.map((note) => html`<li>${note}</li>`)}</ul>`}</div>`
}

function gatePanel({ decision, opinion }: CaseDetail): Markup {
  const wanted = new Set<Action | null>([decision.action, opinion?.verdict?.recommendedAction ?? null])
  const isStrict = ({ outcome }: Reason) => outcome === 'block' || outcome === 'limit'
  const decisive = decision.reasons.filter((reason) => isStrict(reason) && wanted.has(reason.action))
  const aside = decision.reasons.filter((reason) => isStrict(reason) && !wanted.has(reason.action))
  const rest = decision.reasons.filter((reason) => !isStrict(reason))
  const blocked = decision.blocked.map(({ action, rules }) => `${action} by ${rules.join(', ')}`).join('; ')
  const folded = (title: string, reasons: readonly Reason[]) =>
    reasons.length > 0 && html`<details><summary>${title}</summary>${reasonTable(reasons)}</details>`
  return html`<div class="panel">${blocked && html`<p>Not permitted: ${blocked}.</p>`}${decisive.length > 0 ? reasonTable(decisive) : html`<p>No rule stood in the way of ${decision.action}.</p>`}
  ${folded(`${aside.length} limits on other actions`, aside)}${folded(`${rest.length} rules that let it pass or only inform`, rest)}</div>`
}

function reasonTable(reasons: readonly Reason[]): Markup {
  const rank = ({ action }: Reason) => Action.options.indexOf(action ?? 'no_action')
  return html`<table class="reasons"><tr><th>rule</th><th>action</th><th>at most</th><th>because</th></tr>${reasons
    .toSorted((a, b) => rank(a) - rank(b))
    .map(
      (reason) =>
        html`<tr class="${reason.outcome}"><td><code>${reason.rule}</code></td><td>${reason.action ?? 'all'}</td><td><span class="chip">${reason.outcome === 'info' ? 'info' : reason.ceiling}</span></td><td>${reason.detail}</td></tr>`,
    )}</table>`
}

function evidencePanel(snapshot: Snapshot): Markup {
  const checks = signalsOf(snapshot, 'health_check')
  const readiness = signalsOf(snapshot, 'readiness')
  const chipOf: Record<string, string> = { ok: 'best', degraded: 'tolerable', error: 'forbidden', unknown: '' }
  return html`<div class="panel">
  ${checks.length > 0 && html`<p>${checks.map((check) => html`<span class="chip ${chipOf[check.status] ?? ''}" title="${check.detail ?? ''}">${check.check}: ${check.status}</span> `)}</p>`}
  ${
    readiness.length > 0 &&
    html`<table><tr><th>target</th><th>healthy</th><th>capacity</th><th class="num">data lost by promoting</th><th>shares with the primary</th><th>says</th></tr>${readiness.map(
      (target) =>
        html`<tr><td>${target.target}</td><td>${target.exists ? String(target.healthy ?? 'unknown') : 'there is none'}</td><td>${target.capacity}</td><td class="num">${target.replicationLagSeconds === null ? 'unknown' : `${target.replicationLagSeconds} s`}</td><td>${target.sharedDependencies.join(', ') || 'nothing'}</td><td>${target.detail ?? ''}</td></tr>`,
    )}</table>`
  }
  <details><summary>${snapshot.evidence.length} pieces of evidence</summary><table><tr><th>id</th><th>seen by</th><th>status</th><th class="num">signals</th></tr>${snapshot.evidence.map(
    (piece) =>
      html`<tr><td><code>${piece.id}</code></td><td>${piece.observer}</td><td><span class="chip ${piece.status === 'failed' ? 'forbidden' : ''}">${piece.status}</span> ${piece.error?.message ?? ''}${piece.truncated ?? ''}</td><td class="num">${piece.signals.length}</td></tr>`,
  )}</table></details></div>`
}
