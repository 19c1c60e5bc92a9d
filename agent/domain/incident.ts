import { z } from 'zod'
import { Instant } from './time.ts'

/** Incident states and where each may go next. */
export const INCIDENT_TRANSITIONS = Object.freeze({
  open: ['assessing', 'executing', 'closed'],
  assessing: ['open', 'awaiting_approval', 'executing', 'mitigated', 'closed'],
  awaiting_approval: ['assessing', 'executing', 'open', 'closed'],
  executing: ['mitigated', 'open', 'closed'],
  mitigated: ['open', 'assessing', 'executing', 'closed'],
  closed: [],
} as const)

export const IncidentState = z.enum(['open', 'assessing', 'awaiting_approval', 'executing', 'mitigated', 'closed'])
export type IncidentState = z.infer<typeof IncidentState>

/** Alerts about one failover group, from open to closed. */
export const Incident = z.object({
  id: z.string().min(1),
  service: z.string().min(1),
  group: z.string().min(1),
  /** The event that it hangs under when many groups are hit at once. */
  eventId: z.string().nullable(),
  state: IncidentState,
  severity: z.string(),
  openedAt: Instant,
  updatedAt: Instant,
  closedAt: Instant.nullable(),
  nextAssessmentAt: Instant.nullable(),
  assessments: z.number().int().min(0),
  /** Consecutive good, fresh evaluations; three of them close it. */
  goodEvaluations: z.number().int().min(0),
})
export type Incident = z.infer<typeof Incident>
