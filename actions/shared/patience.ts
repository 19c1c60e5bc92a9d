import { isFault } from '../../agent/lib/errors.ts'
import type { StageContext } from '../stage.ts'

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 8000

/** Tries again while the other side asks us to wait or fails for the moment, until the stage's time is over. Only for what may be done twice. */
export async function patiently<T>(
  ctx: Pick<StageContext, 'clock' | 'abort'>,
  attempt: () => Promise<T>,
  attempts = 6,
): Promise<T> {
  for (let number = 1; ; number++) {
    try {
      return await attempt()
    } catch (error) {
      if (!isFault(error) || !error.retryable || number >= attempts || ctx.abort.aborted) throw error
      const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (number - 1))
      await ctx.clock.sleep(Math.max(pauseMs, error.retryAfterMs ?? 0), ctx.abort)
    }
  }
}
