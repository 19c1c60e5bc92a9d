import { z } from 'zod'
import { Target } from './action.ts'
import type { Evidence } from './evidence.ts'
import type { DependencyFacts, ProviderEventFacts } from './facts-provider.ts'
import type { Service } from './service.ts'
import type { ReadinessSignal } from './signal.ts'
import { type Instant, minutesBetween } from './time.ts'

/** Why a target cannot be moved to, or cannot be known to be ready; a closed set because rules and pages name it. */
export const TargetBlock = z.enum([
  'not_configured',
  'no_evidence',
  'unhealthy',
  'health_unknown',
  'no_capacity',
  'low_capacity',
  'capacity_unknown',
  'lag_over_rpo',
  'lag_unknown',
  'stale_check',
  'restore_test_old',
  'restore_test_unknown',
  'no_backup',
  'shared_dependency_failing',
  'shared_dependency_suspect',
  'provider_event_at_target',
])
export type TargetBlock = z.infer<typeof TargetBlock>

export const TargetLimits = z.object({
  /** A measurement older than this says nothing about now. */
  checkAgeMinutes: z.number().positive().default(10),
  /** A restore nobody has tried for so long is a hope. */
  restoreTestAgeDays: z.number().positive().default(30),
})
export type TargetLimits = z.infer<typeof TargetLimits>

export const TargetFacts = z.object({
  target: Target,
  exists: z.boolean(),
  evidence: z.string().nullable(),
  signal: z.string().nullable(),
  provider: z.string().nullable(),
  region: z.string().nullable(),
  sharesProviderWithPrimary: z.boolean(),
  healthy: z.boolean().nullable(),
  capacity: z.enum(['ok', 'low', 'none', 'unknown']),
  /** Data lost by promoting it now; null is unknown, which counts as infinite. */
  lagSeconds: z.number().nullable(),
  rpoSeconds: z.number().nullable(),
  checkAgeMinutes: z.number().nullable(),
  backupAgeHours: z.number().nullable(),
  restoreTestAgeDays: z.number().nullable(),
  sharedDependencies: z.array(z.string()),
  failingDependencies: z.array(z.string()),
  suspectDependencies: z.array(z.string()),
  /** Open events of its provider that reach its region. */
  events: z.array(z.string()),
  /** Every reason that stands against it, by the default limits. */
  blocks: z.array(TargetBlock),
})
export type TargetFacts = z.infer<typeof TargetFacts>

export function targetFacts(
  target: Target,
  service: Service,
  evidence: readonly Evidence[],
  events: readonly ProviderEventFacts[],
  dependencies: readonly DependencyFacts[],
  now: Instant,
): TargetFacts {
  const site = target === 'secondary' ? service.secondary : service.dr
  const found = readinessOf(target, evidence)
  const signal = found?.signal ?? null
  const shared = signal?.sharedDependencies ?? []
  const inState = (state: DependencyFacts['state']) =>
    shared.filter((name) => dependencies.some((dependency) => dependency.name === name && dependency.state === state))
  const age = (instant: Instant | null | undefined) => (instant ? minutesBetween(instant, now) : null)
  const backupAge = age(signal?.lastBackupAt)
  const restoreAge = age(signal?.lastRestoreTestAt)
  const facts: TargetFacts = {
    target,
    exists: site !== null && (signal?.exists ?? true),
    evidence: found?.evidence ?? null,
    signal: signal?.id ?? null,
    provider: site?.provider ?? null,
    region: site?.region ?? null,
    sharesProviderWithPrimary: site !== null && site.provider === service.primary.provider,
    healthy: signal?.healthy ?? null,
    capacity: signal?.capacity ?? 'unknown',
    lagSeconds: signal?.replicationLagSeconds ?? null,
    rpoSeconds: service.slo ? service.slo.rpoMinutes * 60 : null,
    checkAgeMinutes: age(signal?.checkedAt),
    backupAgeHours: backupAge === null ? null : backupAge / 60,
    restoreTestAgeDays: restoreAge === null ? null : restoreAge / 1440,
    sharedDependencies: shared,
    failingDependencies: inState('failing'),
    suspectDependencies: inState('suspect'),
    events: events
      .filter((event) => event.isOpen && event.category === 'issue' && isAt(event[target]))
      .map((event) => event.id),
    blocks: [],
  }
  return { ...facts, blocks: targetBlocks(facts, TargetLimits.parse({})) }
}

function isAt(reach: ProviderEventFacts['primary']): boolean {
  return reach === 'provider' || reach === 'region' || reach === 'zone'
}

function readinessOf(
  target: Target,
  evidence: readonly Evidence[],
): { evidence: string; signal: ReadinessSignal } | null {
  for (const piece of evidence) {
    if (piece.status === 'failed') continue
    for (const signal of piece.signals)
      if (signal.kind === 'readiness' && signal.target === target) return { evidence: piece.id, signal }
  }
  return null
}

/** Every reason that stands against a target under the given limits. Unknown lag counts as infinite lag. */
export function targetBlocks(facts: TargetFacts, limits: TargetLimits): TargetBlock[] {
  if (!facts.exists) return ['not_configured']
  if (facts.signal === null) return ['no_evidence']
  const { lagSeconds: lag, rpoSeconds: rpo, restoreTestAgeDays: restored, checkAgeMinutes: checked } = facts
  const checks: [TargetBlock, boolean][] = [
    ['unhealthy', facts.healthy === false],
    ['health_unknown', facts.healthy === null],
    ['no_capacity', facts.capacity === 'none'],
    ['low_capacity', facts.capacity === 'low'],
    ['capacity_unknown', facts.capacity === 'unknown'],
    ['lag_unknown', lag === null || (rpo === null && lag > 0)],
    ['lag_over_rpo', lag !== null && rpo !== null && lag > rpo],
    ['stale_check', checked === null || checked > limits.checkAgeMinutes || checked < -limits.checkAgeMinutes],
    ['restore_test_old', restored !== null && restored > limits.restoreTestAgeDays],
    ['restore_test_unknown', restored === null],
    ['no_backup', facts.backupAgeHours === null],
    ['shared_dependency_failing', facts.failingDependencies.length > 0],
    ['shared_dependency_suspect', facts.suspectDependencies.length > 0],
    ['provider_event_at_target', facts.events.length > 0],
  ]
  return checks.filter(([, stands]) => stands).map(([block]) => block)
}
