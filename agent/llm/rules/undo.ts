import type { Cause, Weighing } from './cause.ts'
import type { Readings } from './readings.ts'
import type { Draft } from './special.ts'

/** A change of ours leads: undo it where that is possible and settled, end it where it still runs. */
export function judgeOwnChange(
  readings: Readings,
  weighing: Weighing,
  cause: Cause,
  page: (summary: string, confidence?: number) => Draft,
): Draft {
  const suspect = weighing.suspects[0]
  const undone = readings.changes.some(
    (change) => /^(?:rollback|revert)$/i.test(change.changeKind) && suspect && change.at > suspect.change.at,
  )
  if (undone) return page('The change was taken back already and users are still hurt')
  if (suspect && !suspect.isReversible) return page('A change of ours began it, and it cannot simply be taken back')
  if (cause.score < 3 || cause.margin < 0.8 || !suspect?.isCorroborated)
    return page('A change of ours may be the cause, the evidence does not settle it')
  // Work that still runs is not undone but ended.
  if (suspect && /^(?:job|batch|backfill|import|export|reindex)$/i.test(suspect.change.changeKind))
    return {
      category: readings.logs.some((log) => log.isError && log.topics.has('capacity'))
        ? 'internal_capacity'
        : cause.category,
      action: 'self_heal',
      confidence: 0.65,
      summary: 'Work of our own takes what the service needs: stop it or slow it down',
      because: cause.because,
    }
  return {
    category: cause.category,
    action: 'rollback_change',
    confidence: cause.score >= 5 ? 0.9 : cause.margin >= 2 ? 0.8 : 0.65,
    summary: 'A change of ours began it; undoing it ends it',
    because: cause.because,
  }
}
