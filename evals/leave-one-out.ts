import { fitCalibration, leaveOneOut } from './calibration-fit.ts'
import { authorOf } from './case.ts'
import { brier, ece, type Forecast } from './reliability.ts'
import type { CaseResult } from './result.ts'
import { bootstrap, type Interval } from './statistics.ts'
import { type GroupRow, isGood, rowOf } from './summary.ts'

/** How a group does against everything else: a decider that was fitted to the rest falls behind on what the rest does not show. */
export interface LeftOut {
  readonly group: string
  readonly kind: 'author' | 'tag'
  readonly inside: GroupRow
  readonly rest: GroupRow
  /** Share of good decisions inside minus in the rest, and its interval. */
  readonly gap: number
  readonly gapInterval: Interval
}

/** The smallest tag group for which a share still says something. */
const SMALLEST_GROUP = 6

/** Leaves out each author's cases, then each larger tag's, and compares them with the rest. */
export function leaveOneGroupOut(results: readonly CaseResult[]): LeftOut[] {
  const authors = [...new Set(results.map((one) => one.author))].sort()
  const tags = [...new Set(results.flatMap((one) => one.tags))].sort()
  const rows = [
    ...authors.map((group) => leftOut('author', group, results, (one) => one.author === group)),
    ...tags.map((group) => leftOut('tag', group, results, (one) => one.tags.includes(group))),
  ]
  return rows.filter(
    ({ kind, inside, rest }) =>
      rest.cases > 0 && (kind === 'author' ? inside.cases > 1 : inside.cases >= SMALLEST_GROUP),
  )
}

function leftOut(
  kind: LeftOut['kind'],
  group: string,
  results: readonly CaseResult[],
  isInside: (one: CaseResult) => boolean,
): LeftOut {
  const inside = rowOf(group, results.filter(isInside))
  const rest = rowOf(
    `all but ${group}`,
    results.filter((one) => !isInside(one)),
  )
  const column = (of: (one: CaseResult) => boolean) => results.map((one) => (of(one) ? 1 : 0))
  const columns = [
    column((one) => isInside(one) && isGood(one)),
    column(isInside),
    column((one) => !isInside(one) && isGood(one)),
    column((one) => !isInside(one)),
  ]
  const gapOf = ([goodInside = 0, inside = 0, goodRest = 0, rest = 0]: Float64Array) =>
    goodInside / inside - goodRest / rest
  const episodes = results.map((one) => one.episode)
  const gapInterval = bootstrap(episodes, columns, gapOf, `left-out:${kind}:${group}`)
  return { group, kind, inside, rest, gap: inside.exactOrAcceptable - rest.exactOrAcceptable, gapInterval }
}

/** What calibration is worth on cases by somebody whose cases the map has not seen. */
export interface LeftOutCalibration {
  readonly forecasts: number
  readonly brierStated: number
  readonly brierLeftOut: number
  readonly eceStated: number
  readonly eceLeftOut: number
}

/** Fits a map on all authors but one, and judges it on that one. */
export function leaveOneAuthorOutCalibration(results: readonly CaseResult[]): LeftOutCalibration | null {
  const stated = results.flatMap((one) => (one.confidence === null ? [] : [{ ...forecastOf(one), group: one.id }]))
  if (stated.length < 20) return null
  const left = leaveOneOut(stated, ({ group }) => authorOf(group))
  return {
    forecasts: stated.length,
    brierStated: brier(stated),
    brierLeftOut: brier(left),
    eceStated: ece(stated),
    eceLeftOut: ece(left),
  }
}

/**
 * A verdict as a forecast: its confidence is taken as the chance that the recommended action is the best or an equally good one, which is
 * what the gate wants to know of it.
 */
export function forecastOf(result: CaseResult): Forecast {
  return {
    confidence: result.confidence ?? 0,
    correct: result.recommendedTier === 'best' || result.recommendedTier === 'acceptable',
    group: result.episode,
  }
}

/** The map that would be committed for these results. */
export function calibrationOf(
  results: readonly CaseResult[],
  of: { readonly analyst: string; readonly promptHash: string | null; readonly casesHash: string },
) {
  return fitCalibration(results.filter((one) => one.confidence !== null).map(forecastOf), of)
}
