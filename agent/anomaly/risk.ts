import { z } from 'zod'
import frozenFile from './frozen.json' with { type: 'json' }
import { type AnomalyModel, SCALAR } from './model.ts'

const Rate = z.number().gt(0).lt(1)

/** A logistic curve over a few inputs; the first number is the intercept. */
const Curve = z.object({ weights: z.array(z.number()).min(1), baseRate: Rate })

/** What was fitted once on labelled entities and is the same for every scope. */
export const Frozen = z.object({
  format: z.literal('anomaly-frozen/v1'),
  version: z.string().min(1),
  fittedOn: z.object({ entities: z.number().int(), rows: z.number().int(), metaSha256: z.string() }),
  /** Probability that an incident is or begins to be under way within 30 minutes. */
  risk30: Curve.refine((c) => c.weights.length === 4, 'risk30 has three inputs'),
  /** Probability that a new incident starts within 30 minutes, given the incidents of the last week. */
  onset30: Curve.refine((c) => c.weights.length === 4, 'onset30 has three inputs'),
  /** Threshold of the single-series detector on its development files. */
  noveltyThreshold: z.number().gt(0).lt(1),
})
export type Frozen = z.infer<typeof Frozen>

export const FROZEN: Frozen = Object.freeze(Frozen.parse(frozenFile))

/** Probability of a logistic curve for its inputs. */
export function curveProbability(weights: readonly number[], inputs: ArrayLike<number>): number {
  let s = weights[0]!
  for (let k = 1; k < weights.length; k++) s += weights[k]! * inputs[k - 1]!
  return 1 / (1 + Math.exp(-s))
}

/** Logs of one plus: the last ten minutes' level, the last half hour's peak, the last hour's level, in spreads. */
export function riskInputs(model: AnomalyModel): [number, number, number] {
  const { scalars, recent } = model.state
  const { median, spread } = model.yardstick
  let peak = Number.NEGATIVE_INFINITY
  for (const v of recent) if (v > peak) peak = v
  return [
    Math.log1p(scalars[SCALAR.tenMinutes]!),
    Math.log1p(Math.max(0, (peak - median) / spread)),
    Math.log1p(scalars[SCALAR.hour]!),
  ]
}

/** Inputs of the early warning: recurrence of past incidents at this time of the day, the last hour, and now. */
export function onsetInputs(model: AnomalyModel, recurrence: number): [number, number, number] {
  const { scalars } = model.state
  const { median, spread } = model.yardstick
  const now = Math.max(0, (scalars[SCALAR.score]! - median) / spread)
  return [recurrence, Math.log1p(scalars[SCALAR.hour]!), Math.log1p(now)]
}

/** The chance that trouble is under way or begins within 30 minutes, beside what it is on an average minute. */
export function riskNow(model: AnomalyModel, frozen: Frozen = FROZEN): { probability: number; baseRate: number } {
  return { probability: curveProbability(frozen.risk30.weights, riskInputs(model)), baseRate: frozen.risk30.baseRate }
}

export interface PastIncident {
  readonly startedAtSeconds: number
  readonly endedAtSeconds: number
}

const DAY = 86_400
const KNOWN_AFTER_SECONDS = 3600
const SLACK_SECONDS = 300

/**
 * On how many of the last seven days an incident began in the half hour (and five minutes either side) that follows this
 * time of the day, less one since one alone is chance, as a share. Only incidents that ended an hour ago are known.
 */
export function recurrence(incidents: readonly PastIncident[], atSeconds: number, watchedSinceSeconds: number): number {
  let hits = 0
  let days = 0
  for (let back = 1; back <= 7; back++) {
    const then = atSeconds - back * DAY
    if (then < watchedSinceSeconds) break
    days++
    const hit = incidents.some(
      (i) =>
        i.endedAtSeconds + KNOWN_AFTER_SECONDS <= atSeconds &&
        i.startedAtSeconds > then - SLACK_SECONDS &&
        i.startedAtSeconds <= then + 1800 + SLACK_SECONDS,
    )
    if (hit) hits++
  }
  return Math.max(0, hits - 1) / (days + 1)
}
