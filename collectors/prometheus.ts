import { z } from 'zod'
import { type SeriesSignal, Sli } from '../agent/domain/signal.ts'
import { epochMs } from '../agent/domain/time.ts'
import { Fault } from '../agent/lib/errors.ts'
import type { CollectContext, Collector } from './collector.ts'
import { EndpointOptions } from './shared/endpoint.ts'
import { queryPrometheus, type Vector } from './shared/prometheus-driver.ts'

/** One named range query on one Prometheus server (or anything that speaks its API). */
export const Options = EndpointOptions.extend({
  source: z.literal('prometheus'),
  name: z.string().min(1),
  query: z.string().min(1),
  unit: z.string().default(''),
  sli: z.strictObject(Sli.shape).optional(),
  stepSeconds: z.number().int().min(1).default(30),
  /** A query that explodes into labels is cut: twenty lines are a picture, a thousand are a bill. */
  maxSeries: z.number().int().positive().default(20),
  maxPoints: z.number().int().positive().default(20_000),
})
export type Options = z.infer<typeof Options>

/** Runs one named query over the window; every series of the answer becomes one signal. */
export function prometheus(options: Options): Collector {
  const name = `prometheus:${options.name}`
  return {
    name,
    source: 'prometheus',
    observer: 'own_telemetry',
    timeoutMs: options.timeoutMs,
    async collect(_scope, ctx) {
      const { from, to } = ctx.window
      const vectors = await queryPrometheus(options, `Prometheus query "${options.name}"`, ctx, (driver) =>
        driver.rangeQuery(options.query, epochMs(from), epochMs(to), options.stepSeconds),
      )
      return keepWithinCaps(vectors, options, ctx).map(
        (vector, index): SeriesSignal => ({
          kind: 'series',
          id: `${name}:series-${index + 1}`,
          name: options.name,
          unit: options.unit,
          query: options.query,
          labels: { ...vector.metric?.labels, ...(vector.metric?.name && { __name__: vector.metric.name }) },
          sli: options.sli ?? null,
          stepSeconds: options.stepSeconds,
          points: (vector.values ?? []).map(({ time, value }) => [
            time.getTime() / 1000,
            // NaN and the infinities are answers ("no traffic", "empty histogram"), and none of them is a number.
            Number.isFinite(value) ? value : null,
          ]),
        }),
      )
    },
  }
}

/** Cuts whole series, never points: half a series would look like a gap. */
function keepWithinCaps(vectors: readonly Vector[], options: Options, ctx: CollectContext): Vector[] {
  const kept: Vector[] = []
  let points = 0
  for (const vector of vectors) {
    points += vector.values?.length ?? 0
    if (kept.length >= options.maxSeries || points > options.maxPoints) break
    kept.push(vector)
  }
  if (vectors.length > 0 && kept.length === 0)
    throw new Fault(
      'upstream_too_large',
      `Prometheus query "${options.name}" answered one series of ${points} points`,
      {
        details: { maxPoints: options.maxPoints },
      },
    )
  if (kept.length < vectors.length) ctx.truncated(`${kept.length} of ${vectors.length} series kept`)
  return kept
}
