import { z } from 'zod'
import { instantOf } from '../domain/time.ts'
import type { Clock } from '../lib/clock.ts'
import { asFault, Fault } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'
import { Notification, type Notifier } from './notifier.ts'

/** One message to one channel, as the store keeps it. */
interface OutboxMessage {
  readonly id: string
  readonly dedupeKey: string
  readonly channel: string
  readonly incidentId: string | null
  readonly payload: Readonly<Record<string, unknown>>
  /** How often it was claimed, this time included. */
  readonly attempts: number
}

/** A message to be kept. */
export interface NewOutboxMessage {
  readonly dedupeKey: string
  readonly channel: string
  readonly payload: Record<string, unknown>
}

/** Where messages wait. Claims are leases: a message whose sender dies comes back, and is then sent a second time. */
export interface OutboxPort {
  claim(limit: number, leaseMs: number, agentId?: string): Promise<readonly OutboxMessage[]>
  markSent(id: string): Promise<void>
  /** Null gives up. */
  markFailed(id: string, error: string, nextAttemptAt: string | null): Promise<void>
  /** False when a message with this key is already there. */
  enqueue(message: NewOutboxMessage & { readonly incidentId: string | null }): Promise<boolean>
}

export const DeliveryOptions = z
  .strictObject({
    batch: z.number().int().positive().default(20),
    sendTimeoutMs: z.number().int().positive().default(15_000),
    firstDelayMs: z.number().int().positive().default(1000),
    maxDelayMs: z.number().int().positive().default(300_000),
    /** About half a day of trying with the defaults. */
    maxAttempts: z.number().int().positive().default(150),
    /** Tries after which the next channel is used as well: two pages are better than none. */
    fallbackAfterAttempts: z.number().int().positive().default(4),
    idleMs: z.number().int().positive().default(1000),
  })
  .prefault({})
export type DeliveryOptions = z.infer<typeof DeliveryOptions>

export interface DeliveryPorts {
  readonly outbox: OutboxPort
  /** Whose claims they are; when it dies, its messages need not wait for the end of the lease. */
  readonly agentId?: string
  readonly notifiers: readonly Notifier[]
  readonly clock: Clock
  /** 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number
  readonly log: Log
  /** Ends one attempt after a time. */
  readonly deadline: (ms: number) => AbortSignal
}

/** What is kept of a message: the text, and where it goes when its channel fails. */
const Payload = z.object({ notification: Notification, fallbacks: z.array(z.string()) })

/** The outbox message for a notification: the first channel, with the others behind it. */
export function outboxMessage(notification: Notification, channels: readonly string[]): NewOutboxMessage | null {
  const [channel, ...fallbacks] = channels
  if (channel === undefined) return null
  return { dedupeKey: `${notification.id}:${channel}`, channel, payload: { notification, fallbacks } }
}

export interface DeliveryRound {
  readonly sent: number
  readonly retried: number
  readonly givenUp: number
}

/** Sends everything that is due, once. A crash between sending and marking repeats the message under the same keys. */
export async function deliverDue(ports: DeliveryPorts, options: DeliveryOptions): Promise<DeliveryRound> {
  // Each attempt may take the whole timeout; a lease that ends earlier would let another agent send it meanwhile.
  const messages = await ports.outbox.claim(options.batch, options.sendTimeoutMs * 2 + 10_000, ports.agentId)
  const outcomes = await Promise.all(
    messages.map((message) =>
      deliver(message, ports, options).catch((error: unknown): Outcome => {
        // Not marked, so its lease brings it back; the others of this round must not suffer for it.
        ports.log.warn({ message: message.id, err: error }, 'outbox cannot be written, message comes back')
        return 'retried'
      }),
    ),
  )
  const count = (wanted: Outcome) => outcomes.filter((outcome) => outcome === wanted).length
  return { sent: count('sent'), retried: count('retried'), givenUp: count('given_up') }
}

/** Delivers until aborted; a store that is away is waited for. */
export async function runDelivery(ports: DeliveryPorts, options: DeliveryOptions, abort: AbortSignal): Promise<void> {
  while (!abort.aborted) {
    let isBusy = false
    try {
      const { sent, retried, givenUp } = await deliverDue(ports, options)
      isBusy = sent + retried + givenUp >= options.batch
    } catch (error) {
      ports.log.warn({ err: error }, 'outbox cannot be read, trying again')
    }
    if (isBusy || abort.aborted) continue
    await ports.clock.sleep(options.idleMs, abort).catch(() => undefined)
  }
}

type Outcome = 'sent' | 'retried' | 'given_up'

async function deliver(message: OutboxMessage, ports: DeliveryPorts, options: DeliveryOptions): Promise<Outcome> {
  const { outbox, log } = ports
  const fields = { message: message.id, channel: message.channel, incident: message.incidentId }
  const fault = await trySend(message, ports, options)
  if (fault === null) {
    await outbox.markSent(message.id)
    log.info(fields, 'notification sent')
    return 'sent'
  }
  const attempts = Math.max(1, message.attempts)
  const isFinal = !fault.retryable || attempts >= options.maxAttempts
  // The fallback is written first: a crash in between repeats this, and the key keeps it single.
  const handedOn = isFinal || attempts >= options.fallbackAfterAttempts ? await tryNextChannel(message, outbox) : null
  if (isFinal) {
    await outbox.markFailed(message.id, fault.message, null)
    if (handedOn === null)
      log.error({ ...fields, attempts, err: fault }, 'notification could not be delivered to anybody by this channel')
    else
      log.error(
        { ...fields, attempts, next: handedOn, err: fault },
        'notification channel refused, next channel is used',
      )
    return 'given_up'
  }
  const delayMs = delayAfter(attempts, fault.retryAfterMs, ports.random, options)
  await outbox.markFailed(message.id, fault.message, instantOf(ports.clock.now() + delayMs))
  log.warn({ ...fields, attempts, delayMs, next: handedOn, err: fault }, 'notification not delivered yet')
  return 'retried'
}

/** Null when it was sent. */
async function trySend(message: OutboxMessage, ports: DeliveryPorts, options: DeliveryOptions): Promise<Fault | null> {
  const notifier = ports.notifiers.find(({ name }) => name === message.channel)
  if (!notifier)
    return new Fault('config_invalid', `there is no channel ${JSON.stringify(message.channel)} in the configuration`)
  const payload = Payload.safeParse(message.payload)
  if (!payload.success) return new Fault('store_corrupt', 'the stored notification cannot be read')
  try {
    await notifier.send(payload.data.notification, ports.deadline(options.sendTimeoutMs))
    return null
  } catch (error) {
    // A fault of our own may pass with the next version; a page that is never sent does not.
    const fault = asFault(error)
    return fault.code === 'internal' ? new Fault('internal', fault.message, { cause: error, retryable: true }) : fault
  }
}

/** Puts the message on the next channel; its name, or null when there is none. */
async function tryNextChannel(message: OutboxMessage, outbox: OutboxPort): Promise<string | null> {
  const payload = Payload.safeParse(message.payload)
  if (!payload.success) return null
  const next = outboxMessage(payload.data.notification, payload.data.fallbacks)
  if (!next) return null
  await outbox.enqueue({ ...next, incidentId: message.incidentId })
  return next.channel
}

/** Doubling, half of it random so that a thousand messages do not return in one wave, and never sooner than the other side asks. */
function delayAfter(
  attempts: number,
  retryAfterMs: number | undefined,
  random: () => number,
  options: DeliveryOptions,
): number {
  const backoffMs = Math.min(options.maxDelayMs, options.firstDelayMs * 2 ** Math.min(attempts - 1, 30))
  const jitteredMs = backoffMs / 2 + (backoffMs / 2) * random()
  // A server may ask for a day; a page cannot wait that long.
  return Math.round(Math.max(jitteredMs, Math.min(retryAfterMs ?? 0, options.maxDelayMs)))
}
