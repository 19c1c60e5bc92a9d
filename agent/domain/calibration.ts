import { z } from 'zod'

/** A fitted map from stated to believable confidence. */
export const CalibrationMap = z.discriminatedUnion('method', [
  /** Steps that never fall: straight lines between the points, flat outside. */
  z.object({
    method: z.literal('isotonic'),
    points: z.array(z.tuple([z.number().min(0).max(1), z.number().min(0).max(1)])).min(1),
  }),
  /** A logistic curve over the stated confidence's log-odds; `slope` is never negative. */
  z.object({ method: z.literal('platt'), slope: z.number().min(0), intercept: z.number() }),
])
export type CalibrationMap = z.infer<typeof CalibrationMap>

/** The committed artifact: one map for one analyst and prompt, and what it was fitted on. */
export const Calibration = z.object({
  format: z.literal('calibration/v1'),
  /** The analyst's id, such as `rules` or `openai:gpt-5.2`. */
  analyst: z.string().min(1),
  /** A different prompt is a different judge; null for an analyst without one. */
  promptHash: z.string().nullable(),
  map: CalibrationMap,
  fittedOn: z.object({ cases: z.number().int().positive(), casesHash: z.string() }),
  /** Measured on cases that the fit had not seen. */
  crossValidated: z.object({
    folds: z.number().int(),
    brierBefore: z.number(),
    brierAfter: z.number(),
    eceBefore: z.number(),
    eceAfter: z.number(),
  }),
})
export type Calibration = z.infer<typeof Calibration>

const EDGE = 1e-4

/** Log-odds of a confidence, kept finite at 0 and 1. */
export function logOdds(confidence: number): number {
  const inside = Math.min(1 - EDGE, Math.max(EDGE, confidence))
  return Math.log(inside / (1 - inside))
}

/** What a stated confidence is worth; monotone, so that stating more never counts for less. */
export function calibrate(map: CalibrationMap, confidence: number): number {
  if (map.method === 'platt') return 1 / (1 + Math.exp(-(map.slope * logOdds(confidence) + map.intercept)))
  const { points } = map
  const first = points[0] as [number, number]
  if (confidence <= first[0]) return first[1]
  for (let i = 1; i < points.length; i++) {
    const [x0, y0] = points[i - 1] as [number, number]
    const [x1, y1] = points[i] as [number, number]
    if (confidence <= x1) return x1 === x0 ? y1 : y0 + ((y1 - y0) * (confidence - x0)) / (x1 - x0)
  }
  return (points.at(-1) as [number, number])[1]
}
