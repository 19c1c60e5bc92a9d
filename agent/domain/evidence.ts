import { z } from 'zod'
import { Signal } from './signal.ts'
import { Instant } from './time.ts'

/** Who saw it. Two observers of one class are not independent of each other. */
export const Observer = z.enum(['provider', 'own_telemetry', 'outside_probe', 'change', 'target'])
export type Observer = z.infer<typeof Observer>

/** Why a collector could not look; a closed set because it is also a metric label. */
export const FailureKind = z.enum([
  'timeout',
  'network',
  'http',
  'auth',
  'rate_limited',
  'subscription_required',
  'malformed',
  'too_large',
  'cancelled',
  'unknown',
])
export type FailureKind = z.infer<typeof FailureKind>

/**
 * One collector's outcome. `empty` (looked, nothing reported) and `failed` (could not look) are different answers, and neither
 * of them is health.
 */
export const Evidence = z.object({
  /** Stable within a snapshot: the collector's name, such as `aws-health`, `loki:errors`, `prometheus:error_rate`, `readiness:dr`. */
  id: z.string().min(1),
  source: z.string().min(1),
  observer: Observer,
  status: z.enum(['ok', 'empty', 'failed']),
  observedAt: Instant,
  signals: z.array(Signal),
  error: z.object({ kind: FailureKind, message: z.string() }).optional(),
  /** What was cut to stay within caps, in words. */
  truncated: z.string().optional(),
})
export type Evidence = z.infer<typeof Evidence>
