import { z } from 'zod'
import type { AuditEntry, AuditKind } from './audit.ts'
import { Instant } from './time.ts'

/** An event in the words of CloudEvents 1.0, with its data as JSON. */
export const CloudEvent = z.object({
  specversion: z.literal('1.0'),
  /** The same for every repetition of one event; with `source` it names the event everywhere. */
  id: z.string().min(1).max(300),
  source: z.string().min(1).max(300),
  type: z.string().min(1).max(300),
  subject: z.string().max(1000).optional(),
  time: Instant.optional(),
  datacontenttype: z.string().optional(),
  data: z.unknown(),
})
export type CloudEvent = z.infer<typeof CloudEvent>

/** What waits in the outbox until a broker has it. */
export interface OutgoingEvent {
  readonly id: string
  readonly type: string
  readonly subject: string
  readonly at: Instant
  readonly data: unknown
  /** How often it was tried before. */
  readonly attempts: number
}

/** What others may want to react to. Single votes stay on the record alone. */
const PUBLISHED: ReadonlySet<AuditKind> = new Set<AuditKind>([
  'decision_made',
  'assessment_failed',
  'approval_requested',
  'approval_closed',
  'run_requested',
  'run_changed',
  'run_measured',
  'incident_closed',
  'freeze_set',
  'freeze_lifted',
])

/** The event that tells of an entry of the audit log; null when nobody is told of its kind. */
export function eventOfEntry(entry: AuditEntry): Pick<OutgoingEvent, 'type' | 'subject' | 'data'> | null {
  if (!PUBLISHED.has(entry.kind)) return null
  const about = entry as { service?: string | null; group?: string; incidentId?: string | null }
  const subject = about.service ?? about.group ?? about.incidentId ?? 'everything'
  return { type: `failwise.${entry.kind}`, subject, data: entry }
}
