import type { SeriesSignal } from '../api/types.ts'

/** From where to where it went, and where it is now; at a moment, what it was then. */
export function rangeText(series: SeriesSignal, hoverMs: number | null): string {
  const hovered = hoverMs === null ? null : valueAt(series, hoverMs)
  if (hovered !== null) return `${shortNumber(hovered)} ${unitText(series)} at the pointer`
  const known = series.points.flatMap(([, value]) => (value === null ? [] : [value]))
  if (known.length === 0) return 'no samples'
  const newest = series.points.at(-1)?.[1] ?? null
  const now = newest === null ? 'now nothing' : `now ${shortNumber(newest)}`
  const unit = unitText(series)
  return `${shortNumber(Math.min(...known))} to ${shortNumber(Math.max(...known))}${unit && ` ${unit}`}, ${now}`
}

function valueAt(series: SeriesSignal, ms: number): number | null {
  const seconds = ms / 1000
  const near = series.points.find(([at]) => Math.abs(at - seconds) <= series.stepSeconds / 2 + 1)
  return near?.[1] ?? null
}

function unitText({ unit }: SeriesSignal): string {
  return unit === 'ratio' ? '' : unit.replaceAll('_', ' ')
}

/** A number in three digits. */
function shortNumber(value: number): string {
  const size = Math.abs(value)
  if (size >= 1e9) return `${(value / 1e9).toFixed(1)} G`
  if (size >= 1e6) return `${(value / 1e6).toFixed(1)} M`
  if (size >= 1e4) return `${(value / 1e3).toFixed(1)} k`
  return String(Number(value.toPrecision(3)))
}
