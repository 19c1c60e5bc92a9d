import { featureWriter } from './features.ts'
import { imputer } from './impute.ts'
import { whiten, whitenTransposed } from './linear.ts'
import { type AnomalyModel, SCALAR } from './model.ts'
import { normaliser } from './normaliser.ts'
import { gainOfHalfLife } from './quantile.ts'
import { subtractSeason } from './season.ts'

/** One metric's part in the present distance from normal. */
export interface Contribution {
  readonly metric: string
  /** 0..1, all shares together at most 1. */
  readonly share: number
  readonly sinceSeconds: number | null
}

export interface AnomalyScorer {
  /** Reads one row (in the model's metric order, NaN where there is no reading) and returns its score. */
  score(atSeconds: number, row: ArrayLike<number>): number
  /** Reads the last row's parts; costs about as much as scoring it. */
  contributions(limit?: number): Contribution[]
  readonly model: AnomalyModel
}

/** A metric is unusual from this many of its feature's standard deviations, and until it was calm for a while. */
const UNUSUAL = 4
const CALM = 2
const CALM_ROWS = 6
/** An alarm ends when the score stayed below this share of its threshold for so many minutes. */
const ALARM_END_SHARE = 0.7
const ALARM_END_MINUTES = 15
/** One enormous score must not keep the averages high for hours. */
const MOST_SPREADS = 30

/** Continues the model's stream. The model's state is changed in place: save it with `serialiseModel`. */
export function createScorer(model: AnomalyModel): AnomalyScorer {
  const { state, parameters, mean, spread, whitening } = model
  const metrics = model.metrics.length
  const dims = mean.length
  const stepHours = model.stepSeconds / 3600
  const normalise = normaliser(model.table, state.normaliser, {
    adaptRows: parameters.adaptHours / stepHours,
    winsor: parameters.winsor,
    clip: parameters.clip,
  })
  const features = featureWriter(parameters.features, metrics, state.features)
  const fastGain = gainOfHalfLife(parameters.fastRows)
  const slowGain = gainOfHalfLife(parameters.slowHours / stepHours)
  const quietLimit = Math.ceil((ALARM_END_MINUTES * 60) / model.stepSeconds)
  const stepMinutes = model.stepSeconds / 60
  const tenMinutesGain = gainOfHalfLife(10 / stepMinutes)
  const hourGain = gainOfHalfLife(60 / stepMinutes)
  const { median, spread: unit } = model.yardstick
  const bySpread = spread.map((s) => (s > 0 ? 1 / s : 0))
  const { scalars, unusualSince, calmRows, recent, departure, whitened } = state
  const z = new Float64Array(metrics)
  const gradient = new Float64Array(dims)
  const missing = new Uint8Array(dims)
  const impute = imputer(whitening, dims)
  const farthest = new Float64Array(metrics)

  const followMetrics = (atSeconds: number): void => {
    for (let j = 0; j < metrics; j++) {
      if (farthest[j]! >= UNUSUAL) {
        if (Number.isNaN(unusualSince[j])) unusualSince[j] = atSeconds
        calmRows[j] = 0
      } else if (!Number.isNaN(unusualSince[j])) {
        calmRows[j] = farthest[j]! < CALM ? calmRows[j]! + 1 : 0
        if (calmRows[j]! > CALM_ROWS) unusualSince[j] = Number.NaN
      }
    }
  }

  const followEpisode = (atSeconds: number, score: number): void => {
    const { elevated, alarm } = model.thresholds
    const since = scalars[SCALAR.elevatedSince]!
    if (score >= elevated) {
      if (Number.isNaN(since)) scalars[SCALAR.elevatedSince] = atSeconds
    } else scalars[SCALAR.elevatedSince] = Number.NaN
    const alarmed = !Number.isNaN(scalars[SCALAR.alarmSince]!)
    if (score >= alarm) {
      if (!alarmed) scalars[SCALAR.alarmSince] = Number.isFinite(since) ? since : atSeconds
      scalars[SCALAR.quietRows] = 0
    } else if (alarmed) {
      const quiet = score < ALARM_END_SHARE * alarm ? scalars[SCALAR.quietRows]! + 1 : 0
      scalars[SCALAR.quietRows] = quiet
      if (quiet >= quietLimit) scalars[SCALAR.alarmSince] = Number.NaN
    }
  }

  const score = (atSeconds: number, row: ArrayLike<number>): number => {
    const last = scalars[SCALAR.lastAt]!
    const steps = !Number.isNaN(last) ? Math.round((atSeconds - last) / model.stepSeconds) : 1
    // A row that is repeated or late says nothing new; the answer of the newest row stands.
    if (steps < 1) return scalars[SCALAR.score]!
    if (steps > 1) features.skip(steps - 1)
    scalars[SCALAR.lastAt] = atSeconds
    normalise(row, steps, z)
    subtractSeason(model.day, atSeconds, z)
    subtractSeason(model.week, atSeconds, z)
    features.write(z, departure)
    farthest.fill(0)
    let gaps = 0
    for (let i = 0, j = 0; i < dims; i++) {
      const v = departure[i]!
      const gap = Number.isNaN(v)
      missing[i] = gap ? 1 : 0
      if (gap && bySpread[i]! > 0) gaps++
      const d = gap ? 0 : v - mean[i]!
      departure[i] = d
      const far = (d < 0 ? -d : d) * bySpread[i]!
      if (far > farthest[j]!) farthest[j] = far
      if (++j === metrics) j = 0
    }
    const squared = gaps > 0 ? impute(departure, missing, whitened) : whiten(whitening, dims, departure, whitened)
    const distance = Math.log1p(squared / dims)
    const rows = scalars[SCALAR.rows]!
    if (rows === 0) {
      scalars[SCALAR.fast] = distance
      scalars[SCALAR.slow] = distance
    }
    const fast = scalars[SCALAR.fast]! + fastGain * (distance - scalars[SCALAR.fast]!)
    const slow = scalars[SCALAR.slow]!
    const value = fast - slow
    scalars[SCALAR.fast] = fast
    scalars[SCALAR.slow] = slow + slowGain * (distance - slow)
    scalars[SCALAR.score] = value
    scalars[SCALAR.distance] = distance
    recent[rows % recent.length] = value
    const inSpreads = Math.min(MOST_SPREADS, Math.max(0, (value - median) / unit))
    scalars[SCALAR.tenMinutes] =
      scalars[SCALAR.tenMinutes]! + tenMinutesGain * (inSpreads - scalars[SCALAR.tenMinutes]!)
    scalars[SCALAR.hour] = scalars[SCALAR.hour]! + hourGain * (inSpreads - scalars[SCALAR.hour]!)
    scalars[SCALAR.rows] = rows + 1
    followMetrics(atSeconds)
    followEpisode(atSeconds, value)
    return value
  }

  const contributions = (limit = 5): Contribution[] => {
    whitenTransposed(whitening, dims, whitened, gradient)
    const parts = new Float64Array(metrics)
    for (let i = 0; i < dims; i++) parts[i % metrics] = parts[i % metrics]! + departure[i]! * gradient[i]!
    let total = 0
    for (const p of parts) total += Math.max(0, p)
    if (!(total > 0)) return []
    const elevated = scalars[SCALAR.elevatedSince]!
    return Array.from(parts, (part, j) => {
      const own = unusualSince[j]!
      const since = Number.isFinite(own) ? own : elevated
      return {
        metric: model.metrics[j]!,
        share: Math.max(0, part) / total,
        sinceSeconds: Number.isFinite(since) ? since : null,
      }
    })
      .filter((c) => c.share > 0)
      .sort((a, b) => b.share - a.share || (a.metric < b.metric ? -1 : 1))
      .slice(0, limit)
  }

  return { score, contributions, model }
}
