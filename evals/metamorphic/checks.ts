import type { Incident } from '../case.ts'
import { type Random, seeded } from '../random.ts'
import { noisy } from './noise.ts'
import { logsSplit, reordered } from './rearrange.ts'
import { renamed } from './rename.ts'
import { shifted } from './shift.ts'

/** A change of a case that must not change its decision. */
export interface Check {
  readonly name: string
  readonly about: string
  /** Whether one upstream's answers can be changed without the others'. */
  readonly isSectional: boolean
  readonly transform: (incident: Incident, random: Random) => Incident
}

/** Every check, in report order. */
export const CHECKS: readonly Check[] = [
  { name: 'renamed', about: 'other names for services, regions and ids', isSectional: false, transform: renamed },
  { name: 'shifted', about: 'every time moved by whole weeks', isSectional: false, transform: shifted },
  { name: 'reordered', about: 'lists in another order', isSectional: true, transform: reordered },
  { name: 'logs split', about: 'log lines spread over several streams', isSectional: true, transform: logsSplit },
  {
    name: 'ten times the evidence',
    about: 'nine parts irrelevant for each relevant one',
    isSectional: true,
    transform: noisy,
  },
]

/** Applies a check; the same case and seed give the same variant. */
export function variantOf(check: Check, incident: Incident, caseId: string, seed: string): Incident {
  return check.transform(incident, seeded(`${seed}:${check.name}:${caseId}`))
}
