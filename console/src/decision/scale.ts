import type { Citation } from '../api/types.ts'

/** The stretch of time that is shown, and what stands out in it. */
export interface Moments {
  readonly startMs: number
  readonly endMs: number
  readonly onsetMs: number | null
  readonly decidedMs: number
}

/** Where things stand on the drawing. */
export interface Scale extends Moments {
  readonly gutter: number
  readonly width: number
  readonly x: (ms: number) => number
}

/** Free space to the right of the drawing. */
export const RIGHT = 14

export function scaleOf(moments: Moments, gutter: number, width: number): Scale {
  const { startMs, endMs } = moments
  const x = (ms: number) =>
    gutter + Math.min(1, Math.max(0, (ms - startMs) / (endMs - startMs))) * (width - gutter - RIGHT)
  return { ...moments, gutter, width, x }
}

export type Stance = Citation['stance'] | undefined

/** The mark of a citation. */
export function stanceMark(stance: Stance): string {
  if (stance === undefined) return ''
  return stance === 'supports' ? '✓ ' : '✗ '
}
