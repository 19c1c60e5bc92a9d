import { z } from 'zod'
import { Instant } from './time.ts'

const Share = z.number().min(0).max(1)

/** One metric's part in how unusual a scope is now, and since when that metric has been unusual (null: it is not alone). */
export const AnomalyContribution = z.object({ metric: z.string().min(1), share: Share, since: Instant.nullable() })
export type AnomalyContribution = z.infer<typeof AnomalyContribution>

/** The history that a model was trained on. */
export const TrainedOn = z.object({ from: Instant, to: Instant, rows: z.number().int().nonnegative() })
export type TrainedOn = z.infer<typeof TrainedOn>

/** What the anomaly model says about one scope. It informs and can lower a ceiling; it is no observer and no permission. */
export const AnomalyOpinion = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('ok'),
    scope: z.string().min(1),
    at: Instant,
    /** Distance from the scope's own past, less what it has been of late; comparable within one scope only. */
    score: z.number(),
    /** Share of the history's scores that were lower. */
    percentile: Share,
    /** The score from which the scope counts as anomalous; set from unlabelled history. */
    threshold: z.number(),
    isAnomalous: z.boolean(),
    /** Since when; null while it is not anomalous. */
    since: Instant.nullable(),
    contributions: z.array(AnomalyContribution),
    /** Metrics of the model without a reading now. */
    missing: z.array(z.string()),
    /** Chance that trouble is under way or begins within 30 minutes, beside that chance on an average minute; null: not calibrated. */
    risk30: z.object({ probability: Share, baseRate: Share }).nullable(),
    modelVersion: z.string().min(1),
    trainedOn: TrainedOn,
    /** How far the stored stream had been read when the snapshot's own rows followed it. */
    streamReadTo: Instant.optional(),
  }),
  z.object({
    status: z.literal('abstained'),
    scope: z.string().min(1),
    at: Instant,
    reason: z.string().min(1),
    modelVersion: z.string().nullable(),
    trainedOn: TrainedOn.nullable(),
  }),
])
export type AnomalyOpinion = z.infer<typeof AnomalyOpinion>

/** The name of one series: the query's, and its labels in order. What was learned from history and what a snapshot holds meet under it. */
export function metricNameOf(query: string, labels: Readonly<Record<string, string>>): string {
  const names = Object.keys(labels).sort()
  if (names.length === 0) return query
  return `${query}{${names.map((name) => `${name}=${JSON.stringify(labels[name])}`).join(',')}}`
}
