import { type ChangeFacts, ONSET_SLACK_MINUTES } from '../../domain/facts-change.ts'
import { FAULT_PLACE_READS, faultPlace, isPlacedOutside } from '../fault-place.ts'
import { FAILOVERS, minutesText, type Rule, same } from '../rule.ts'

function isBeforeOnset(change: ChangeFacts, withinMinutes: number): boolean {
  const minutes = change.minutesBeforeOnset
  return minutes !== null && minutes >= -ONSET_SLACK_MINUTES && minutes <= withinMinutes && change.rolloutPercent !== 0
}

/** Nobody knows when it began: then any change may have come first. */
function isSuspect(change: ChangeFacts, withinMinutes: number): boolean {
  if (change.minutesBeforeOnset === null) return change.rolloutPercent !== 0
  return isBeforeOnset(change, withinMinutes)
}

const suspect: Rule = {
  id: 'change.suspect',
  promise: 4,
  about:
    'An own change shortly before onset is the first suspect. Without an observer outside that places the fault elsewhere, users are not moved away from it; own changes that are not known count the same.',
  reads: ['facts.changes', 'facts.evidence.byObserver.change', ...FAULT_PLACE_READS, 'policy.changes'],
  apply(input, policy) {
    const { facts } = input
    const isCleared = isPlacedOutside(faultPlace(input))
    const ceiling = isCleared ? 'ask' : 'none'
    const { ok, empty, failed } = facts.evidence.byObserver.change
    if (ok + empty === 0 || failed > 0) return same(FAILOVERS, ceiling, 'own changes are not known')
    const found = facts.changes.find(
      (change) => change.relation !== 'other' && isSuspect(change, policy.changes.suspectMinutes),
    )
    if (!found) return same(FAILOVERS, 'act', 'no own change of this service shortly before onset')
    const place = isCleared
      ? 'an outside observer places the fault elsewhere'
      : 'nobody outside places the fault elsewhere'
    return same(FAILOVERS, ceiling, `${changeText(found)}; ${place}`)
  },
}

function changeText(change: ChangeFacts): string {
  return `${change.id} (${change.kind} of ${change.service}) came ${minutesText(change.minutesBeforeOnset)} before onset`
}

const version: Rule = {
  id: 'change.version',
  promise: 4,
  about: 'What fails in one version and not in another is ours, and would fail in every place that runs it.',
  reads: ['facts.breakdowns'],
  apply({ facts }) {
    const split = facts.breakdowns.find((one) => one.dimension === 'version' && one.split === 'some')
    if (!split) return same(FAILOVERS, 'act', 'no measure that follows the version')
    const bad = split.members.filter((member) => member.isAffected).map((member) => member.value)
    return same(FAILOVERS, 'none', `only version ${bad.join(', ')} is affected`)
  },
}

const rollback: Rule = {
  id: 'change.to-undo',
  promise: null,
  about: 'A rollback needs something to roll back: an own change before onset, in the evidence.',
  reads: ['facts.changes', 'policy.changes'],
  apply({ facts }, policy) {
    const found = facts.changes.filter((change) => isBeforeOnset(change, policy.changes.rollbackMinutes))
    const near = found.find(
      (change) => change.relation !== 'other' && isBeforeOnset(change, policy.changes.suspectMinutes),
    )
    const first = near ?? found[0]
    if (!first) return same(['rollback_change'], 'none', 'no own change before onset that could be undone')
    const detail = changeText(first)
    return same(['rollback_change'], near ? 'act' : 'ask', detail)
  },
}

/** Rules about what we changed ourselves. */
export const changeRules: readonly Rule[] = [suspect, version, rollback]
