import type { FeatureState } from './features.ts'
import type { MetricTable, NormaliserState } from './normaliser.ts'
import type { DetectorParameters } from './parameters.ts'
import type { Season } from './season.ts'

export const MODEL_FORMAT = 'anomaly-model/v1'

/** Everything that moves while a stream is read; saved with the model, so that a restart loses nothing. */
export interface StreamState {
  readonly normaliser: NormaliserState
  readonly features: FeatureState
  /** Instant since which each metric has been far from its normal; NaN when it is not. */
  readonly unusualSince: Float64Array
  readonly calmRows: Float64Array
  /** Named by SCALAR below. */
  readonly scalars: Float64Array
  /** Ring of the last half hour's scores, for the risk. */
  readonly recent: Float64Array
  /** The last row's features less their means, and the same whitened: what its contributions are read from. */
  readonly departure: Float64Array
  readonly whitened: Float64Array
}

/** Slots of StreamState.scalars. */
export const SCALAR = Object.freeze({
  lastAt: 0,
  fast: 1,
  slow: 2,
  score: 3,
  distance: 4,
  /** Instant since which the score has been above its elevated level, NaN when it is not. */
  elevatedSince: 5,
  alarmSince: 6,
  quietRows: 7,
  rows: 8,
  /** Averages of the positive score in spreads, with half-lives of ten minutes and one hour: inputs of the risk. */
  tenMinutes: 9,
  hour: 10,
} as const)
export const SCALARS = 11

/** A trained scope: what its history taught, and the state of its stream. */
export interface AnomalyModel {
  readonly format: typeof MODEL_FORMAT
  readonly mode: string
  readonly parameters: DetectorParameters
  readonly metrics: readonly string[]
  readonly stepSeconds: number
  readonly trainedOn: { readonly fromSeconds: number; readonly toSeconds: number; readonly rows: number }
  readonly table: MetricTable
  readonly day: Season
  readonly week: Season
  /** Per feature: mean and standard deviation over the history. */
  readonly mean: Float64Array
  readonly spread: Float64Array
  /** Inverse Cholesky factor of the shrunk covariance, packed. */
  readonly whitening: Float32Array
  /** Quantiles 0, 1/256 … 1 of the history's scores, and its highest 128 scores, ascending. */
  readonly scoreQuantiles: Float64Array
  readonly scoreTop: Float64Array
  /** The history's median score and the distance from it to the 85th percentile: the yardstick of all thresholds. */
  readonly yardstick: { readonly median: number; readonly spread: number }
  readonly thresholds: { readonly elevated: number; readonly alarm: number }
  readonly state: StreamState
}
