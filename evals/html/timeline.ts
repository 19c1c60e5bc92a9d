import type { Decision } from '../../agent/domain/decision.ts'
import type { LogPatternSignal, SeriesSignal } from '../../agent/domain/signal.ts'
import { type Snapshot, signalsOf } from '../../agent/domain/snapshot.ts'
import { epochMs } from '../../agent/domain/time.ts'
import { html, type Markup } from './markup.ts'

const WIDTH = 1060
const GUTTER = 236
const RIGHT = 22
const ROW = 20
const SPARK = 46
const WINDOW_MS = 60 * 60_000
const MAX_SERIES = 6
const MAX_LOGS = 7
const MAX_ROWS = 8

/** One lane of the plot: its label, how high it is, and what is drawn from its top. */
interface Lane {
  readonly label: string
  /** A second, quieter line under the label. */
  readonly range?: string
  readonly height: number
  readonly draw: (top: number) => Markup
}

/** Alerts, changes, provider events, users' series and log bursts over the last hour, up to the decision, on one axis. */
export function timeline(snapshot: Snapshot, decision: Decision, minutesSinceOnset: number | null): Markup {
  const now = epochMs(snapshot.takenAt)
  const lanes = [
    ...alertLanes(snapshot, now),
    ...changeLanes(snapshot, now),
    ...eventLanes(snapshot, now),
    ...seriesLanes(signalsOf(snapshot, 'series'), now),
    ...logLanes(signalsOf(snapshot, 'log_pattern'), now),
  ]
  const top = 30
  const bottom = lanes.reduce((sum, lane) => sum + lane.height, top) + 4
  let y = top
  const drawn = lanes.map((lane) => {
    const at = y
    y += lane.height
    const middle = at + lane.height / 2 + (lane.range === undefined ? 4 : -2)
    return html`<text x="${GUTTER - 10}" y="${middle}" text-anchor="end">${clip(lane.label, 38)}<title>${lane.label}</title></text>${
      lane.range !== undefined &&
      html`<text x="${GUTTER - 10}" y="${middle + 13}" text-anchor="end" style="font-size:10px">${lane.range}</text>`
    }${lane.draw(at)}`
  })
  const onset = minutesSinceOnset !== null && minutesSinceOnset <= 60 ? now - minutesSinceOnset * 60_000 : null
  return html`<svg viewBox="0 0 ${WIDTH} ${bottom + 24}" width="${WIDTH}" role="img" aria-label="Timeline of the last hour">
  ${[60, 50, 40, 30, 20, 10, 0].map((minutes) => {
    const x = xAt(now - minutes * 60_000, now)
    return html`<line x1="${x}" x2="${x}" y1="${top}" y2="${bottom}" stroke="var(--line)"/><text x="${x}" y="${bottom + 15}" text-anchor="middle">${clock(now - minutes * 60_000)}</text>`
  })}
  ${drawn}
  ${
    onset !== null &&
    html`<line x1="${xAt(onset, now)}" x2="${xAt(onset, now)}" y1="${top - 8}" y2="${bottom}" stroke="var(--tolerable)" stroke-dasharray="3 3"/>
  <text x="${xAt(onset, now)}" y="${top - 12}" text-anchor="middle">onset (as labelled)</text>`
  }
  <line x1="${xAt(now, now)}" x2="${xAt(now, now)}" y1="${top - 8}" y2="${bottom}" stroke="var(--accent)" stroke-width="2"/>
  <text x="${xAt(now, now) + RIGHT - 2}" y="${top - 12}" text-anchor="end" style="fill:var(--accent);font-weight:650">decided: ${decision.action} (${decision.disposition})</text></svg>`
}

function xAt(ms: number, now: number): number {
  const share = Math.min(1, Math.max(0, (ms - (now - WINDOW_MS)) / WINDOW_MS))
  return Math.round((GUTTER + share * (WIDTH - GUTTER - RIGHT)) * 10) / 10
}

function clock(ms: number): string {
  return new Date(ms).toISOString().slice(11, 16)
}

function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}

/** A bar over a span of time with its words on or beside it; what began before the window is cut at its edge and marked. */
function bar(
  top: number,
  from: number,
  to: number,
  now: number,
  colour: string,
  words: string,
  isOver = false,
): Markup {
  const [x0, x1] = [xAt(from, now), Math.max(xAt(to, now), xAt(from, now) + 3)]
  const began = from < now - WINDOW_MS ? `◂ ${clock(from)} ` : ''
  // Words run to the right from an early bar and stand left of a late one, so that they never leave the plot.
  const isLate = x0 > GUTTER + (WIDTH - GUTTER) * 0.45 && x1 - x0 < 420
  const textX = isLate ? x0 - 6 : x0 + 6
  const anchor = isLate ? 'end' : 'start'
  return html`<g><title>${words}</title><rect x="${x0}" y="${top + 4}" width="${(x1 - x0).toFixed(1)}" height="${ROW - 8}" rx="3" fill="var(--${colour})" opacity="${isOver ? 0.3 : 0.55}"/>
  <text x="${textX}" y="${top + ROW / 2 + 4}" text-anchor="${anchor}" style="fill:var(--ink)">${began}${clip(words, isLate ? 58 : 84)}</text></g>`
}

function rows<T>(label: string, items: readonly T[], draw: (item: T, top: number) => Markup): Lane[] {
  const shown = items.slice(0, MAX_ROWS)
  const more = items.length - shown.length
  return shown.map((item, index) => ({
    label: index === 0 ? (more > 0 ? `${label} (${more} more)` : label) : '',
    height: ROW + (index === shown.length - 1 ? 6 : 0),
    draw: (top) => draw(item, top),
  }))
}

function alertLanes({ alerts }: Snapshot, now: number): Lane[] {
  return rows('alerts', alerts, (alert, top) => {
    const until = alert.endsAt === null ? now : epochMs(alert.endsAt)
    return bar(top, epochMs(alert.startsAt), until, now, 'alert', alert.name, alert.status === 'resolved')
  })
}

function changeLanes(snapshot: Snapshot, now: number): Lane[] {
  const recent = signalsOf(snapshot, 'change')
    .filter((change) => epochMs(change.at) > now - 24 * 3_600_000)
    .toSorted((a, b) => (a.at < b.at ? 1 : -1))
  return rows('own changes', recent, (change, top) => {
    const at = epochMs(change.at)
    const before = at < now - WINDOW_MS ? `◂ ${Math.round((now - at) / 3_600_000)} h ago: ` : ''
    const words = `${before}${change.changeKind} ${change.service} ${change.ref}: ${change.summary}`
    const x = xAt(at, now)
    const isLate = x > GUTTER + (WIDTH - GUTTER) * 0.55
    return html`<g><title>${words}</title><path d="M${x - 5} ${top + 16} L${x + 5} ${top + 16} L${x} ${top + 6} Z" fill="var(--change)"/>
  <text x="${isLate ? x - 9 : x + 9}" y="${top + 15}" text-anchor="${isLate ? 'end' : 'start'}" style="fill:var(--ink)">${clip(words, 84)}</text></g>`
  })
}

function eventLanes(snapshot: Snapshot, now: number): Lane[] {
  const events = signalsOf(snapshot, 'provider_event').toSorted((a, b) =>
    (b.startedAt ?? '').localeCompare(a.startedAt ?? ''),
  )
  return rows('providers say', events, (event, top) => {
    const from = event.startedAt === null ? now - WINDOW_MS : epochMs(event.startedAt)
    const to = event.endedAt === null ? now : epochMs(event.endedAt)
    const where = event.regions.length > 0 ? ` in ${event.regions.join(', ')}` : ''
    return bar(
      top,
      from,
      to,
      now,
      'event',
      `${event.provider}${where}, ${event.state}: ${event.title}`,
      event.state === 'closed',
    )
  })
}

function seriesLanes(series: readonly SeriesSignal[], now: number): Lane[] {
  const felt = series.filter(({ sli }) => sli !== null)
  const shown = [...felt, ...series.filter(({ sli }) => sli === null)].slice(0, Math.max(MAX_SERIES, felt.length))
  return shown.slice(0, 10).map((one) => ({
    label: `${one.name}${one.sli ? ' ●' : ''}`,
    range: rangeOf(one),
    height: SPARK,
    draw: (top) => spark(one, top, now),
  }))
}

/** The lowest, highest and newest value, in words. */
function rangeOf(series: SeriesSignal): string {
  const known = series.points.flatMap(([, value]) => (value === null ? [] : [value]))
  const newest = series.points.at(-1)?.[1] ?? null
  if (known.length === 0) return 'no samples'
  const now = newest === null ? 'now nothing' : `now ${short(newest)}`
  return `${short(Math.min(...known))} to ${short(Math.max(...known))} ${series.unit.replaceAll('_', ' ')}, ${now}`
}

function spark(series: SeriesSignal, top: number, now: number): Markup {
  const known = series.points.flatMap(([, value]) => (value === null ? [] : [value]))
  if (known.length === 0) return html`<text x="${GUTTER + 6}" y="${top + SPARK / 2}">no samples</text>`
  const objective = series.sli?.objective
  const low = Math.min(0, ...known)
  const high = Math.max(...known, objective ?? Number.NEGATIVE_INFINITY, low + 1e-9)
  const y = (value: number) => Math.round((top + SPARK - 6 - ((value - low) / (high - low)) * (SPARK - 12)) * 10) / 10
  let path = ''
  let isPen = false
  for (const [seconds, value] of series.points) {
    if (value === null) isPen = false
    else {
      path += `${isPen ? 'L' : 'M'}${xAt(seconds * 1000, now)} ${y(value)}`
      isPen = true
    }
  }
  return html`<g><title>${`${series.name}: ${rangeOf(series)}`}</title>${
    objective !== undefined &&
    html`<line x1="${GUTTER}" x2="${WIDTH - RIGHT}" y1="${y(objective)}" y2="${y(objective)}" stroke="var(--tolerable)" stroke-dasharray="5 4"/>`
  }<path d="${path}" fill="none" stroke="var(--series)" stroke-width="1.6"/></g>`
}

function short(value: number): string {
  const size = Math.abs(value)
  if (size >= 1e9) return `${(value / 1e9).toFixed(1)} G`
  if (size >= 1e6) return `${(value / 1e6).toFixed(1)} M`
  if (size >= 1e4) return `${(value / 1e3).toFixed(1)} k`
  return String(Number(value.toPrecision(3)))
}

const LEVELS = ['error', 'warn', 'info', 'unknown', 'debug']

function logLanes(patterns: readonly LogPatternSignal[], now: number): Lane[] {
  const sorted = patterns.toSorted((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level) || b.count - a.count)
  return rows('logs', sorted.slice(0, MAX_LOGS), (pattern, top) => {
    const words = `${pattern.count}× ${pattern.level}: ${pattern.sample}`
    const colour = pattern.level === 'error' ? 'alert' : pattern.level === 'warn' ? 'change' : 'log'
    return bar(top, epochMs(pattern.firstAt), epochMs(pattern.lastAt), now, colour, words)
  })
}
