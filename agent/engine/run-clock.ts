import type { Run } from '../domain/run.ts'
import { epochMs, type Instant } from '../domain/time.ts'
import type { Clock } from '../lib/clock.ts'

/** How long a run has been under way. Measured by the monotonic clock as far as this process goes, so that a clock that is set does not bend it. */
export interface RunClock {
  /** Since somebody or something decided that it should run. */
  sinceDecisionMs(): number
  /** Since users began to be hurt; null when nobody knows when. */
  sinceOnsetMs(): number | null
  /** How far the wall clock has moved away from the monotonic one; told once for each further jump. */
  jumpMs(): number | null
}

const JUMP_MS = 5000

/** Starts counting now, from what the wall clock says of the time before. */
export function runClock(run: Run, onsetAt: Instant | null, clock: Clock): RunClock {
  const wallMs = clock.now()
  const beganMs = clock.elapsed()
  // A clock that was set back makes the past shorter than it was; it is never negative.
  const beforeMs = Math.max(0, wallMs - epochMs(run.requestedAt))
  const onsetBeforeMs = onsetAt === null ? null : Math.max(0, wallMs - epochMs(onsetAt))
  let toldMs = 0
  const passedMs = () => clock.elapsed() - beganMs
  return {
    sinceDecisionMs: () => beforeMs + passedMs(),
    sinceOnsetMs: () => (onsetBeforeMs === null ? null : onsetBeforeMs + passedMs()),
    jumpMs: () => {
      const driftMs = clock.now() - wallMs - passedMs()
      if (Math.abs(driftMs - toldMs) < JUMP_MS) return null
      toldMs = driftMs
      return driftMs
    },
  }
}
