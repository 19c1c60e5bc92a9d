import type { Citation } from '../../../agent/domain/verdict.ts'

/** Where things stand on the drawing. */
export interface Scale {
  readonly gutter: number
  readonly width: number
  readonly x: (ms: number) => number
}

export type Stance = Citation['stance'] | undefined

/** The mark of a citation. */
export function stanceMark(stance: Stance): string {
  if (stance === undefined) return ''
  return stance === 'supports' ? '✓ ' : '✗ '
}
