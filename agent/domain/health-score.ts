import { z } from 'zod'
import type { Evidence } from './evidence.ts'
import { CheckStatus, type HealthCheckSignal } from './signal.ts'

export const ScoreLevel = z.enum(['none', 'self_heal', 'region_failover', 'dr_failover'])
export type ScoreLevel = z.infer<typeof ScoreLevel>

/** Weights and levels of the health score; they are habits of reading, not permissions. */
export const HealthScoreOptions = z
  .strictObject({
    weights: z.record(z.string(), z.number().min(0)).default({
      internal_services: 5,
      external_uptime: 3,
      cross_cloud_probe: 4,
      db_replication_lag: 3,
      node_states: 4,
      provider_api: 3,
    }),
    levels: z
      .strictObject({ selfHeal: z.number(), regionFailover: z.number(), drFailover: z.number() })
      .refine(
        ({ selfHeal, regionFailover, drFailover }) => selfHeal <= regionFailover && regionFailover <= drFailover,
        {
          error: 'must not fall: selfHeal, regionFailover, drFailover',
        },
      )
      .default({ selfHeal: 4, regionFailover: 8, drFailover: 11 }),
  })
  .prefault({})
export type HealthScoreOptions = z.infer<typeof HealthScoreOptions>

export const HealthScore = z.object({
  /** 0 (well) to the sum of all weights. */
  score: z.number().min(0),
  maximum: z.number().min(0),
  level: ScoreLevel,
  contributions: z.array(
    z.object({
      check: z.string(),
      status: CheckStatus,
      weight: z.number(),
      points: z.number(),
      signal: z.string().nullable(),
    }),
  ),
})
export type HealthScore = z.infer<typeof HealthScore>

function pointsOf(status: CheckStatus, weight: number): number {
  if (status === 'ok') return 0
  if (status === 'error') return weight
  return weight / 2
}

const WORST: Record<CheckStatus, number> = { ok: 0, unknown: 1, degraded: 2, error: 3 }

/** Evidence of health checks is named after the check. */
const CHECK_EVIDENCE = 'health:'

/**
 * Sums the weighted health checks of some evidence. A check that was asked and gave no answer counts as unknown, and unknown counts half; a
 * check that nobody configured says nothing and counts nothing.
 */
export function scoreHealth(evidence: readonly Evidence[], options: HealthScoreOptions): HealthScore {
  const worst = new Map<string, HealthCheckSignal | null>()
  for (const piece of evidence) {
    if (piece.id.startsWith(CHECK_EVIDENCE)) {
      const check = piece.id.slice(CHECK_EVIDENCE.length)
      if (!worst.has(check)) worst.set(check, null)
    }
    for (const signal of piece.signals) {
      if (signal.kind !== 'health_check') continue
      const known = worst.get(signal.check)
      if (!known || WORST[signal.status] > WORST[known.status]) worst.set(signal.check, signal)
    }
  }
  const contributions = Object.entries(options.weights).flatMap(([check, weight]) => {
    const signal = worst.get(check)
    if (signal === undefined) return []
    const status = signal?.status ?? 'unknown'
    return [{ check, status, weight, points: pointsOf(status, weight), signal: signal?.id ?? null }]
  })
  contributions.sort((a, b) => b.points - a.points || b.weight - a.weight || (a.check < b.check ? -1 : 1))
  const score = contributions.reduce((sum, part) => sum + part.points, 0)
  const maximum = contributions.reduce((sum, part) => sum + part.weight, 0)
  return { score, maximum, level: levelOf(score, options), contributions }
}

/** The level of reading for a score. */
export function levelOf(score: number, { levels }: HealthScoreOptions): ScoreLevel {
  if (score >= levels.drFailover) return 'dr_failover'
  if (score >= levels.regionFailover) return 'region_failover'
  return score >= levels.selfHeal ? 'self_heal' : 'none'
}
