import { Fault } from '../lib/errors.ts'

/** How one feature is made from a metric's normalised value z at row t. */
export type Feature =
  | { readonly kind: 'level' }
  /** z(t) - z(t - rows). */
  | { readonly kind: 'change'; readonly rows: number }
  /** z(t) minus its exponential average with this half-life. */
  | { readonly kind: 'departure'; readonly rows: number }

export interface DetectorParameters {
  readonly features: readonly Feature[]
  /** Half-life with which a metric's normal place and spread follow it. */
  readonly adaptHours: number
  /** A single value moves place and spread by at most this many spreads. */
  readonly winsor: number
  /** Normalised values are cut here, so that one wild metric cannot hide the others. */
  readonly clip: number
  /** Share of the identity in the shrunk covariance. */
  readonly shrink: number
  /** The reported score is a short average of the log distance minus a long one. */
  readonly fastRows: number
  readonly slowHours: number
  /** A season must explain this share of a metric's variance on held-out days before it is subtracted. */
  readonly seasonShare: number
  readonly dayBinMinutes: number
  readonly weekBinMinutes: number
}

const SHARED = {
  adaptHours: 72,
  winsor: 3,
  clip: 4,
  shrink: 0.15,
  fastRows: 2,
  slowHours: 8,
  seasonShare: 0.1,
  dayBinMinutes: 15,
  weekBinMinutes: 60,
} as const

/** One configuration for every scope and every source; chosen once, on the development set of the benchmark. */
export const DETECTORS = Object.freeze({
  best: {
    ...SHARED,
    features: [
      { kind: 'level' },
      { kind: 'change', rows: 1 },
      { kind: 'change', rows: 3 },
      { kind: 'change', rows: 9 },
      { kind: 'departure', rows: 20 },
    ],
  },
  fast: { ...SHARED, features: [{ kind: 'level' }, { kind: 'change', rows: 3 }] },
} as const satisfies Record<string, DetectorParameters>)

export type DetectorMode = keyof typeof DETECTORS

/** Refuses parameters that could not have come from the table above or an ablation of it. */
export function checkParameters(p: DetectorParameters): DetectorParameters {
  const positive = [p.adaptHours, p.winsor, p.clip, p.fastRows, p.slowHours, p.dayBinMinutes, p.weekBinMinutes]
  if (p.features.length === 0 || positive.some((v) => !(v > 0)) || !(p.shrink > 0 && p.shrink <= 1))
    throw new Fault('usage', 'anomaly detector parameters must be positive, with at least one feature')
  return p
}
