import { z } from 'zod'
import { Target } from '../agent/domain/action.ts'
import type { ReadinessSignal } from '../agent/domain/signal.ts'
import type { Instant } from '../agent/domain/time.ts'
import { epochMs } from '../agent/domain/time.ts'
import { asFault, Fault, isFault } from '../agent/lib/errors.ts'
import type { CollectContext, Collector } from './collector.ts'
import { EndpointOptions } from './shared/endpoint.ts'
import { HttpProbeOptions, probeHttp } from './shared/http-probe.ts'
import { KeptInstant, readKeptInstant } from './shared/kept-instant.ts'
import type { CollectorPorts } from './shared/ports.ts'
import { PostgresOptions, standbyLag } from './shared/postgres.ts'
import { queryPrometheus } from './shared/prometheus-driver.ts'

const Query = EndpointOptions.extend({ query: z.string().min(1) })

/** A place to move to, measured by ourselves; what is not configured stays unknown, and unknown never counts as ready. */
export const Options = z.strictObject({
  source: z.literal('readiness'),
  target: Target,
  health: HttpProbeOptions.omit({ check: true, observer: true }).optional(),
  /** A query that gives the share of today's load that the place could carry now, such as 1.2 for 120 %. */
  capacity: Query.extend({
    okFrom: z.number().positive().default(1),
    /** Below it there is next to nothing. */
    lowFrom: z.number().min(0).default(0.1),
  }).optional(),
  /** Seconds of data that promoting it now would lose. */
  lag: z.union([z.strictObject({ postgres: PostgresOptions }), z.strictObject({ prometheus: Query })]).optional(),
  sharedDependencies: z.array(z.string().min(1)).default([]),
  lastBackup: KeptInstant.optional(),
  lastRestoreTest: KeptInstant.optional(),
  timeoutMs: z.number().int().min(100).max(60_000).default(10_000),
})
export type Options = z.infer<typeof Options>

type Ports = Pick<CollectorPorts, 'clock' | 'queryPostgres' | 'readText'>

/** Measures health, capacity, lag, last backup and last restore test of one target, all at once. */
export function readiness(options: Options, ports: Ports): Collector {
  return {
    name: `readiness:${options.target}`,
    source: 'readiness',
    observer: 'target',
    timeoutMs: options.timeoutMs,
    async collect({ service }, ctx) {
      const exists = service[options.target] !== null
      const measured = exists ? await measure(options, ports, ctx) : NOTHING
      const signal: ReadinessSignal = {
        kind: 'readiness',
        id: `readiness:${options.target}:1`,
        target: options.target,
        exists,
        ...measured,
        sharedDependencies: exists ? [...options.sharedDependencies] : [],
        checkedAt: ctx.window.to,
      }
      return [signal]
    },
  }
}

type Measured = Pick<
  ReadinessSignal,
  'healthy' | 'capacity' | 'replicationLagSeconds' | 'lastBackupAt' | 'lastRestoreTestAt' | 'detail'
>

const NOTHING: Measured = {
  healthy: null,
  capacity: 'unknown',
  replicationLagSeconds: null,
  lastBackupAt: null,
  lastRestoreTestAt: null,
  detail: null,
}

/** One part that cannot be measured leaves its value unknown and is told; only when no part could be measured, nobody has looked. */
async function measure(options: Options, ports: Ports, ctx: CollectContext): Promise<Measured> {
  const told: string[] = []
  const faults: Fault[] = []
  let wanted = 0
  const part = async <T>(name: string, run: (() => Promise<T>) | undefined, otherwise: T): Promise<T> => {
    if (!run) return otherwise
    wanted += 1
    try {
      return await run()
    } catch (error) {
      ctx.abort.throwIfAborted()
      const fault = asFault(error)
      faults.push(fault)
      told.push(`${name}: ${isFault(error) ? fault.message : 'could not be measured'}`)
      return otherwise
    }
  }
  const { health, capacity, lag, lastBackup, lastRestoreTest } = options
  const [healthy, room, lagSeconds, backupAt, restoreAt] = await Promise.all([
    part('health', health && (() => healthOf(health, ports, ctx, told)), null),
    part('capacity', capacity && (() => capacityOf(capacity, ctx)), 'unknown' as const),
    part('lag', lag && (() => lagOf(lag, options, ports, ctx, told)), null),
    part('last backup', lastBackup && (() => readKeptInstant(lastBackup, 'the last backup', ports, ctx)), null),
    part(
      'last restore test',
      lastRestoreTest && (() => readKeptInstant(lastRestoreTest, 'the last restore test', ports, ctx)),
      null,
    ),
  ])
  const [first] = faults
  if (first && faults.length === wanted) throw first
  return {
    healthy,
    capacity: room,
    replicationLagSeconds: lagSeconds,
    lastBackupAt: notInFuture(backupAt, ctx),
    lastRestoreTestAt: notInFuture(restoreAt, ctx),
    detail: told.length > 0 ? await ctx.mask(told.sort().join('; ')) : null,
  }
}

/** A time that has not come yet is somebody's mistake and proves nothing. */
function notInFuture(at: Instant | null, ctx: CollectContext): Instant | null {
  return at !== null && epochMs(at) <= epochMs(ctx.window.to) ? at : null
}

async function healthOf(
  health: NonNullable<Options['health']>,
  { clock }: Ports,
  ctx: CollectContext,
  told: string[],
): Promise<boolean | null> {
  const { status, detail } = await probeHttp({ ...health, check: 'readiness' }, clock, ctx)
  if (status !== 'ok') told.push(`health: ${detail}`)
  // A place that answers only now and then is not one to move to.
  return status === 'unknown' ? null : status === 'ok'
}

async function capacityOf(options: NonNullable<Options['capacity']>, ctx: CollectContext) {
  const share = await instantValue(options, 'the capacity query', ctx)
  if (share === null) return 'unknown'
  if (share >= options.okFrom) return 'ok'
  return share >= options.lowFrom ? 'low' : 'none'
}

async function lagOf(
  lag: NonNullable<Options['lag']>,
  { timeoutMs }: Options,
  ports: Ports,
  ctx: CollectContext,
  told: string[],
): Promise<number | null> {
  if ('prometheus' in lag) {
    const seconds = await instantValue(lag.prometheus, 'the lag query', ctx)
    return seconds !== null && seconds >= 0 ? seconds : null
  }
  const { lagSeconds, detail } = await standbyLag(lag.postgres, ports, Math.floor(timeoutMs * 0.8), ctx)
  told.push(`lag: ${detail}`)
  return lagSeconds
}

/** The value of a query that gives one series; null when it gives none or no number. */
async function instantValue(options: z.infer<typeof Query>, what: string, ctx: CollectContext): Promise<number | null> {
  const vectors = await queryPrometheus(options, what, ctx, (driver) => {
    return driver.instantQuery(options.query, epochMs(ctx.window.to))
  })
  if (vectors.length > 1)
    throw new Fault('upstream_malformed', `${what} gives ${vectors.length} series where one is expected`, {
      hint: 'aggregate it, for example by min() or max()',
    })
  const value = vectors[0]?.value?.value
  return value !== undefined && Number.isFinite(value) ? value : null
}
