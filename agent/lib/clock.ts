/** Where the time comes from. Passed in everywhere, so that tests and replays own it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Monotonic milliseconds, for durations. */
  elapsed(): number
  /** Resolves after the time, or rejects with the abort's reason. */
  sleep(ms: number, abort?: AbortSignal): Promise<void>
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  sleep: (ms, abort) =>
    new Promise((resolve, reject) => {
      if (abort?.aborted) return reject(abort.reason)
      const onAbort = () => {
        clearTimeout(timer)
        reject(abort?.reason)
      }
      const timer = setTimeout(() => {
        abort?.removeEventListener('abort', onAbort)
        resolve()
      }, ms)
      abort?.addEventListener('abort', onAbort, { once: true })
    }),
}

/** A clock that stands still, for replays: it always says the same moment, and a wait on it ends only by its abort. */
export function stoppedClock(nowMs: number): Clock {
  return {
    now: () => nowMs,
    elapsed: () => 0,
    sleep: (_ms, abort) =>
      new Promise((_resolve, reject) => {
        if (abort?.aborted) reject(abort.reason)
        else abort?.addEventListener('abort', () => reject(abort.reason), { once: true })
      }),
  }
}
