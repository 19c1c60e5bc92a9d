import type { Clock } from '../lib/clock.ts'
import { asFault } from '../lib/errors.ts'

/** Something that runs until it is stopped. */
export interface Loop {
  /** Ends the loop and waits for the round in progress. */
  stop(): Promise<void>
  /** Starts the next round now instead of after the pause. */
  nudge(): void
}

export interface LoopOptions {
  readonly name: string
  readonly clock: Clock
  readonly intervalMs: number
  /** One round. True asks for the next one at once, because there is more to do. */
  readonly round: (abort: AbortSignal) => Promise<boolean | undefined>
  /** The longest pause after failures, in intervals; 8 unless given. */
  readonly longestPauseFactor?: number
  /** A round failed; the loop goes on, after a pause that doubles while it keeps failing. */
  readonly onError: (name: string, error: unknown) => void
}

const LONGEST_PAUSE_FACTOR = 8

/** Runs a round again and again; a failing round never ends the loop, and two rounds never overlap. */
export function startLoop(options: LoopOptions): Loop {
  const { clock, intervalMs } = options
  const stop = new AbortController()
  let wake = new AbortController()
  let failures = 0

  const run = async () => {
    while (!stop.signal.aborted) {
      wake = new AbortController()
      let isMore = false
      try {
        isMore = (await options.round(stop.signal)) === true
        failures = 0
      } catch (error) {
        if (stop.signal.aborted) return
        failures += 1
        options.onError(options.name, asFault(error))
      }
      if (isMore) continue
      const pauseMs = intervalMs * Math.min(2 ** failures, options.longestPauseFactor ?? LONGEST_PAUSE_FACTOR)
      await clock.sleep(pauseMs, AbortSignal.any([stop.signal, wake.signal])).catch(() => undefined)
    }
  }
  const done = run()
  return {
    stop: async () => {
      stop.abort()
      await done
    },
    nudge: () => wake.abort(),
  }
}
