import type { Clock } from '../lib/clock.ts'
import { asFault, Fault } from '../lib/errors.ts'
import type { ModelProvider, ModelReply, ModelRequest } from './model.ts'

export interface CallPorts {
  readonly clock: Clock
  /** 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number
}

export interface CallLimits {
  /** Longest single call. */
  readonly callDeadlineMs: number
  /** Tries per provider, as long as the time allows. */
  readonly attempts: number
  readonly firstDelayMs: number
  /** A call that could not take at least this long is not begun. */
  readonly shortestCallMs: number
}

export interface CallContext {
  /** When the assessment must be over, on the clock's monotonic scale. */
  readonly endsAtMs: number
  /** Providers that could still be asked after this one; time is left for them. */
  readonly othersLeft: number
  readonly abort: AbortSignal
  /** Told about every try that failed and will be repeated. */
  readonly onRetry: (fault: Fault, waitMs: number) => void
}

/**
 * Asks one provider, again after overload and dropped connections when its hint and the remaining time allow it. Throws the last Fault.
 * A call that ran into its own deadline is repeated only when nobody else is left to ask.
 */
export async function callModel(
  provider: ModelProvider,
  request: ModelRequest,
  ports: CallPorts,
  limits: CallLimits,
  context: CallContext,
): Promise<ModelReply> {
  const { clock } = ports
  const remainingMs = () => context.endsAtMs - clock.elapsed()
  for (let number = 1; ; number++) {
    if (context.abort.aborted || remainingMs() < limits.shortestCallMs)
      throw new Fault('deadline', `no time is left to ask ${provider.id}`)
    const callMs = Math.min(limits.callDeadlineMs, remainingMs())
    try {
      return await within(clock, callMs, context.abort, (abort) => provider.complete(request, abort))
    } catch (error) {
      const fault = asFault(error)
      const backoffMs = limits.firstDelayMs * 2 ** (number - 1) * (0.5 + ports.random() / 2)
      const waitMs = fault.code === 'deadline' ? 0 : Math.max(backoffMs, fault.retryAfterMs ?? 0)
      const leftMs = remainingMs() - waitMs
      const hasTime = leftMs >= limits.shortestCallMs * (1 + context.othersLeft)
      const isWorthIt = fault.retryable && (fault.code !== 'deadline' || context.othersLeft === 0)
      if (!isWorthIt || !hasTime || number >= limits.attempts || context.abort.aborted) throw fault
      context.onRetry(fault, waitMs)
      await clock.sleep(waitMs, context.abort).catch(() => undefined)
    }
  }
}

/** Runs work that must end in time, even if it does not listen to its abort. */
async function within<T>(
  clock: Clock,
  ms: number,
  outer: AbortSignal,
  work: (abort: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController()
  const timer = new AbortController()
  const abort = AbortSignal.any([outer, stop.signal])
  clock.sleep(ms, timer.signal).then(
    () => stop.abort(new Fault('deadline', `no answer within ${Math.round(ms)} ms`)),
    () => undefined,
  )
  try {
    return await Promise.race([work(abort), rejectedOn(abort)])
  } finally {
    timer.abort()
  }
}

function rejectedOn(abort: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const fail = () => reject(asDeadline(abort.reason))
    if (abort.aborted) fail()
    else abort.addEventListener('abort', fail, { once: true })
  })
}

function asDeadline(reason: unknown): Fault {
  return reason instanceof Fault ? reason : new Fault('deadline', 'the assessment was given up', { cause: reason })
}
