import { type Instant, minutesBetween } from '../agent/domain/time.ts'

/** Three significant digits; large values with a letter, so that their size is seen at once. */
export function short(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return '?'
  const size = Math.abs(value)
  for (const [letter, unit] of [
    ['T', 1e12],
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e4],
  ] as const)
    if (size >= unit) return `${Number((value / (letter === 'k' ? 1e3 : unit)).toPrecision(3))}${letter}`
  return String(Number(value.toPrecision(3)))
}

/** When something was, seen from the decision: `-6m`, `-8h`, `-3d`, `+2m`; `?` when nobody knows. */
export function relative(instant: Instant | null, now: Instant): string {
  if (instant === null) return '?'
  const minutes = -minutesBetween(instant, now)
  const size = Math.abs(minutes)
  const sign = minutes > 0 ? '+' : '-'
  if (size < 0.1) return '-0m'
  if (size < 10) return `${sign}${Number(size.toFixed(1))}m`
  if (size < 180) return `${sign}${Math.round(size)}m`
  return size < 72 * 60 ? `${sign}${Number((size / 60).toFixed(1))}h` : `${sign}${Math.round(size / 1440)}d`
}
