import { featureWriter, startFeatures } from './features.ts'
import { addOuterProduct, choleskyLower, finishCovariance, invertLowerPacked, shrinkCovariance } from './linear.ts'
import { type AnomalyModel, MODEL_FORMAT, SCALARS, type StreamState } from './model.ts'
import { describeMetrics, METRIC_KINDS, type MetricTable, normaliser, startNormaliser } from './normaliser.ts'
import { checkParameters, DETECTORS, type DetectorMode, type DetectorParameters } from './parameters.ts'
import { quantileOfSorted, sortedFinite } from './quantile.ts'
import { createScorer } from './scorer.ts'
import { learnSeason, type Season, subtractSeason } from './season.ts'

/** A scope's history: one column per metric, NaN where there is no reading, one instant per row, ascending. */
export interface History {
  readonly metrics: readonly string[]
  readonly columns: readonly Float64Array[]
  readonly atSeconds: Float64Array
  readonly stepSeconds: number
}

export type Training =
  | { readonly status: 'trained'; readonly model: AnomalyModel }
  | { readonly status: 'abstained'; readonly reason: string }

export interface TrainOptions {
  readonly mode?: DetectorMode
  /** For ablations only. */
  readonly parameters?: DetectorParameters
}

const LEAST_HOURS = 24
const LEAST_ROWS = 200
const LEAST_PERIODS = 3
/** Above so many features the cost of a row outgrows its worth; the fast mode's features are used instead. */
const MOST_FEATURES = 640
/**
 * Alarms are set in spreads above the history's median score, not at an extreme quantile: a history may hold incidents
 * that nobody marked, and those move its highest scores but hardly its middle. Too low costs attention, too high misses.
 */
const ALARM_SPREADS = 8.25
/** A scope whose history never came near that is calmer than most: a quarter above its own record is enough there. */
const RECORD_FACTOR = 1.25
const ELEVATED_SPREADS = 4

/** Learns what is normal from unlabelled history, or says why it cannot. */
export function trainModel(history: History, options: TrainOptions = {}): Training {
  const rows = history.atSeconds.length
  const reason = tooLittle(history)
  if (reason) return { status: 'abstained', reason }
  const metrics = history.metrics.length
  let mode: DetectorMode = options.mode ?? 'best'
  const wanted = metrics * DETECTORS.best.features.length
  if (mode === 'best' && (wanted > MOST_FEATURES || rows < 2 * wanted)) mode = 'fast'
  const parameters = checkParameters(options.parameters ?? DETECTORS[mode])
  const table = describeMetrics(history.columns, Math.max(50, Math.floor(rows / 20)))
  if (table.kind.every((k) => k === METRIC_KINDS.absent))
    return { status: 'abstained', reason: 'no metric has enough readings' }
  const dims = parameters.features.length * metrics
  if (rows < 2 * dims)
    return { status: 'abstained', reason: `${rows} rows of history are too few for ${metrics} metrics` }

  const z = normaliseHistory(history, table, parameters)
  const { day, week } = learnSeasons(history, z, parameters)
  const { mean, covariance } = describeFeatures(history, z, parameters)
  const spread = new Float64Array(dims)
  for (let i = 0; i < dims; i++) spread[i] = Math.sqrt(covariance[i * dims + i]!)
  const factor = choleskyLower(shrinkCovariance(covariance, dims, parameters.shrink), dims)
  if (!factor) return { status: 'abstained', reason: 'no metric varied in the history' }

  const untested: AnomalyModel = {
    format: MODEL_FORMAT,
    mode: options.parameters ? 'custom' : mode,
    parameters,
    metrics: [...history.metrics],
    stepSeconds: history.stepSeconds,
    trainedOn: { fromSeconds: history.atSeconds[0]!, toSeconds: history.atSeconds[rows - 1]!, rows },
    table,
    day,
    week,
    mean,
    spread,
    whitening: invertLowerPacked(factor, dims),
    scoreQuantiles: new Float64Array(0),
    scoreTop: new Float64Array(0),
    yardstick: { median: 0, spread: Number.POSITIVE_INFINITY },
    thresholds: { elevated: Number.POSITIVE_INFINITY, alarm: Number.POSITIVE_INFINITY },
    state: startState(table, parameters, history.stepSeconds),
  }
  return { status: 'trained', model: learnThresholds(untested, history) }
}

/** Why a history is too short to learn from; undefined when it is not. */
export function tooLittle({ metrics, columns, atSeconds, stepSeconds }: History): string | undefined {
  const rows = atSeconds.length
  if (metrics.length === 0 || columns.length !== metrics.length) return 'there are no metrics'
  if (columns.some((c) => c.length !== rows)) return 'the columns are not equally long'
  if (!(stepSeconds > 0)) return 'the step between rows is unknown'
  const hours = rows === 0 ? 0 : (atSeconds[rows - 1]! - atSeconds[0]!) / 3600
  if (hours < LEAST_HOURS * 0.98) return `${hours.toFixed(1)} hours of history, at least ${LEAST_HOURS} are needed`
  if (rows < LEAST_ROWS) return `${rows} rows of history, at least ${LEAST_ROWS} are needed`
  return undefined
}

function startState(table: MetricTable, parameters: DetectorParameters, stepSeconds: number): StreamState {
  const metrics = table.kind.length
  const dims = metrics * parameters.features.length
  const scalars = new Float64Array(SCALARS).fill(Number.NaN)
  scalars.fill(0, 1, 5)
  scalars.fill(0, 7)
  return {
    normaliser: startNormaliser(table),
    features: startFeatures(parameters.features, metrics),
    unusualSince: new Float64Array(metrics).fill(Number.NaN),
    calmRows: new Float64Array(metrics),
    scalars,
    recent: new Float64Array(Math.max(2, Math.ceil(1800 / stepSeconds))).fill(Number.NaN),
    departure: new Float64Array(dims),
    whitened: new Float64Array(dims),
  }
}

/** Steps between consecutive rows, at least one. */
function stepsBetween(history: History, i: number): number {
  if (i === 0) return 1
  return Math.max(1, Math.round((history.atSeconds[i]! - history.atSeconds[i - 1]!) / history.stepSeconds))
}

function readRow(columns: readonly Float64Array[], i: number, row: Float64Array): Float64Array {
  for (let j = 0; j < row.length; j++) row[j] = columns[j]![i]!
  return row
}

function normaliseHistory(history: History, table: MetricTable, parameters: DetectorParameters): Float64Array {
  const metrics = history.metrics.length
  const rows = history.atSeconds.length
  const normalise = normaliser(table, startNormaliser(table), {
    adaptRows: (parameters.adaptHours * 3600) / history.stepSeconds,
    winsor: parameters.winsor,
    clip: parameters.clip,
  })
  const z = new Float64Array(rows * metrics)
  const row = new Float64Array(metrics)
  for (let i = 0; i < rows; i++)
    normalise(readRow(history.columns, i, row), stepsBetween(history, i), z.subarray(i * metrics, (i + 1) * metrics))
  return z
}

/** Learns the day, takes it out of z, then learns the week from what is left and takes that out too. */
function learnSeasons(
  { atSeconds, stepSeconds, metrics: names }: History,
  z: Float64Array,
  parameters: DetectorParameters,
): { day: Season; week: Season } {
  const metrics = names.length
  const learn = (periodSeconds: number, binMinutes: number): Season => {
    const season = learnSeason(
      { z, metrics, atSeconds },
      {
        periodSeconds,
        binSeconds: Math.max(binMinutes * 60, stepSeconds),
        leastPeriods: LEAST_PERIODS,
        leastShare: parameters.seasonShare,
      },
    )
    for (let i = 0; i < atSeconds.length; i++)
      subtractSeason(season, atSeconds[i]!, z.subarray(i * metrics, (i + 1) * metrics))
    return season
  }
  const day = learn(86_400, parameters.dayBinMinutes)
  return { day, week: learn(7 * 86_400, parameters.weekBinMinutes) }
}

function describeFeatures(
  history: History,
  z: Float64Array,
  parameters: DetectorParameters,
): { mean: Float64Array; covariance: Float64Array } {
  const metrics = history.metrics.length
  const rows = history.atSeconds.length
  const dims = metrics * parameters.features.length
  const writer = featureWriter(parameters.features, metrics, startFeatures(parameters.features, metrics))
  const sum = new Float64Array(dims)
  const square = new Float64Array(dims * dims)
  const f = new Float64Array(dims)
  for (let i = 0; i < rows; i++) {
    const steps = stepsBetween(history, i)
    if (steps > 1) writer.skip(steps - 1)
    writer.write(z.subarray(i * metrics, (i + 1) * metrics), f)
    for (let k = 0; k < dims; k++) {
      const v = f[k]!
      if (!Number.isNaN(v)) sum[k] = sum[k]! + v
      else f[k] = 0
    }
    addOuterProduct(square, f, dims)
  }
  const mean = sum.map((s) => s / rows)
  const covariance = finishCovariance(square, dims, rows)
  for (let a = 0; a < dims; a++)
    for (let b = 0; b < dims; b++) covariance[a * dims + b] = covariance[a * dims + b]! - mean[a]! * mean[b]!
  for (let a = 0; a < dims; a++) covariance[a * dims + a] = Math.max(0, covariance[a * dims + a]!)
  return { mean, covariance }
}

/** Reads the history once more as a stream: its scores set the thresholds, and its end is where live rows continue. */
function learnThresholds(model: AnomalyModel, history: History): AnomalyModel {
  const scorer = createScorer(model)
  const rows = history.atSeconds.length
  const row = new Float64Array(history.metrics.length)
  const scores = new Float64Array(rows)
  for (let i = 0; i < rows; i++) scores[i] = scorer.score(history.atSeconds[i]!, readRow(history.columns, i, row))
  // The long average needs a while before the first scores mean anything.
  const settled = Math.min(Math.floor(rows / 4), Math.ceil((model.parameters.slowHours * 3600) / history.stepSeconds))
  const sorted = sortedFinite(scores.subarray(settled))
  const median = quantileOfSorted(sorted, 0.5)
  const spread = Math.max(quantileOfSorted(sorted, 0.85) - median, 1e-9)
  const record = (sorted.at(-1) ?? 0) - median
  const alarm = median + Math.min(ALARM_SPREADS * spread, Math.max(RECORD_FACTOR * record, spread))
  return {
    ...model,
    scoreQuantiles: Float64Array.from({ length: 257 }, (_, k) => quantileOfSorted(sorted, k / 256)),
    scoreTop: sorted.slice(Math.max(0, sorted.length - 128)),
    yardstick: { median, spread },
    thresholds: { elevated: Math.min(median + ELEVATED_SPREADS * spread, alarm), alarm },
  }
}
