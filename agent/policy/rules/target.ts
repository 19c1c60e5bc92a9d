import type { Ceiling } from '../../domain/action.ts'
import { type TargetBlock, type TargetFacts, targetBlocks } from '../../domain/facts-target.ts'
import type { Policy } from '../policy.ts'
import { FAILOVERS, type Rule } from '../rule.ts'
import { targetFor } from './place.ts'

const READS = ['facts.targets.secondary', 'facts.targets.dr']

/** A rule over some of the reasons that can stand against a target. */
function ready(
  id: string,
  promise: number,
  about: string,
  blocks: readonly TargetBlock[],
  tell: (target: TargetFacts) => string,
  ceiling: (policy: Policy, block: TargetBlock) => Ceiling = () => 'none',
): Rule {
  return {
    id,
    promise,
    about,
    reads: [...READS, 'policy.target'],
    apply: ({ facts }, policy) =>
      FAILOVERS.map((action) => {
        const target = targetFor(action, facts.targets)
        const standing = targetBlocks(target, policy.target)
        // Without a target or a measurement nothing else about it is known: unknown stands against it everywhere.
        const isUnknown = standing.includes('not_configured') || standing.includes('no_evidence')
        const found = standing.filter((block) => blocks.includes(block))
        if (isUnknown && found.length === 0)
          return { action, ceiling: 'none', detail: `not known: ${standing.join(', ')}` }
        const lowest = found.map((block) => ceiling(policy, block)).sort((a, b) => RANK[a] - RANK[b])[0] ?? 'act'
        return {
          action,
          ceiling: lowest,
          detail: `${target.target}: ${tell(target)}${found.length > 0 ? ` (${found.join(', ')})` : ''}`,
        }
      }),
  }
}

const RANK: Record<Ceiling, number> = { none: 0, notify: 1, ask: 2, act: 3 }

const number = (value: number | null, unit: string) =>
  value === null ? 'unknown' : `${Math.round(value * 10) / 10} ${unit}`

/** Rules about the place that users would be moved to: fresh, measured, per target. */
export const targetRules: readonly Rule[] = [
  ready('target.exists', 15, 'There must be a place to go to.', ['not_configured'], (t) =>
    t.exists ? `${t.provider} ${t.region}` : 'not configured',
  ),
  ready(
    'target.measured',
    15,
    'Its readiness must be measured, and measured now.',
    ['no_evidence', 'stale_check'],
    (t) => `measured ${number(t.checkAgeMinutes, 'min')} ago`,
  ),
  ready(
    'target.healthy',
    15,
    'It must be healthy.',
    ['unhealthy', 'health_unknown'],
    (t) => `healthy: ${t.healthy ?? 'unknown'}`,
  ),
  ready(
    'target.capacity',
    15,
    'It must carry the load.',
    ['no_capacity', 'low_capacity', 'capacity_unknown'],
    (t) => `capacity ${t.capacity}`,
    (policy, block) => (block === 'low_capacity' && policy.target.lowCapacity === 'ask' ? 'ask' : 'none'),
  ),
  ready(
    'target.lag',
    8,
    'Data lost by moving must be measured and within the objective; unknown lag is infinite.',
    ['lag_over_rpo', 'lag_unknown'],
    (t) => `loses ${number(t.lagSeconds, 's')} of data, objective ${number(t.rpoSeconds, 's')}`,
  ),
  ready(
    'target.restore-test',
    15,
    'A recovery nobody has tried lately is a hope.',
    ['restore_test_old', 'restore_test_unknown'],
    (t) => `last restore test ${number(t.restoreTestAgeDays, 'days')} ago`,
    (policy) => (policy.target.restoreTestMissing === 'ask' ? 'ask' : 'none'),
  ),
  ready(
    'target.backup',
    15,
    'There must be a backup to fall back on.',
    ['no_backup'],
    (t) => `last backup ${number(t.backupAgeHours, 'h')} ago`,
    () => 'ask',
  ),
  ready(
    'target.shared-dependencies',
    15,
    'What it shares with the primary must not be failing.',
    ['shared_dependency_failing', 'shared_dependency_suspect'],
    (t) => {
      const troubled = [...t.failingDependencies, ...t.suspectDependencies]
      return troubled.length > 0 ? `shares ${troubled.join(', ')}` : 'shares nothing that is known to fail'
    },
    (_policy, block) => (block === 'shared_dependency_suspect' ? 'ask' : 'none'),
  ),
]
