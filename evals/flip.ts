import type { Outcome } from './decider.ts'

/** Why two outcomes differ, in one line: the analyst read something else, or the gate found another reason. */
export function differenceOf(before: Outcome, after: Outcome): string {
  const parts: string[] = []
  const [was, is] = [before.opinion?.verdict, after.opinion?.verdict]
  if (was?.rootCause.category !== is?.rootCause.category) {
    parts.push(`cause ${was?.rootCause.category ?? 'abstained'} → ${is?.rootCause.category ?? 'abstained'}`)
  }
  if (was?.recommendedAction !== is?.recommendedAction) {
    parts.push(`recommends ${was?.recommendedAction ?? 'nothing'} → ${is?.recommendedAction ?? 'nothing'}`)
  } else if (was && is && Math.abs(was.confidence - is.confidence) >= 0.05) {
    parts.push(`confidence ${was.confidence.toFixed(2)} → ${is.confidence.toFixed(2)}`)
  }
  const rules = newlyLimiting(before, after)
  if (rules.length > 0) parts.push(`gate: ${rules.join(', ')}`)
  return parts.join('; ') || 'health score'
}

/** Rules that say something else about the decided actions than before. */
function newlyLimiting(before: Outcome, after: Outcome): string[] {
  const wanted = new Set([before.decision.action, after.decision.action])
  const said = (outcome: Outcome) =>
    new Map(
      outcome.decision.reasons
        .filter(({ action }) => action !== null && wanted.has(action))
        .map(({ rule, action, ceiling }) => [`${rule} on ${action}`, ceiling]),
    )
  const [was, is] = [said(before), said(after)]
  return [...is].filter(([key, ceiling]) => was.get(key) !== ceiling).map(([key, ceiling]) => `${key} is ${ceiling}`)
}
