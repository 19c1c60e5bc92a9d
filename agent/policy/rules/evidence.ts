import { minutesBetween } from '../../domain/time.ts'
import { LEVERS, minutesText, type Rule, same } from '../rule.ts'

const light: Rule = {
  id: 'evidence.light',
  promise: 1,
  about: 'When most of the evidence cannot be had, nothing is known, and what is seen may be our own blindness.',
  reads: ['facts.evidence.darkShare', 'policy.evidence'],
  apply({ facts }, policy) {
    const dark = facts.evidence.darkShare
    const detail = `${Math.round(dark * 100)} % of the evidence could not be had`
    if (dark > policy.evidence.darkShare) return same(LEVERS, 'notify', detail)
    return same(LEVERS, dark > policy.evidence.darkShareForAct ? 'ask' : 'act', detail)
  },
}

const fresh: Rule = {
  id: 'evidence.fresh',
  promise: 1,
  about: 'A snapshot that has aged says nothing about now.',
  reads: ['snapshot.takenAt', 'now', 'policy.evidence'],
  apply({ snapshot, now }, policy) {
    const age = minutesBetween(snapshot.takenAt, now)
    const limit = policy.evidence.maxAgeMinutes
    const detail = `the snapshot is ${minutesText(Math.abs(age))} old, at most ${limit} min`
    return same(LEVERS, Math.abs(age) <= limit ? 'act' : 'notify', detail)
  },
}

/** Rules about how much could be seen. */
export const evidenceRules: readonly Rule[] = [light, fresh]
