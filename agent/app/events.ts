import type { Alert } from '../domain/alert.ts'
import { type Instant, instantOf } from '../domain/time.ts'
import { type Loop, startLoop } from '../engine/loop.ts'
import { publishWaiting } from '../engine/publish.ts'
import type { Broker } from '../events/broker.ts'
import { readEventMessage } from '../ingest/cloud-event.ts'
import { type HealthEvent, readInfrastructureHealth } from '../ingest/infrastructure-health.ts'
import { settle } from '../ingest/settle.ts'
import type { Clock } from '../lib/clock.ts'
import { asFault } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'
import type { Store } from '../store/store.ts'
import type { AgentMetrics } from './metrics.ts'

export interface EventDeps {
  readonly broker: Broker
  readonly isPublishing: boolean
  readonly isConsuming: boolean
  readonly source: string
  readonly store: Store
  readonly metrics: Pick<AgentMetrics, 'eventsPublished' | 'eventsReceived'>
  readonly clock: Clock
  readonly log: Log
  readonly skewToleranceSeconds: number
  readonly keepMetrics: (event: HealthEvent) => Promise<void>
  readonly intake: (alerts: readonly Alert[], receivedAt: Instant) => Promise<unknown>
  readonly nudge: () => void
  readonly onError: (name: string, error: unknown) => void
}

const AGAIN_AFTER_MS = 5000
const BATCH = 32

/** Publishes what is on record, and takes in what others tell. */
export function startEvents(deps: EventDeps): Loop[] {
  const { broker, store, clock, log, metrics, source, onError } = deps
  const loops: Loop[] = []
  const loop = (name: string, intervalMs: number, round: () => Promise<boolean>) =>
    loops.push(startLoop({ name, clock, intervalMs, round, onError }))
  if (deps.isPublishing)
    loop('events-out', 500, () =>
      publishWaiting({
        ...{ store, source, publish: (event) => broker.publish(event) },
        onOutcome: (outcome, error) => {
          metrics.eventsPublished.inc({ outcome })
          if (outcome === 'refused') log.error({ err: error }, 'event can never be published, and is given up')
          else if (outcome === 'failed') log.warn({ err: error }, 'event is not published yet')
        },
      }),
    )
  if (deps.isConsuming)
    loop('events-in', 1000, async () => {
      const messages = await broker.receive(BATCH)
      for (const message of messages) await takeIn(message, deps)
      return messages.length > 0
    })
  return loops
}

/** Stores what a message tells, then lets the broker forget it. A message that comes twice changes nothing the second time. */
async function takeIn(message: Awaited<ReturnType<Broker['receive']>>[number], deps: EventDeps): Promise<void> {
  const { metrics, log, clock, store } = deps
  let content: { id: string | null; event: HealthEvent }
  try {
    const { id, data } = readEventMessage(message.body, message.headers)
    content = { id, event: readInfrastructureHealth(data) }
  } catch (error) {
    const fault = asFault(error)
    metrics.eventsReceived.inc({ outcome: 'refused' })
    log.warn({ err: fault, bytes: message.body.length }, 'event cannot be read, and is refused')
    return message.refuse(fault.message)
  }
  try {
    const { id, event } = content
    await deps.keepMetrics(event)
    const receivedAt = instantOf(clock.now())
    const { skewToleranceSeconds } = deps
    const { alerts } = settle(
      { alerts: event.alert ? [event.alert] : [], notes: [] },
      { receivedAt, skewToleranceSeconds },
    )
    if (alerts.length > 0) {
      await deps.intake(alerts, receivedAt)
      deps.nudge()
    }
    // Counted after it is stored: storing twice is harmless, forgetting is not.
    const isFirst = id === null || (await store.agents.isFirstDelivery('events', id.slice(0, 500)))
    await message.done()
    metrics.eventsReceived.inc({ outcome: isFirst ? 'taken' : 'repeated' })
  } catch (error) {
    metrics.eventsReceived.inc({ outcome: 'later' })
    log.warn({ err: asFault(error), deliveries: message.deliveries }, 'event could not be stored, it comes again')
    message.later(AGAIN_AFTER_MS)
  }
}
