import { setMaxListeners } from 'node:events'
import type { CollectContext, Collector, Scope } from '../../collectors/collector.ts'
import { type Evidence, FailureKind } from '../domain/evidence.ts'
import { SeriesSignal, Signal } from '../domain/signal.ts'
import { instantOf, type TimeWindow } from '../domain/time.ts'
import type { Clock } from '../lib/clock.ts'
import { asFault, Fault } from '../lib/errors.ts'
import type { Http } from '../lib/http.ts'
import type { Mask } from '../lib/mask.ts'
import { type Retry, tryOnce } from '../lib/retry.ts'
import { type KeepExchange, keepingHttp } from './kept-exchange.ts'
import { sharedReads } from './shared-reads.ts'

/** What one collecting round has in common. */
export interface CollectBase {
  readonly window: TimeWindow
  /** Capped; its bodies are masked and kept here. */
  readonly http: Http
  readonly mask: Mask
  readonly clock: Clock
  /** How reads are repeated; once only unless given. */
  readonly retry?: Retry
  /** Ends the whole round early. */
  readonly abort?: AbortSignal
  /** Takes every masked exchange, to be stored beside the snapshot. */
  readonly keep?: KeepExchange
}

/**
 * Runs all collectors at once and returns one piece of evidence each, sorted by id. Never rejects: a collector that throws, hangs or returns
 * garbage costs its own evidence and nothing else.
 */
export async function collectEvidence(
  collectors: readonly Collector[],
  scope: Scope,
  base: CollectBase,
  deadlineMs: number,
): Promise<Evidence[]> {
  const reads = sharedReads(base.http, base.mask)
  // Every collector listens to it, and there are often more of them than Node takes for a leak.
  if (base.abort) setMaxListeners(0, base.abort)
  try {
    const evidence = await Promise.all(
      collectors.map((collector) => collectOne(collector, scope, base, reads.http, deadlineMs)),
    )
    return evidence.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
  } finally {
    reads.end()
  }
}

async function collectOne(
  collector: Collector,
  scope: Scope,
  base: CollectBase,
  http: Http,
  deadlineMs: number,
): Promise<Evidence> {
  const stop = new AbortController()
  const onCancel = () => stop.abort(new Fault('deadline', 'the assessment was cancelled', CANCELLED))
  if (base.abort?.aborted) onCancel()
  else base.abort?.addEventListener('abort', onCancel, { once: true })
  const left: string[] = []
  const ctx: CollectContext = {
    window: base.window,
    http: base.keep ? keepingHttp(http, base.mask, collector.name, base.keep) : http,
    mask: base.mask,
    retry: base.retry ?? tryOnce,
    abort: stop.signal,
    truncated: (what) => left.push(what),
  }
  const about = { id: collector.name, source: collector.source, observer: collector.observer }
  try {
    const timeoutMs = Math.min(collector.timeoutMs, deadlineMs)
    const returned = await withinTime(base.clock, timeoutMs, stop, async () => collector.collect(scope, ctx))
    const signals = readSignals(returned, collector.name)
    return {
      ...about,
      status: signals.length > 0 ? 'ok' : 'empty',
      observedAt: instantOf(base.clock.now()),
      signals,
      ...(left.length > 0 && { truncated: left.join('; ') }),
    }
  } catch (error) {
    const fault = asFault(error)
    const message = await masked(base.mask, fault)
    return {
      ...about,
      status: 'failed',
      observedAt: instantOf(base.clock.now()),
      signals: [],
      error: { kind: failureKindOf(fault), message },
    }
  } finally {
    base.abort?.removeEventListener('abort', onCancel)
    // What it may have left running is ended with it.
    if (!stop.signal.aborted) stop.abort(new Fault('deadline', `${collector.name} is done`, CANCELLED))
  }
}

const CANCELLED = { details: { failureKind: 'cancelled' } } as const

/** Settles with the collector, or rejects when its time is over or the round is cancelled, whichever comes first. */
function withinTime<T>(clock: Clock, timeoutMs: number, stop: AbortController, run: () => Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    stop.signal.addEventListener('abort', () => reject(stop.signal.reason), { once: true })
    if (stop.signal.aborted) return reject(stop.signal.reason)
    clock.sleep(timeoutMs, stop.signal).then(
      () => stop.abort(new Fault('deadline', `no answer within ${timeoutMs} ms`)),
      // The wait itself was ended because the collector answered first.
      () => undefined,
    )
    run().then(resolve, reject)
  })
}

const SeriesHead = SeriesSignal.omit({ points: true })

/** Validates what a collector returned; points are checked by hand, as a schema over each of them costs more than all else. */
function readSignals(returned: unknown, name: string): Signal[] {
  if (!Array.isArray(returned)) throw new Fault('upstream_malformed', `${name} returned no list of signals`)
  const ids = new Set<string>()
  return returned.map((value: unknown, index) => {
    const isSeries = (value as { kind?: unknown } | null)?.kind === 'series'
    const parsed = isSeries ? SeriesHead.safeParse(value) : Signal.safeParse(value)
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      throw new Fault(
        'upstream_malformed',
        `${name} returned a bad signal: [${index}].${issue?.path.join('.')}: ${issue?.message}`,
      )
    }
    if (ids.has(parsed.data.id))
      throw new Fault('upstream_malformed', `${name} returned the id ${parsed.data.id} twice`)
    ids.add(parsed.data.id)
    if (!isSeries) return parsed.data as Signal
    return { ...(parsed.data as Omit<SeriesSignal, 'points'>), points: readPoints(value, name) }
  })
}

function readPoints(value: unknown, name: string): SeriesSignal['points'] {
  const { points } = value as { points?: unknown }
  const isPoint = (point: unknown) =>
    Array.isArray(point) &&
    point.length === 2 &&
    Number.isFinite(point[0]) &&
    (point[1] === null || Number.isFinite(point[1]))
  if (!Array.isArray(points) || !points.every(isPoint))
    throw new Fault('upstream_malformed', `${name} returned points that are not [seconds, number or null]`)
  return points
}

async function masked(mask: Mask, fault: Fault): Promise<string> {
  try {
    const text = await mask(fault.message)
    return text.length > 300 ? `${text.slice(0, 300)}…` : text
  } catch {
    // Without a mask nothing is said that might be a secret.
    return `failed with ${fault.code}`
  }
}

/** The closed set of reasons, from the code of a fault or from what its thrower states in `details.failureKind`. */
export function failureKindOf(fault: Fault): FailureKind {
  const stated = FailureKind.safeParse(fault.details.failureKind)
  if (stated.success) return stated.data
  const { status } = fault.details
  switch (fault.code) {
    case 'deadline':
      return 'timeout'
    case 'upstream_unreachable':
      return 'network'
    case 'rate_limited':
      return 'rate_limited'
    case 'upstream_malformed':
      return 'malformed'
    case 'upstream_too_large':
      return 'too_large'
    case 'unauthenticated':
    case 'forbidden':
      return 'auth'
    case 'upstream_refused':
      return status === 401 || status === 403 ? 'auth' : 'http'
    default:
      return 'unknown'
  }
}
