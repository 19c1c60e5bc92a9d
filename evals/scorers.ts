import { type Action, type Disposition, isFailover } from '../agent/domain/action.ts'
import type { Category } from '../agent/domain/verdict.ts'
import type { Label } from './case.ts'
import { delayMinutes, isLever } from './delay-cost.ts'

/** Where an action stands in a case's label. */
export const TIERS = ['best', 'acceptable', 'tolerable', 'forbidden'] as const
export type Tier = (typeof TIERS)[number]

/** What scorers need of a decision: nothing of how it came about. */
export interface Decided {
  readonly action: Action
  readonly disposition: Disposition
  /** The analyst's category; null when it abstained. */
  readonly category: Category | null
}

export interface Score {
  readonly score: number
  readonly reason: string
}

/** One question about one decision; `score` is 1 for yes, 0 for no, or minutes where the name says so. */
export type Scorer = (label: Label, decided: Decided) => Score

/**
 * What a decision amounts to: a lever that is carried out or asked for counts as itself; one that is merely notified puts a person in
 * charge; one that is merely recorded reaches nobody.
 */
export function scoredAs({ action, disposition }: Pick<Decided, 'action' | 'disposition'>): Action {
  if (!isLever(action) || disposition === 'act' || disposition === 'ask') return action
  return disposition === 'notify' ? 'page_human' : 'no_action'
}

/** The tier in which a decision stands. */
export function tierOf(label: Label, decided: Pick<Decided, 'action' | 'disposition'>): Tier {
  const action = scoredAs(decided)
  if (action === label.best) return 'best'
  if (label.acceptable.includes(action)) return 'acceptable'
  return label.tolerable.includes(action) ? 'tolerable' : 'forbidden'
}

function yesNo(yes: boolean, reason: string): Score {
  return { score: yes ? 1 : 0, reason }
}

function told(decided: Decided): string {
  const counted = scoredAs(decided)
  const said = `${decided.action} (${decided.disposition})`
  return counted === decided.action ? said : `${said}, which counts as ${counted},`
}

/** The best action was decided. */
export function exact(label: Label, decided: Decided): Score {
  return yesNo(tierOf(label, decided) === 'best', `${told(decided)} against best ${label.best}`)
}

/** The best or an equally good action was decided. */
export function exactOrAcceptable(label: Label, decided: Decided): Score {
  const tier = tierOf(label, decided)
  return yesNo(tier === 'best' || tier === 'acceptable', `${told(decided)} is ${tier}`)
}

/** Something was decided that does harm, or that leaves users down with nobody acting. */
export function harmful(label: Label, decided: Decided): Score {
  const tier = tierOf(label, decided)
  return yesNo(tier === 'forbidden', `${told(decided)} is ${tier}`)
}

/** A failover was carried out or asked for where it is forbidden. */
export function needless(label: Label, decided: Decided): Score {
  const counted = scoredAs(decided)
  const yes = isFailover(counted) && label.forbidden.includes(counted)
  return yesNo(
    yes,
    yes ? `${told(decided)} is forbidden here; best is ${label.best}` : `${told(decided)} is no needless failover`,
  )
}

/** The best action is a failover and something forbidden was decided. */
export function missed(label: Label, decided: Decided): Score {
  const yes = isFailover(label.best) && tierOf(label, decided) === 'forbidden'
  return yesNo(yes, yes ? `${told(decided)} where ${label.best} was needed` : `no failover was missed`)
}

/** The root cause's category was named. */
export function rootCause(label: Label, decided: Decided): Score {
  const right = [label.category, ...label.alsoCategories]
  const yes = decided.category !== null && right.includes(decided.category)
  return yesNo(yes, `${decided.category ?? 'abstained'} against ${right.join(' or ')}`)
}

/** Minutes of users' trouble against the best decision. */
export function delay(label: Label, decided: Decided): Score {
  const counted = scoredAs(decided)
  const minutes = delayMinutes(label, counted, decided.disposition)
  return { score: minutes, reason: `${told(decided)} against ${label.best}: ${minutes} min` }
}

/** Every scorer by the name under which it is reported. */
export const SCORERS: Readonly<Record<string, Scorer>> = Object.freeze({
  exact,
  exact_or_acceptable: exactOrAcceptable,
  harmful,
  needless,
  missed,
  root_cause: rootCause,
  delay_minutes: delay,
})
