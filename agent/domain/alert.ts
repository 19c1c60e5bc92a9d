import { z } from 'zod'
import { Instant } from './time.ts'

/** A monitoring rule firing or ending, normalised from whichever webhook it came through. */
export const Alert = z.object({
  /** Stable identity of the rule and its labels; a repeat carries the same one. */
  fingerprint: z.string().min(1),
  name: z.string().min(1),
  status: z.enum(['firing', 'resolved']),
  severity: z.string().default('unknown'),
  labels: z.record(z.string(), z.string()),
  /** Prose of whoever wrote the rule: data for readers, never for rules. */
  annotations: z.record(z.string(), z.string()).default({}),
  startsAt: Instant,
  endsAt: Instant.nullable().default(null),
  /** Which entrance it came through: alertmanager, grafana, pagerduty, sns, generic, infrastructure_health, watch. */
  source: z.string().min(1),
})
export type Alert = z.infer<typeof Alert>
