import { z } from 'zod'
import type { SeriesSignal } from '../../agent/domain/signal.ts'
import { epochMs } from '../../agent/domain/time.ts'
import type { Look } from '../stage.ts'

/** A series of the service's collectors, and where it has to stay. */
export const SeriesBound = z
  .strictObject({
    /** Name of the configured query. */
    series: z.string().min(1),
    /** Only the members with these labels, such as those of one region. */
    labels: z.record(z.string(), z.string()).default({}),
    max: z.number().optional(),
    min: z.number().optional(),
  })
  .refine(({ max, min }) => max !== undefined || min !== undefined, { error: 'needs max, min or both' })
export type SeriesBound = z.infer<typeof SeriesBound>

/** `unknown` is everything that is no positive evidence: no such series, too few values since the moment, values missing. */
export interface BoundResult {
  readonly state: 'within' | 'breached' | 'unknown'
  readonly detail: string
}

/** How the values that are newer than a moment are judged. */
export interface Judging {
  readonly sinceMs: number
  readonly minimumSamples: number
  /**
   * `every`: one that is out of bounds is a breach, whatever came after. `newest`: the last of them count, since a rate tells of the time before for as
   * long as it looks back, and recovery shows at its end only.
   */
  readonly judged: 'every' | 'newest'
}

/** Judges the values of one series; as many as `minimumSamples` must be there and within the bound. */
export function judgeBound(look: Look, bound: SeriesBound, judging: Judging): BoundResult {
  const { sinceMs, minimumSamples, judged } = judging
  const members = look.snapshot.evidence.flatMap(({ signals }) =>
    signals.filter((signal): signal is SeriesSignal => signal.kind === 'series' && isMeant(signal, bound)),
  )
  if (members.length === 0) return { state: 'unknown', detail: `${bound.series}: no such series was seen` }
  const untilMs = epochMs(look.snapshot.takenAt)
  const results = members.map(({ points }): BoundResult => {
    const fresh = points.filter(([at]) => at * 1000 > sinceMs && at * 1000 <= untilMs).map(([, value]) => value)
    // Among the newest a missing value is none of the good ones that are needed.
    const counted = judged === 'newest' ? fresh.slice(-minimumSamples) : fresh
    const values = counted.filter((value) => value !== null)
    const wrong = values.find((value) => isOutside(value, bound))
    if (wrong !== undefined) return { state: 'breached', detail: `${bound.series} was ${wrong} (${boundText(bound)})` }
    const detail = `${bound.series}: ${values.length} of ${minimumSamples} values since then (${boundText(bound)})`
    return { state: values.length >= minimumSamples ? 'within' : 'unknown', detail }
  })
  return (
    results.find(({ state }) => state === 'breached') ?? results.find(({ state }) => state === 'unknown') ?? results[0]!
  )
}

/** All bounds together: one that is breached breaches, and one that is unknown leaves it unknown. No bounds at all are no evidence. */
export function judgeBounds(look: Look, bounds: readonly SeriesBound[], judging: Judging): BoundResult {
  const results = bounds.map((bound) => judgeBound(look, bound, judging))
  const worst = results.find(({ state }) => state === 'breached') ?? results.find(({ state }) => state === 'unknown')
  if (worst) return worst
  if (results.length === 0) return { state: 'unknown', detail: 'no series is named to judge by' }
  return { state: 'within', detail: results.map(({ detail }) => detail).join('; ') }
}

function isMeant(signal: SeriesSignal, { series, labels }: SeriesBound): boolean {
  return signal.name === series && Object.entries(labels).every(([name, value]) => signal.labels[name] === value)
}

function isOutside(value: number, { max, min }: SeriesBound): boolean {
  return (max !== undefined && value > max) || (min !== undefined && value < min)
}

function boundText({ max, min }: SeriesBound): string {
  return [...(min === undefined ? [] : [`at least ${min}`]), ...(max === undefined ? [] : [`at most ${max}`])].join(
    ', ',
  )
}
