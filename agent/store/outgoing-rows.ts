import type { AuditEntry } from '../domain/audit.ts'
import { eventOfEntry, type OutgoingEvent } from '../domain/cloud-event.ts'
import { instantOf } from '../domain/time.ts'
import type { StoreContext } from './context.ts'
import { storable, type Tx } from './database.ts'

type NewEvent = Pick<OutgoingEvent, 'type' | 'subject' | 'data'>

/** Queues events within the transaction of what they tell of; nothing when nobody is told. */
export async function enqueueEvents(tx: Tx, context: StoreContext, events: readonly NewEvent[]): Promise<void> {
  if (!context.isPublishing || events.length === 0) return
  const at = instantOf(context.clock.now())
  await tx
    .insertInto('outgoing_events')
    .values(
      events.map(({ type, subject, data }) => ({
        ...{ id: context.newId('evt'), type, subject, at },
        data: JSON.stringify(data, (_key, value) => storable(value)),
      })),
    )
    .execute()
}

/** The events of entries that were put on record. */
export function eventsOf(entries: readonly AuditEntry[]): NewEvent[] {
  return entries.flatMap((entry) => eventOfEntry(entry) ?? [])
}
