import type { Clock } from '../../agent/lib/clock.ts'

/** A clock that a test moves. Waits up to `instantMs` pass at once; longer ones pass when the test advances the clock. */
export interface SteppingClock extends Clock {
  /** Every wait that was asked for, in order. */
  readonly waits: readonly number[]
  advance(ms: number): void
}

export function steppingClock(options: { readonly startMs?: number; readonly instantMs?: number } = {}): SteppingClock {
  const startMs = options.startMs ?? Date.parse('2026-03-01T12:00:00Z')
  const instantMs = options.instantMs ?? 0
  let passed = 0
  const waits: number[] = []
  const sleepers = new Set<{ readonly at: number; readonly wake: () => void }>()
  const advance = (ms: number) => {
    passed += ms
    for (const sleeper of [...sleepers]) if (sleeper.at <= passed) sleeper.wake()
  }
  return {
    waits,
    advance,
    now: () => startMs + passed,
    elapsed: () => passed,
    sleep(ms, abort) {
      waits.push(ms)
      if (abort?.aborted) return Promise.reject(abort.reason)
      if (ms <= instantMs) {
        advance(ms)
        return Promise.resolve()
      }
      return new Promise((resolve, reject) => {
        const sleeper = {
          at: passed + ms,
          wake: () => {
            sleepers.delete(sleeper)
            resolve()
          },
        }
        sleepers.add(sleeper)
        abort?.addEventListener('abort', () => {
          sleepers.delete(sleeper)
          reject(abort.reason)
        })
      })
    },
  }
}
