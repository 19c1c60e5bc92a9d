import { randomInt } from 'node:crypto'
import type { Clock } from './clock.ts'

/** Where new identifiers come from. */
export type NewId = (prefix: string) => string

const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz'
const RANDOM_LETTERS = 7

/**
 * Identifiers such as `dec_mwpwrt37e4k2f9a`: the kind, milliseconds since 1970 in base 36, then chance (35 bits). They sort by age within a kind,
 * nobody guesses one, and a person can read one out at night.
 */
export function sortableIds(clock: Pick<Clock, 'now'>): NewId {
  return (prefix) => `${prefix}_${clock.now().toString(36).padStart(8, '0')}${chance(RANDOM_LETTERS)}`
}

function chance(length: number): string {
  let text = ''
  for (let i = 0; i < length; i++) text += LETTERS[randomInt(LETTERS.length)]
  return text
}
