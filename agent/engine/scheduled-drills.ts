import { instantOf } from '../domain/time.ts'
import type { CronTimes } from '../lib/cron.ts'
import type { Store } from '../store/store.ts'

/** A plan that is drilled at certain times. */
export interface ScheduledDrill {
  readonly plan: string
  readonly times: CronTimes
  /** Really does it; only for plans on a sandbox. */
  readonly isLive: boolean
}

export interface ScheduledDrillDeps {
  readonly store: Pick<Store, 'agents'>
  readonly drills: readonly ScheduledDrill[]
  readonly nowMs: number
  /** Asks for the run; a refusal is an answer, and told. */
  readonly start: (drill: ScheduledDrill, abort: AbortSignal) => Promise<{ readonly refused: string | null }>
  readonly onStarted: (drill: ScheduledDrill, at: string, refused: string | null) => void
}

/** A drill whose time passed while nobody was there is not made up for: it would start at an hour that nobody chose. */
const LATEST_MS = 5 * 60_000

/** Starts what is due, once for all agents that share a database. Returns how many. */
export async function startDueDrills(deps: ScheduledDrillDeps, abort: AbortSignal): Promise<number> {
  let started = 0
  for (const drill of deps.drills) {
    abort.throwIfAborted()
    const dueMs = drill.times.lastBetween(deps.nowMs - LATEST_MS, deps.nowMs)
    if (dueMs === null) continue
    const at = instantOf(dueMs)
    // Whoever notes it first starts it; a crash right after that costs one drill and doubles none.
    if (!(await deps.store.agents.isFirstDelivery('scheduled-drills', `${drill.plan} ${at}`))) continue
    const { refused } = await deps.start(drill, abort)
    deps.onStarted(drill, at, refused)
    started += 1
  }
  return started
}
