import type { Interval } from './statistics.ts'
import type { Summary } from './summary.ts'

/** A share as a whole percentage; never rounded to 0 % or 100 % when it is not. */
export function percent(share: number): string {
  if (!Number.isFinite(share)) return '–'
  if (share > 0 && share < 0.005) return '<1 %'
  if (share < 1 && share >= 0.995) return '>99 %'
  return `${Math.round(share * 100)} %`
}

/** A share's interval. */
export function percentRange({ low, high }: Interval): string {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return ''
  return `${Math.round(low * 100)}–${Math.round(high * 100)} %`
}

/** A difference's interval in points, which may lie on both sides of zero. */
export function pointRange({ low, high }: Interval): string {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return ''
  return `${signed(Math.round(low * 100))} to ${signed(Math.round(high * 100))}`
}

/** A whole number with its sign. */
export function signed(value: number): string {
  return value > 0 ? `+${value}` : value < 0 ? `−${-value}` : '0'
}

/** A number with a fixed count of decimals; a dash for none. */
export function fixed(value: number | null, decimals: number): string {
  return value === null || !Number.isFinite(value) ? '–' : value.toFixed(decimals)
}

/** A plain number's interval. */
export function range({ low, high }: Interval, decimals: number): string {
  return `${fixed(low, decimals)}–${fixed(high, decimals)}`
}

/** One figure of a summary with its interval, for every view of the report. */
export interface Figure {
  readonly name: string
  readonly value: string
  readonly detail: string
  readonly interval: string
}

/** The headline figures, the gravest first. */
export function headline(summary: Summary): Figure[] {
  const { cases, intervals } = summary
  const of = (count: number) => `${count} of ${cases}`
  const good = summary.best + summary.acceptable
  return [
    {
      name: 'Needless failovers',
      value: String(summary.needless),
      detail: of(summary.needless),
      interval: percentRange(intervals.needless),
    },
    {
      name: 'Missed failovers',
      value: String(summary.missed),
      detail: of(summary.missed),
      interval: percentRange(intervals.missed),
    },
    {
      name: 'Harmful',
      value: percent(summary.harmfulShare),
      detail: of(summary.forbidden),
      interval: percentRange(intervals.harmfulShare),
    },
    {
      name: 'Exact or acceptable',
      value: percent(summary.exactOrAcceptable),
      detail: of(good),
      interval: percentRange(intervals.exactOrAcceptable),
    },
    {
      name: 'Exact',
      value: percent(cases === 0 ? Number.NaN : summary.best / cases),
      detail: of(summary.best),
      interval: percentRange(intervals.best),
    },
    {
      name: 'Tolerable',
      value: percent(cases === 0 ? Number.NaN : summary.tolerable / cases),
      detail: of(summary.tolerable),
      interval: '',
    },
    {
      name: 'Root cause named',
      value: percent(summary.categoryAccuracy),
      detail: of(Math.round(summary.categoryAccuracy * cases)),
      interval: percentRange(intervals.categoryAccuracy),
    },
    {
      name: 'Delay',
      value: `${fixed(summary.delayMinutes, 1)} min`,
      detail: 'mean against the best decision',
      interval: `${range(intervals.delayMinutes, 1)} min`,
    },
  ]
}
