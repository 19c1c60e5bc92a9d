import type { CloudEvent } from '../domain/cloud-event.ts'
import { asFault } from '../lib/errors.ts'
import type { EventSent } from '../store/keeping.ts'
import type { Store } from '../store/store.ts'

export interface PublishDeps {
  readonly store: Pick<Store, 'outgoing'>
  /** Resolves when it is durable on the other side. */
  readonly publish: (event: CloudEvent) => Promise<void>
  /** The CloudEvents source of this installation. */
  readonly source: string
  readonly onOutcome: (outcome: EventSent['outcome'], error?: unknown) => void
}

const BATCH = 50

/**
 * Publishes what waits. Each event was written with what it tells of, and stays until the broker has it: a crash in between publishes it again under the
 * same id. True when there may be more.
 */
export async function publishWaiting({ store, publish, source, onOutcome }: PublishDeps): Promise<boolean> {
  const gone = await store.outgoing.drain(BATCH, async ({ id, type, subject, at, data }) => {
    const json = 'application/json'
    try {
      await publish({ specversion: '1.0', id, source, type, subject, time: at, datacontenttype: json, data })
      onOutcome('published')
      return { outcome: 'published', error: null }
    } catch (error) {
      const fault = asFault(error)
      const outcome = fault.code === 'payload_too_large' ? 'refused' : 'failed'
      onOutcome(outcome, fault)
      return { outcome, error: fault.message }
    }
  })
  return gone === BATCH
}
