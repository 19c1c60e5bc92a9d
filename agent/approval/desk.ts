import type { ButtonValue } from './button-value.ts'
import type { Card } from './card.ts'
import type { Person } from './people.ts'

/** What came of a click or a command, in words for the one who made it. */
export interface Reply {
  readonly isDone: boolean
  readonly text: string
}

/** Where a click came from, as the other side's signed request says. */
export interface Origin {
  readonly userId: string
  readonly teamId: string | null
  readonly channel: string | null
  /** The message that was clicked; null for dialogs and commands. */
  readonly place: string | null
}

/** Somebody of ours, who clicked. */
export interface Clicker {
  readonly person: Person
  readonly origin: Origin
}

/** What clicks and commands may ask for. Whether anything counts is decided behind it, in one transaction with the stored question. */
export interface Desk {
  /** Null when the signed request's user is nobody of ours; that is on the record then. */
  clicker(origin: Origin, what: string): Promise<Clicker | null>
  /** The question as it stands now; null when there is none, or when the message is not where it was asked. */
  card(about: ButtonValue, origin: Origin): Promise<Card | null>
  /** Somebody is shown the dialog of a question, and may answer or not; on the record, as every click is. */
  opened(about: ButtonValue, by: Clicker, what: string): Promise<void>
  approve(about: ButtonValue, by: Clicker, typed: { consent: string; comment: string }): Promise<Reply>
  refuse(about: ButtonValue, by: Clicker, reason: string): Promise<Reply>
  moreTime(about: ButtonValue, by: Clicker): Promise<Reply>
  reassess(about: ButtonValue, by: Clicker): Promise<Reply>
  label(about: ButtonValue, by: Clicker, label: 'right' | 'wrong'): Promise<Reply>
  command(text: string, by: Clicker): Promise<Reply>
  /** A click that nobody could have made with our own messages; on the record. */
  strange(what: string, origin: Origin): Promise<void>
}
