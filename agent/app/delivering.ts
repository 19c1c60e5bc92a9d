import type { Loop } from '../engine/loop.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import type { Notifier } from '../notify/notifier.ts'
import { type DeliveryOptions, runDelivery } from '../notify/outbox.ts'
import type { Store } from '../store/store.ts'

export interface DeliveringParts {
  readonly store: Pick<Store, 'outbox'>
  readonly agentId: string
  readonly notifiers: readonly Notifier[]
  readonly clock: Clock
  readonly log: Log
}

/** Sends what waits in the outbox until it is stopped; stopping waits for what is being sent. */
export function startDelivery(parts: DeliveringParts, options: DeliveryOptions): Loop {
  const { store, agentId, notifiers, clock, log } = parts
  const delivering = new AbortController()
  const ports = {
    ...{ outbox: store.outbox, agentId, notifiers, clock, log, random: Math.random },
    deadline: (ms: number) => AbortSignal.timeout(ms),
  }
  const delivery = runDelivery(ports, options, delivering.signal)
  return {
    nudge: () => {},
    stop: async () => {
      delivering.abort()
      await delivery
    },
  }
}
