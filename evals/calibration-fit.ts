import { type Calibration, type CalibrationMap, calibrate, logOdds } from '../agent/domain/calibration.ts'
import { sha256 } from '../agent/domain/canonical.ts'
import { brier, ece, type Forecast } from './reliability.ts'

const FOLDS = 5

/**
 * Fits one map for an analyst: isotonic and Platt compete on cases that each has not seen, and the better one is fitted on all. Null with
 * fewer than 20 verdicts, or when neither beats the stated confidence: a map that does not help must not be committed.
 */
export function fitCalibration(
  forecasts: readonly Forecast[],
  of: { readonly analyst: string; readonly promptHash: string | null; readonly casesHash: string },
): Calibration | null {
  if (forecasts.length < 20) return null
  const rivals = (['isotonic', 'platt'] as const).map((method) => ({ method, held: crossValidated(forecasts, method) }))
  const best = rivals.reduce((a, b) => (brier(b.held) < brier(a.held) ? b : a))
  if (brier(best.held) >= brier(forecasts)) return null
  return {
    format: 'calibration/v1',
    analyst: of.analyst,
    promptHash: of.promptHash,
    map: fitMap(forecasts, best.method),
    fittedOn: { cases: forecasts.length, casesHash: of.casesHash },
    crossValidated: {
      folds: FOLDS,
      brierBefore: rounded(brier(forecasts)),
      brierAfter: rounded(brier(best.held)),
      eceBefore: rounded(ece(forecasts)),
      eceAfter: rounded(ece(best.held)),
    },
  }
}

/** Each forecast with the confidence of a map that was fitted without its group's fold. */
export function crossValidated(forecasts: readonly Forecast[], method: CalibrationMap['method']): Forecast[] {
  const maps = Array.from({ length: FOLDS }, (_, fold) => {
    const seen = forecasts.filter(({ group }) => foldOf(group) !== fold)
    return seen.length === 0 ? null : fitMap(seen, method)
  })
  return forecasts.map((forecast) => {
    const map = maps[foldOf(forecast.group)]
    return map ? { ...forecast, confidence: calibrate(map, forecast.confidence) } : forecast
  })
}

/** Each forecast with the confidence of a map fitted without its own kind, such as everything that one author wrote. */
export function leaveOneOut(forecasts: readonly Forecast[], kindOf: (forecast: Forecast) => string): Forecast[] {
  const kinds = new Map<string, CalibrationMap>()
  for (const kind of new Set(forecasts.map(kindOf))) {
    const rest = forecasts.filter((other) => kindOf(other) !== kind)
    if (rest.length > 0) kinds.set(kind, fitMap(rest, 'platt'))
  }
  return forecasts.map((forecast) => {
    const map = kinds.get(kindOf(forecast))
    return map ? { ...forecast, confidence: calibrate(map, forecast.confidence) } : forecast
  })
}

/** The fold comes from the group's name, so that adding a case moves no other case to another fold. */
function foldOf(group: string): number {
  return Number.parseInt(sha256(group).slice(0, 8), 16) % FOLDS
}

function fitMap(forecasts: readonly Forecast[], method: CalibrationMap['method']): CalibrationMap {
  return method === 'isotonic' ? fitIsotonic(forecasts) : fitPlatt(forecasts)
}

/** Pool adjacent violators; each pool keeps one imaginary hit and miss, so that few cases never claim certainty. */
export function fitIsotonic(forecasts: readonly Forecast[]): CalibrationMap {
  const pools: Pool[] = []
  for (const pool of tied(forecasts)) {
    pools.push(pool)
    for (let last = pools.at(-1), before = pools.at(-2); last && before; last = pools.at(-1), before = pools.at(-2)) {
      if (share(before) < share(last)) break
      before.confidence += last.confidence
      before.hits += last.hits
      before.count += last.count
      pools.pop()
    }
  }
  let floor = 0
  const points = pools.map((pool): [number, number] => {
    floor = Math.max(floor, (pool.hits + 1) / (pool.count + 2))
    return [rounded(pool.confidence / pool.count), rounded(floor)]
  })
  return { method: 'isotonic', points }
}

/** Verdicts that are read as one: `confidence` is their sum. */
interface Pool {
  confidence: number
  hits: number
  count: number
}

/** Verdicts of equal confidence are one pool from the start, lowest first: the order in which cases come must not matter. */
function tied(forecasts: readonly Forecast[]): Pool[] {
  const groups = new Map<number, Pool>()
  for (const { confidence, correct } of forecasts) {
    const pool = groups.get(confidence) ?? { confidence: 0, hits: 0, count: 0 }
    groups.set(confidence, pool)
    pool.confidence += confidence
    pool.hits += correct ? 1 : 0
    pool.count++
  }
  return [...groups].sort(([a], [b]) => a - b).map(([, pool]) => pool)
}

function share(pool: Pool): number {
  return pool.hits / pool.count
}

/** Newton's method on two parameters with Platt's softened targets; a falling slope is flattened to the base rate. */
export function fitPlatt(forecasts: readonly Forecast[]): CalibrationMap {
  const hits = forecasts.filter(({ correct }) => correct).length
  const yes = (hits + 1) / (hits + 2)
  const no = 1 / (forecasts.length - hits + 2)
  const base = logOdds((hits + 1) / (forecasts.length + 2))
  let slope = 0
  let intercept = base
  for (let round = 0; round < 50; round++) {
    let [g0, g1, h00, h01, h11] = [0, 0, 1e-6, 0, 1e-6]
    for (const { confidence, correct } of forecasts) {
      const x = logOdds(confidence)
      const p = 1 / (1 + Math.exp(-(slope * x + intercept)))
      const weight = p * (1 - p)
      const off = p - (correct ? yes : no)
      g0 += off * x
      g1 += off
      h00 += weight * x * x
      h01 += weight * x
      h11 += weight
    }
    const scale = h00 * h11 - h01 * h01
    if (scale < 1e-12) break
    const [ds, di] = [(h11 * g0 - h01 * g1) / scale, (h00 * g1 - h01 * g0) / scale]
    slope -= ds
    intercept -= di
    if (Math.abs(ds) + Math.abs(di) < 1e-10) break
  }
  if (!Number.isFinite(slope) || slope < 0) return { method: 'platt', slope: 0, intercept: rounded(base) }
  return { method: 'platt', slope: rounded(slope), intercept: rounded(intercept) }
}

function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6
}
