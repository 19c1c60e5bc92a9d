import type { Attack } from './attack.ts'
import { DISGUISED } from './attacks-disguised.ts'
import { SPOKEN } from './attacks-spoken.ts'

/** Everything that strangers write to the agent to make it do something. */
export const ATTACKS: readonly Attack[] = [...SPOKEN, ...DISGUISED]
