import type { ReadPorts, WritePorts } from '../../actions/ports.ts'
import type { WriteProbe } from '../../actions/probe.ts'
import type { Clock } from '../lib/clock.ts'
import { type Loop, startLoop } from './loop.ts'
import { measureLoss, type Stamp, type StampLoss } from './write-stamps.ts'

export interface Stamper extends Loop {
  /** What of the acknowledged stamps of the last while is gone; null when none was acknowledged. */
  measure(abort: AbortSignal): Promise<StampLoss | null>
}

const KEPT_MS = 30 * 60_000
/** A write that takes this long is none that a user would have waited for. */
const PATIENCE_MS = 5000

/**
 * Writes numbered stamps all the time through the users' way, so that after a move it can be measured which acknowledged writes are gone. A stamp that was
 * not acknowledged promises nothing and is forgotten.
 */
export function startStamper(
  probe: WriteProbe,
  ports: { readonly read: ReadPorts; readonly write: WritePorts; readonly clock: Clock },
  prefix: string,
): Stamper {
  const { clock } = ports
  let made = 0
  let acknowledged: Stamp[] = []
  const loop = startLoop({
    name: 'stamps',
    clock,
    intervalMs: probe.everyMs,
    round: async (abort) => {
      made += 1
      const id = `${prefix}:${made}`
      const atMs = clock.elapsed()
      await probe.write(ports.write, id, AbortSignal.any([abort, AbortSignal.timeout(PATIENCE_MS)]))
      acknowledged = [...acknowledged.filter((stamp) => atMs - stamp.atMs <= KEPT_MS), { id, atMs }]
      return false
    },
    // Writes fail in every outage; that is what the acknowledged ones are kept for.
    onError: () => undefined,
  })
  return {
    ...loop,
    measure: async (abort) => {
      const followed = [...acknowledged]
      if (followed.length === 0) return null
      const ids = followed.map(({ id }) => id)
      return measureLoss(followed, await probe.found(ports.read, ids, abort))
    },
  }
}
