import type { Run } from '../domain/run.ts'
import type { Service } from '../domain/service.ts'
import { type Instant, instantOf } from '../domain/time.ts'
import type { Notification, NotificationSeverity } from '../notify/notifier.ts'
import { type NewOutboxMessage, outboxMessage } from '../notify/outbox.ts'

export interface RunMessage {
  readonly run: Run
  readonly planName: string
  readonly service: Service
  readonly isPage: boolean
  readonly severity: NotificationSeverity
  readonly title: string
  readonly lines: readonly string[]
  readonly at: Instant
}

/** What to type next, for each state that a person may find a run in. */
const COMMANDS: Readonly<Partial<Record<Run['state'], string>>> = {
  running: 'failwise run pause',
  paused: 'failwise run resume',
  rolling_back: 'failwise runs',
  rollback_failed: 'failwise run abort',
}

/** A message about a run; several about the same state of the same run are told once. */
export function runMessages(message: RunMessage, channels: readonly string[]): NewOutboxMessage[] {
  const { run, planName, service, title, lines, at } = message
  const command = COMMANDS[run.state]
  const rehearsal = run.isDryRun ? 'rehearsal of ' : ''
  const notification: Notification = {
    id: `run:${run.id}:${run.generation ?? 0}:${title}`.slice(0, 300),
    // Beside the incident's own key, so that the end of one never resolves the other.
    dedupeKey: `run:${run.id}`,
    kind: message.isPage ? 'page' : 'notify',
    severity: message.severity,
    title: `${service.name}: ${rehearsal}${planName}: ${title}`.slice(0, 300),
    service: service.name,
    reasonLines: lines.map((line) => line.slice(0, 500)).slice(0, 30),
    runbookUrl: service.runbookUrl ?? null,
    overrideCommand: command === undefined ? null : `${command} ${run.id}`,
    recordUrl: null,
    at,
  }
  const wrapped = outboxMessage(notification, channels)
  return wrapped ? [wrapped] : []
}

/** The present as an instant. */
export function nowOf(clock: { now(): number }): Instant {
  return instantOf(clock.now())
}
