import { createHash } from 'node:crypto'
import { opinionLine, percentText, recordedOpinion } from '../domain/anomaly-text.ts'
import { groupReasons } from '../domain/decision.ts'
import type { Evidence } from '../domain/evidence.ts'
import type { Signal } from '../domain/signal.ts'
import type { DecisionRecord } from './deps.ts'

const STYLE = `
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
h1{font-size:1.5rem;margin-bottom:.25rem}h2{font-size:1.1rem;margin-top:2rem}
table{border-collapse:collapse;width:100%;font-size:.9rem}th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid #ddd}
code{font:13px ui-monospace,monospace;overflow-wrap:anywhere}.block,.failed{color:#a40000;font-weight:600}.limit,.empty{color:#8a5a00}.pass,.ok{color:#1b6e20}
.lead{font-size:1.1rem}.quiet{color:#555;font-size:.85rem}
`

/** The page carries no script, so nothing that a log line or an alert says can run in a reader's browser. */
export const PAGE_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const SIGNALS_SHOWN = 25

/** A record with the opinion of the anomaly model, as far as it holds one. */
type PagedRecord = DecisionRecord & { readonly anomaly?: unknown }

/** One decision as a page for people: what, why, why not, and on what evidence. */
export function renderDecisionPage(record: PagedRecord): string {
  const { decision, service } = record
  const title = `${decision.action} (${decision.disposition}) for ${service}`
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    `<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body>`,
    ...summary(record),
    ...blocked(record),
    ...opinion(record),
    ...reasons(record),
    ...score(record),
    ...anomaly(record),
    ...evidence(record),
    ...alerts(record),
    ...hashes(record),
    '</body></html>',
  ].join('\n')
}

/** Text made safe for HTML, in elements and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

function summary({ id, incidentId, mode, decision, service }: DecisionRecord): string[] {
  const target = decision.target ? ` to ${decision.target}` : ''
  const shadow = mode === 'shadow' ? ' Shadow mode: decided and recorded, nothing was carried out.' : ''
  const expiry = decision.expiresAt ? ` The question expires to "no" at ${decision.expiresAt}.` : ''
  return [
    `<h1>${escapeHtml(service)}: ${escapeHtml(decision.action)}${escapeHtml(target)}</h1>`,
    `<p class="lead">Disposition: <strong>${escapeHtml(decision.disposition)}</strong>, decided ${escapeHtml(decision.decidedAt)}.${escapeHtml(expiry)}${shadow}</p>`,
    `<p class="quiet">Decision <code>${escapeHtml(id)}</code>, incident <code>${escapeHtml(incidentId ?? 'none')}</code></p>`,
  ]
}

function blocked({ decision }: DecisionRecord): string[] {
  if (decision.blocked.length === 0) return ['<h2>Not permitted</h2><p>Nothing that was considered was blocked.</p>']
  const items = decision.blocked.map(
    ({ action, rules }) => `<li><strong>${escapeHtml(action)}</strong> because of ${escapeHtml(rules.join(', '))}</li>`,
  )
  return ['<h2>Not permitted</h2>', `<ul>${items.join('')}</ul>`]
}

function opinion({ opinion }: DecisionRecord): string[] {
  if (!opinion) return ['<h2>Opinion</h2><p>No analyst was asked.</p>']
  const heading = `<h2>Opinion of ${escapeHtml(opinion.analyst)}</h2>`
  const { verdict } = opinion
  if (!verdict) {
    const why = opinion.abstained ? `${opinion.abstained.reason}: ${opinion.abstained.detail}` : 'no reason given'
    return [heading, `<p>It abstained (${escapeHtml(why)}).</p>`]
  }
  const calibrated =
    opinion.calibratedConfidence === null ? 'not calibrated' : `calibrated ${percent(opinion.calibratedConfidence)}`
  return [
    heading,
    `<p><strong>${escapeHtml(verdict.rootCause.category)}</strong>: ${escapeHtml(verdict.rootCause.summary)}</p>`,
    `<p>Recommends ${escapeHtml(verdict.recommendedAction)}, confidence ${percent(verdict.confidence)} (${calibrated}).</p>`,
    `<p>${escapeHtml(verdict.reasoning)}</p>`,
    table(
      ['Evidence', 'Stance', 'Note'],
      verdict.citations.map(({ evidence, stance, note }) => [code(evidence), escapeHtml(stance), escapeHtml(note)]),
    ),
    list('It does not know', verdict.unknowns),
    list('Notes', opinion.notes),
  ]
}

function reasons({ decision }: DecisionRecord): string[] {
  const rows = groupReasons(decision.reasons).map(({ reason: { rule, outcome, ceiling, detail }, actions }) => [
    code(rule),
    escapeHtml(actions.join(', ')),
    `<span class="${outcome}">${outcome}</span>`,
    escapeHtml(ceiling),
    escapeHtml(detail),
  ])
  return ['<h2>Gate rules</h2>', table(['Rule', 'Action', 'Outcome', 'Ceiling', 'Detail'], rows)]
}

function score({ healthScore }: DecisionRecord): string[] {
  if (!healthScore) return []
  const rows = healthScore.contributions.map(({ check, status, points, weight }) => [
    escapeHtml(check),
    escapeHtml(status),
    `${points} of ${weight}`,
  ])
  const heading = `<h2>Health score ${healthScore.score} of ${healthScore.maximum} (${escapeHtml(healthScore.level)})</h2>`
  return [heading, table(['Check', 'Status', 'Points'], rows)]
}

function anomaly(record: PagedRecord): string[] {
  const opinion = recordedOpinion(record.anomaly)
  if (!opinion) return []
  const heading = ['<h2>Against its own past</h2>', `<p>${escapeHtml(opinionLine(opinion))}.</p>`]
  if (opinion.status === 'abstained' || opinion.contributions.length === 0) return heading
  const rows = opinion.contributions.map(({ metric, share, since }) => [
    code(metric),
    percentText(share),
    escapeHtml(since ?? 'not unusual by itself'),
  ])
  return [...heading, table(['Metric', 'Part', 'Unusual since'], rows)]
}

function evidence({ snapshot: { evidence } }: DecisionRecord): string[] {
  return ['<h2>Evidence</h2>', table(['Id', 'Observer', 'Status', 'Found'], evidence.map(evidenceRow))]
}

function evidenceRow({ id, observer, status, signals, error, truncated }: Evidence): string[] {
  const shown = signals
    .slice(0, SIGNALS_SHOWN)
    .map((signal) => `<li>${code(signal.id)} ${escapeHtml(describe(signal))}</li>`)
  const more = signals.length > SIGNALS_SHOWN ? `<li>and ${signals.length - SIGNALS_SHOWN} more</li>` : ''
  const failure = error ? `<p>could not look (${escapeHtml(error.kind)}): ${escapeHtml(error.message)}</p>` : ''
  const nothing = status === 'empty' ? '<p>looked, nothing reported</p>' : ''
  const cut = truncated ? `<p class="quiet">cut: ${escapeHtml(truncated)}</p>` : ''
  const found = signals.length > 0 ? `<ul>${shown.join('')}${more}</ul>` : ''
  return [
    code(id),
    escapeHtml(observer),
    `<span class="${status}">${status}</span>`,
    `${failure}${nothing}${found}${cut}`,
  ]
}

/** One line per signal; the JSON answer has everything. */
function describe(signal: Signal): string {
  switch (signal.kind) {
    case 'health_check':
      return `${signal.check}: ${signal.status}${signal.detail ? `, ${signal.detail}` : ''}`
    case 'provider_event':
      return `${signal.provider} ${signal.category} ${signal.state}`
    case 'component':
      return `${signal.provider} ${signal.name}: ${signal.status}`
    case 'series':
      return `${signal.name}: ${signal.points.length} points${lastValue(signal.points)}`
    case 'log_pattern':
      return `${signal.level} × ${signal.count}: ${signal.pattern}`
    case 'change':
      return `${signal.at} ${signal.changeKind} of ${signal.service}: ${signal.summary}`
    case 'readiness':
      return `${signal.target}: ${signal.exists ? `healthy ${signal.healthy ?? 'unknown'}, capacity ${signal.capacity}, lag ${signal.replicationLagSeconds ?? 'unknown'} s` : 'does not exist'}`
  }
}

function lastValue(points: readonly (readonly [number, number | null])[]): string {
  const last = points.at(-1)
  return last ? `, last ${last[1] ?? 'no value'}` : ''
}

function alerts({ snapshot: { alerts } }: DecisionRecord): string[] {
  const rows = alerts.map(({ name, status, severity, startsAt, source }) =>
    [name, status, severity, startsAt, source].map(escapeHtml),
  )
  return ['<h2>Alerts</h2>', table(['Name', 'Status', 'Severity', 'Since', 'Through'], rows)]
}

function hashes({ decision }: DecisionRecord): string[] {
  const { snapshotHash, factsHash, policyHash, planHash } = decision
  const rows = Object.entries({
    snapshot: snapshotHash,
    facts: factsHash,
    policy: policyHash,
    plan: planHash ?? 'none',
  })
  return [
    '<h2>Hashes</h2>',
    table(
      ['Of', 'SHA-256'],
      rows.map(([name, hash]) => [name, code(hash)]),
    ),
  ]
}

/** Cells are HTML already. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '<p>None.</p>'
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`)
  return `<table><thead><tr>${head.map((cell) => `<th>${cell}</th>`).join('')}</tr></thead><tbody>${body.join('')}</tbody></table>`
}

function list(title: string, items: readonly string[]): string {
  if (items.length === 0) return ''
  return `<p>${title}:</p><ul>${items.map((item) => `<li>${escapeHtml(item)}</li>`).join('')}</ul>`
}

function code(text: string): string {
  return `<code>${escapeHtml(text)}</code>`
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
