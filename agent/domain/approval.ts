import { z } from 'zod'
import { Action, Target } from './action.ts'
import { Instant } from './time.ts'

/** Approval states and where each may go next; everything but pending is final. */
export const APPROVAL_TRANSITIONS = Object.freeze({
  pending: ['approved', 'refused', 'expired', 'superseded'],
  approved: [],
  refused: [],
  expired: [],
  superseded: [],
} as const)

export const ApprovalStatus = z.enum(['pending', 'approved', 'refused', 'expired', 'superseded'])
export type ApprovalStatus = z.infer<typeof ApprovalStatus>

/** One person's answer. The identity comes from a signed request or a session, never from text. */
export const Vote = z.object({
  person: z.string().min(1),
  answer: z.enum(['approve', 'refuse']),
  /** slack, console, cli */
  via: z.string().min(1),
  at: Instant,
  comment: z.string().nullable(),
})
export type Vote = z.infer<typeof Vote>

/** A question to people, bound to the facts, the plan and the target it was asked about; it expires to "no" and can be used once. */
export const Approval = z.object({
  id: z.string().min(1),
  decisionId: z.string().min(1),
  incidentId: z.string().min(1),
  eventId: z.string().nullable(),
  service: z.string().min(1),
  group: z.string().min(1),
  action: Action,
  target: Target.nullable(),
  factsHash: z.string().min(1),
  planHash: z.string().nullable(),
  requestedBy: z.string().min(1),
  /** Who may answer; empty means nobody. */
  approvers: z.array(z.string().min(1)),
  /** How many different people must approve. */
  needed: z.number().int().min(1),
  /** Seconds of data that approving accepts to lose; null when the plan promises none. */
  dataLossSeconds: z.number().min(0).nullable(),
  /** What was asked, in words for people. */
  summary: z.string(),
  cooldownSeconds: z.number().int().min(0),
  status: ApprovalStatus,
  createdAt: Instant,
  expiresAt: Instant,
  closedAt: Instant.nullable(),
  closedReason: z.string().nullable(),
  votes: z.array(Vote),
})
export type Approval = z.infer<typeof Approval>

/** Why an answer did not count; a closed set because it is also shown beside a disabled button. */
export const AnswerRefusal = z.enum([
  'not_found',
  'not_pending',
  'expired',
  'superseded',
  'facts_changed',
  'plan_changed',
  'policy_changed',
  'frozen',
  'cooldown',
  'group_busy',
  'no_plan',
  'not_an_approver',
  'is_requester',
  'already_voted',
  'no_consent',
  'no_reason',
])
export type AnswerRefusal = z.infer<typeof AnswerRefusal>
