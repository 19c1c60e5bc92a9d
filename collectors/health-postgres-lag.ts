import { z } from 'zod'
import type { Collector } from './collector.ts'
import { CheckOptions, checkSignal, observerOf } from './shared/checks.ts'
import type { CollectorPorts } from './shared/ports.ts'
import { PostgresOptions, standbyLag } from './shared/postgres.ts'

/** Replication lag of a standby. */
export const Options = CheckOptions.extend(PostgresOptions.shape).extend({
  source: z.literal('health-postgres-lag'),
  check: z.string().min(1).default('db_replication_lag'),
  /** From here on it is degraded; half of the service's recovery point objective unless set. */
  degradedAboveSeconds: z.number().min(0).optional(),
  /** From here on it is an error; the recovery point objective unless set, since promoting would break it. */
  errorAboveSeconds: z.number().min(0).optional(),
})
export type Options = z.infer<typeof Options>

/** Where there is neither an objective nor an option, a minute of lost data is taken for too much. */
const DEFAULT_ERROR_SECONDS = 60

/** Asks a PostgreSQL standby how far it is behind. */
export function healthPostgresLag(options: Options, ports: Pick<CollectorPorts, 'queryPostgres'>): Collector {
  return {
    name: `health:${options.check}`,
    source: 'health-postgres-lag',
    observer: observerOf(options),
    timeoutMs: options.timeoutMs,
    async collect({ service }, ctx) {
      const rpoSeconds = service.slo ? service.slo.rpoMinutes * 60 : DEFAULT_ERROR_SECONDS
      const errorAbove = options.errorAboveSeconds ?? rpoSeconds
      const degradedAbove = options.degradedAboveSeconds ?? errorAbove / 2
      const { lagSeconds, detail } = await standbyLag(options, ports, Math.floor(options.timeoutMs * 0.8), ctx)
      const status =
        lagSeconds === null
          ? 'unknown'
          : lagSeconds > errorAbove
            ? 'error'
            : lagSeconds > degradedAbove
              ? 'degraded'
              : 'ok'
      return [checkSignal(options.check, status, detail, ctx.window.to)]
    },
  }
}
