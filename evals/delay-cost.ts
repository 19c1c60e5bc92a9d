import { type Action, type Disposition, isFailover } from '../agent/domain/action.ts'
import type { Label } from './case.ts'

/**
 * What a decision costs against the best one, in minutes of users' trouble. The figures are deliberately round: they rank ways of
 * being slow or wrong, and a change of any of them by half changes no ranking of the baselines. docs/evals.md explains each.
 */
export const DELAY_MODEL = Object.freeze({
  /** A person is asked and answers from a phone. */
  askMinutes: 4,
  /** A person is paged, wakes up, reads and pulls a lever by hand. */
  pageMinutes: 20,
  /** Watching: the next assessment comes, and decides. */
  observeMinutes: 10,
  /** Nobody was told; users complain until somebody looks. */
  silenceMinutes: 45,
  /** A wrong lever costs its own disturbance and then a person. */
  leverMinutes: Object.freeze({ self_heal: 3, rollback_change: 6, region_failover: 25, dr_failover: 60 }),
  /** Attention that nobody needed, as equivalent minutes: a page when nothing was wrong is not free. */
  needlessPageMinutes: 5,
  needlessWatchMinutes: 1,
})

export type Lever = keyof typeof DELAY_MODEL.leverMinutes

/** The actions that change something; the others only look or tell. */
export function isLever(action: Action): action is Lever {
  return isFailover(action) || action === 'self_heal' || action === 'rollback_change'
}

/** Minutes lost against the best decision at once; zero for the best or an equally good action that is carried out. */
export function delayMinutes(label: Label, scoredAs: Action, disposition: Disposition): number {
  const asked = isLever(scoredAs) && disposition === 'ask' ? DELAY_MODEL.askMinutes : 0
  if (scoredAs === label.best || label.acceptable.includes(scoredAs)) return asked
  if (isLever(scoredAs)) {
    const own = DELAY_MODEL.leverMinutes[scoredAs] + asked
    return label.tolerable.includes(scoredAs) ? own : own + DELAY_MODEL.pageMinutes
  }
  if (isLever(label.best) || label.best === 'page_human') return waitingMinutes(scoredAs)
  // Nothing was to be done: what remains is the attention spent.
  if (scoredAs === 'page_human') return DELAY_MODEL.needlessPageMinutes
  return scoredAs === 'observe' ? DELAY_MODEL.needlessWatchMinutes : forgottenMinutes(label)
}

function waitingMinutes(scoredAs: 'no_action' | 'observe' | 'page_human'): number {
  if (scoredAs === 'page_human') return DELAY_MODEL.pageMinutes
  return scoredAs === 'observe' ? DELAY_MODEL.observeMinutes + DELAY_MODEL.askMinutes : DELAY_MODEL.silenceMinutes
}

/** Doing nothing where watching was right is free when tolerable, and otherwise leaves users to find out. */
function forgottenMinutes(label: Label): number {
  return label.forbidden.includes('no_action') ? DELAY_MODEL.silenceMinutes : 0
}
