import type { Clock } from '../lib/clock.ts'
import { Fault } from '../lib/errors.ts'
import type { AgentSelf, Buried } from '../store/keeping.ts'
import type { AgentRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import { type Loop, startLoop } from './loop.ts'

export interface LifeDeps {
  readonly store: Pick<Store, 'agents'>
  readonly clock: Clock
  readonly self: AgentSelf
  /** Whether another agent's process is gone for certain, although it was heard of a moment ago. */
  readonly isGone: (other: AgentRecord) => Promise<boolean>
  /** A dead agent's work is free again. */
  readonly onBuried: (buried: Buried) => void
  /** This agent was silent for so long that others have its work now. */
  readonly onTakenForDead: () => void
  readonly onError: (name: string, error: unknown) => void
}

export interface LifeTimes {
  readonly heartbeatMs: number
  /** Three heartbeats: an agent that misses one is slow, not dead. */
  readonly deadAfterMs: number
}

/** A killed agent's work is free after 20 seconds at most. */
export const LIFE_TIMES: LifeTimes = Object.freeze({ heartbeatMs: 5000, deadAfterMs: 15_000 })

/** Takes the agent's name in the database. One that lives under the same name is waited for as long as it could be a dead one that was not found yet. */
export async function announce(deps: LifeDeps, { deadAfterMs }: LifeTimes = LIFE_TIMES): Promise<void> {
  const { clock, store, self, isGone } = deps
  const startedMs = clock.elapsed()
  for (;;) {
    const other = await store.agents.register(self, { deadAfterMs, isGone })
    if (other === null) return
    if (clock.elapsed() - startedMs > deadAfterMs * 1.5)
      throw new Fault(
        'config_invalid',
        `another agent named "${self.id}" is alive (pid ${other.pid} on ${other.host})`,
        {
          hint: 'Give every agent an agentId of its own, or none: then each makes one up.',
        },
      )
    await clock.sleep(1000)
  }
}

/**
 * Gives signs of life, and buries agents that give none. Who was itself cut off, or asleep, until a moment ago does not judge others: after an outage of the
 * database everybody looks dead.
 */
export function startLife(deps: LifeDeps, times: LifeTimes = LIFE_TIMES): Loop {
  const { store, clock, self } = deps
  const { heartbeatMs, deadAfterMs } = times
  let steadySinceMs: number | null = null
  let lastMs: number | null = null

  const round = async () => {
    const beganMs = clock.elapsed()
    try {
      const seen = await store.agents.heartbeat(self)
      const atMs = clock.elapsed()
      const wasAway = lastMs !== null && atMs - lastMs > heartbeatMs * 2
      if (seen === 'was_taken_for_dead') deps.onTakenForDead()
      if (steadySinceMs === null || wasAway || seen === 'was_taken_for_dead') steadySinceMs = beganMs
      lastMs = atMs
    } catch (error) {
      steadySinceMs = null
      throw error
    }
    if (clock.elapsed() - steadySinceMs >= deadAfterMs)
      for (const buried of await store.agents.bury(deadAfterMs, self.id)) deps.onBuried(buried)
    return false
  }
  // Without a longer pause after failures: it must be heard of as soon as the database is back.
  return startLoop({
    name: 'heartbeat',
    clock,
    intervalMs: heartbeatMs,
    longestPauseFactor: 1,
    round,
    onError: deps.onError,
  })
}
