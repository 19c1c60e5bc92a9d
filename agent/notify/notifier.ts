import { z } from 'zod'
import { Instant } from '../domain/time.ts'

export const NotificationSeverity = z.enum(['critical', 'error', 'warning', 'info'])
export type NotificationSeverity = z.infer<typeof NotificationSeverity>

/** A message to people, as the outbox keeps it: everything that any channel needs, in plain text. */
export const Notification = z.object({
  /** One message; sending it again under this id is a repeat, not news. */
  id: z.string().min(1),
  /** What it is about, such as an incident: a later message with the same key updates or resolves the earlier one. */
  dedupeKey: z.string().min(1),
  /** `page` wakes somebody, `notify` informs, `resolve` ends a page, `late` pages because no decision came in time. */
  kind: z.enum(['page', 'notify', 'resolve', 'late']),
  severity: NotificationSeverity,
  title: z.string().min(1),
  service: z.string().min(1),
  /** The reason first: what is wrong, what was decided, what was blocked and why. */
  reasonLines: z.array(z.string()),
  runbookUrl: z.string().nullable(),
  /** What to type to overrule the agent. */
  overrideCommand: z.string().nullable(),
  recordUrl: z.string().nullable(),
  at: Instant,
})
export type Notification = z.infer<typeof Notification>

/**
 * One channel to people. Resolves when the other side has taken the message; throws a Fault whose `retryable` says whether to try again and
 * whose `retryAfterMs` says when at the earliest.
 */
export interface Notifier {
  readonly name: string
  send(notification: Notification, abort: AbortSignal): Promise<void>
}
