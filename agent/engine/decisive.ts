import type { Facts } from '../domain/facts.ts'
import type { Plan } from '../domain/plan.ts'
import type { Run } from '../domain/run.ts'

/** Bounds that are read twice: lag is compared as a number, its reasons are not. */
const LAG_BLOCKS: readonly string[] = ['lag_over_rpo', 'lag_unknown']

/**
 * What has changed materially since it was decided, in words; empty when the decision still stands. What was unknown then and is unknown now has not
 * changed: people may have consented to it.
 */
export function materialChanges(
  before: Facts,
  now: Facts,
  run: Pick<Run, 'target' | 'dataLossConsentSeconds'>,
  plan: Pick<Plan, 'objectives'>,
): string[] {
  const changes: string[] = []
  const hadSaid = before.hurt.overall
  // Worse than unknown is what the decision feared; anything else is another world.
  if (now.hurt.overall !== hadSaid && !(hadSaid === 'unknown' && now.hurt.overall === 'yes'))
    changes.push(`users hurt: ${hadSaid} when it was decided, ${now.hurt.overall} now`)
  if (now.hurt.overall === 'yes' && now.hurt.isRecovering && !before.hurt.isRecovering)
    changes.push('the source is recovering by itself')
  if (now.evidence.darkShare > 0.5 && now.evidence.darkShare > before.evidence.darkShare)
    changes.push(`${Math.round(now.evidence.darkShare * 100)} % of the evidence can no longer be had`)
  if (run.target === null) return changes
  const [then, here] = [before.targets[run.target], now.targets[run.target]]
  const fresh = here.blocks.filter((block) => !LAG_BLOCKS.includes(block) && !then.blocks.includes(block))
  if (fresh.length > 0) changes.push(`the ${run.target} is no longer ready: ${fresh.join(', ')}`)
  // A question names the loss of its moment; within the objective nobody's consent is needed, and lag moves by the second.
  const allowed = Math.max(plan.objectives.rpoSeconds, run.dataLossConsentSeconds ?? 0)
  if (here.lagSeconds === null && then.lagSeconds !== null)
    changes.push(`nobody knows any more how much data moving to the ${run.target} would lose`)
  if (here.lagSeconds !== null && here.lagSeconds > allowed)
    changes.push(`moving to the ${run.target} would lose ${here.lagSeconds} s of data, ${allowed} s are allowed`)
  return changes
}
