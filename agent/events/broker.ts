import type { CloudEvent } from '../domain/cloud-event.ts'

/** A message that a broker hands over; it comes back until one of the three is called. */
export interface ReceivedMessage {
  readonly body: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** How often it was handed over, this time included. */
  readonly deliveries: number
  /** What it told of is durable here; resolves when the broker knows. */
  done(): Promise<void>
  /** Not now: it is handed over again after a while. */
  later(delayMs: number): void
  /** It can never be taken, and is not handed over again. */
  refuse(reason: string): void
}

/** What is needed of a message broker, whichever it is. */
export interface Broker {
  /** Resolves when the broker keeps the event durably. A Fault that is not retryable means that it never will. */
  publish(event: CloudEvent): Promise<void>
  /** Takes what waits, at most so many; waits a little when there is nothing. */
  receive(limit: number): Promise<readonly ReceivedMessage[]>
  close(): Promise<void>
}
