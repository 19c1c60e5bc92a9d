import { percent } from '../figures.ts'
import type { Reliability } from '../reliability.ts'
import { TIERS } from '../scorers.ts'
import type { Summary } from '../summary.ts'
import { html, type Markup } from './markup.ts'

/** How many decisions stand in each tier, one bar for each decider. */
export function tierBars(rows: readonly { readonly name: string; readonly summary: Summary }[]): Markup {
  return html`<div class="panel"><div class="bars">${rows.map(
    ({ name, summary }) => html`
    <div>${name}</div>
    <div class="bar" role="img" aria-label="${barLabel(summary)}">${TIERS.map((tier) =>
      summary[tier] === 0
        ? null
        : html`<span class="${tier}" style="width:${((100 * summary[tier]) / summary.cases).toFixed(2)}%">${summary[tier]}</span>`,
    )}</div>
    <div class="soft">${summary.needless} needless, ${summary.missed} missed</div>`,
  )}</div>
  <div class="legend">${TIERS.map((tier) => html`<span><i style="background:var(--${tier})"></i>${TIER_NAMES[tier]}</span>`)}</div></div>`
}

/** What the tiers are called for readers. */
export const TIER_NAMES: Readonly<Record<(typeof TIERS)[number], string>> = {
  best: 'exact',
  acceptable: 'as good',
  tolerable: 'safe, but slower or costlier',
  forbidden: 'harmful',
}

function barLabel(summary: Summary): string {
  return TIERS.map((tier) => `${summary[tier]} ${TIER_NAMES[tier]}`).join(', ')
}

const SIZE = 300
const PAD = 38

/** Stated confidence against what came true: on the diagonal words can be believed; bars are 95 % intervals, dots grow with their number. */
export function reliabilityDiagram(of: Reliability, title: string): Markup {
  const x = (value: number) => PAD + value * (SIZE - PAD - 10)
  const y = (value: number) => SIZE - PAD - value * (SIZE - PAD - 10)
  const ticks = [0, 0.25, 0.5, 0.75, 1]
  return html`<svg viewBox="0 0 ${SIZE} ${SIZE}" width="${SIZE}" height="${SIZE}" role="img" aria-label="${title}">
  ${ticks.map(
    (tick) => html`<line x1="${x(tick)}" x2="${x(tick)}" y1="${y(0)}" y2="${y(1)}" stroke="var(--line)"/>
  <line x1="${x(0)}" x2="${x(1)}" y1="${y(tick)}" y2="${y(tick)}" stroke="var(--line)"/>
  <text x="${x(tick)}" y="${y(0) + 15}" text-anchor="middle">${tick}</text><text x="${x(0) - 6}" y="${y(tick) + 4}" text-anchor="end">${tick}</text>`,
  )}
  <line x1="${x(0)}" y1="${y(0)}" x2="${x(1)}" y2="${y(1)}" stroke="var(--soft)" stroke-dasharray="4 4"/>
  ${of.bins.map(
    (
      bin,
    ) => html`<g><title>${bin.count} verdicts, stated ${bin.meanConfidence.toFixed(2)}, right ${percent(bin.accuracy)}</title>
  <line x1="${x(bin.meanConfidence)}" x2="${x(bin.meanConfidence)}" y1="${y(bin.accuracyInterval.low)}" y2="${y(bin.accuracyInterval.high)}" stroke="var(--accent)" stroke-width="1.5" opacity=".55"/>
  <circle cx="${x(bin.meanConfidence)}" cy="${y(bin.accuracy)}" r="${(3 + 6 * Math.sqrt(bin.count / of.forecasts)).toFixed(1)}" fill="var(--accent)"/></g>`,
  )}
  <text x="${x(0.5)}" y="${SIZE - 4}" text-anchor="middle">stated confidence</text>
  <text x="10" y="${y(0.5)}" text-anchor="middle" transform="rotate(-90 10 ${y(0.5)})">came true</text></svg>`
}
