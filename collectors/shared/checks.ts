import { z } from 'zod'
import type { Observer } from '../../agent/domain/evidence.ts'
import type { CheckStatus, HealthCheckSignal } from '../../agent/domain/signal.ts'
import type { Instant } from '../../agent/domain/time.ts'
import type { Clock } from '../../agent/lib/clock.ts'

/** Who stands behind each well-known check. */
export const CHECK_OBSERVERS: Readonly<Record<string, Observer>> = {
  internal_services: 'own_telemetry',
  external_uptime: 'outside_probe',
  cross_cloud_probe: 'outside_probe',
  db_replication_lag: 'own_telemetry',
  node_states: 'own_telemetry',
  provider_api: 'provider',
}

/** Options that every measuring check has. */
export const CheckOptions = z.strictObject({
  /** The name of the check: a weight of the health score, or one of your own. */
  check: z.string().min(1),
  /** Set `outside_probe` only where the agent itself runs outside the place that may fail. */
  observer: z.enum(['provider', 'own_telemetry', 'outside_probe']).optional(),
  timeoutMs: z.number().int().min(100).max(60_000).default(5000),
})

/** Whose observation a check is; one of your own is own telemetry unless the options say otherwise. */
export function observerOf(options: { readonly check: string; readonly observer?: Observer | undefined }): Observer {
  return options.observer ?? CHECK_OBSERVERS[options.check] ?? 'own_telemetry'
}

/** The one signal of a measuring check. */
export function checkSignal(
  check: string,
  status: CheckStatus,
  detail: string,
  checkedAt: Instant,
  latencyMs: number | null = null,
): HealthCheckSignal {
  return {
    kind: 'health_check',
    id: `health:${check}:1`,
    check,
    status,
    latencyMs: latencyMs === null ? null : Math.round(latencyMs),
    detail,
    checkedAt,
  }
}

/**
 * Runs a probe with a time of its own, shorter than the collector's, so that silence of the probed is an answer ("it does not answer") instead of
 * a failure to look.
 */
export async function probeWithin<T>(
  clock: Clock,
  timeoutMs: number,
  abort: AbortSignal,
  probe: (abort: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController()
  const done = new AbortController()
  clock.sleep(timeoutMs, AbortSignal.any([abort, done.signal])).then(
    () => late.abort(new Error('no answer in time')),
    () => undefined,
  )
  const stop = AbortSignal.any([abort, late.signal])
  try {
    return await new Promise<T>((resolve, reject) => {
      stop.addEventListener('abort', () => reject(stop.reason), { once: true })
      probe(stop).then(resolve, reject)
    })
  } finally {
    done.abort()
  }
}
