import type { Clock } from './clock.ts'
import { asFault } from './errors.ts'
import type { HttpResponse } from './http.ts'

export interface RetryOptions {
  /** How often it is tried in all. */
  readonly attempts: number
  /** The wait before the second try; each further one doubles it. */
  readonly firstDelayMs: number
  readonly maxDelayMs: number
}

export interface RetryPorts {
  readonly clock: Pick<Clock, 'sleep'>
  /** 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number
}

const DEFAULT_RETRY: RetryOptions = Object.freeze({ attempts: 3, firstDelayMs: 250, maxDelayMs: 5000 })

/** Runs an attempt again while it throws retryable Faults; the wait is half fixed, half random, and never shorter than the other side asks. */
export type Retry = <T>(attempt: (number: number) => Promise<T>, abort: AbortSignal) => Promise<T>

/** The one retry of this project. A wait that exceeds `maxDelayMs` is not worth it: the fault is thrown at once. */
export function retrying(ports: RetryPorts, options: RetryOptions = DEFAULT_RETRY): Retry {
  return async (attempt, abort) => {
    for (let number = 1; ; number++) {
      try {
        return await attempt(number)
      } catch (error) {
        const fault = asFault(error)
        if (!fault.retryable || number >= options.attempts || abort.aborted) throw error
        const backoffMs = Math.min(options.maxDelayMs, options.firstDelayMs * 2 ** (number - 1))
        const jitteredMs = backoffMs / 2 + (backoffMs / 2) * ports.random()
        if ((fault.retryAfterMs ?? 0) > options.maxDelayMs) throw error
        try {
          await ports.clock.sleep(Math.max(jitteredMs, fault.retryAfterMs ?? 0), abort)
        } catch {
          // Aborted while waiting: what went wrong before tells more than the abort.
          throw error
        }
      }
    }
  }
}

/** Tries once; for recordings, where the same question has the same answer. */
export const tryOnce: Retry = (attempt) => attempt(1)

/** The Retry-After header in milliseconds: seconds, or a date measured against the answer's own Date header. */
export function retryAfterMsOf(response: Pick<HttpResponse, 'headers'>): number | undefined {
  const value = response.headers['retry-after']
  if (value === undefined) return undefined
  if (/^\d+(\.\d+)?$/.test(value.trim())) return Number(value) * 1000
  const until = Date.parse(value) - Date.parse(response.headers.date ?? '')
  return Number.isFinite(until) && until >= 0 ? until : undefined
}
