import type { Card } from './card.ts'

/** A place where people are asked. It only shows: what was asked and answered is in the store. */
export interface Approver {
  readonly name: string
  /**
   * Brings everything that is shown about the card's incident up to date, in as few calls as possible; called again and again, and doing nothing when
   * nothing changed. Throws a retryable Fault while the place is away.
   */
  request(card: Card): Promise<void>
}
