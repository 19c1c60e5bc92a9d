import { z } from 'zod'
import { Action, Target } from './action.ts'
import { Instant } from './time.ts'

/** Run states and where each may go next. */
export const RUN_TRANSITIONS = Object.freeze({
  pending: ['running', 'cancelled'],
  running: ['paused', 'succeeded', 'failed', 'rolling_back'],
  paused: ['running', 'cancelled', 'failed', 'rolling_back'],
  succeeded: [],
  failed: ['rolling_back'],
  cancelled: [],
  rolling_back: ['rolled_back', 'rollback_failed'],
  rolled_back: [],
  rollback_failed: ['rolling_back'],
} as const)

export const RunState = z.enum([
  'pending',
  'running',
  'paused',
  'succeeded',
  'failed',
  'cancelled',
  'rolling_back',
  'rolled_back',
  'rollback_failed',
])
export type RunState = z.infer<typeof RunState>

/** States in which a run holds its failover group; a group has at most one such run. */
export const ACTIVE_RUN_STATES: readonly RunState[] = Object.freeze(['pending', 'running', 'paused', 'rolling_back'])

/** Whether a run may go from one state to another. */
export function canRunGo(from: RunState, to: RunState): boolean {
  return (RUN_TRANSITIONS[from] as readonly RunState[]).includes(to)
}

/** One execution of a plan; while pending it is the request for one. */
export const Run = z.object({
  id: z.string().min(1),
  incidentId: z.string().nullable(),
  decisionId: z.string().nullable(),
  approvalId: z.string().nullable(),
  service: z.string().min(1),
  group: z.string().min(1),
  action: Action,
  target: Target.nullable(),
  planHash: z.string().min(1),
  factsHash: z.string().nullable(),
  /** An agent's id or a person. */
  requestedBy: z.string().min(1),
  requestedAt: Instant,
  /** A request that nobody started by then is cancelled: silence means no. */
  startBefore: Instant,
  state: RunState,
  /** Raised when the run starts and at every takeover; effects carry it, and an older one is refused. */
  generation: z.number().int().min(0).nullable(),
  agentId: z.string().nullable(),
  startedAt: Instant.nullable(),
  finishedAt: Instant.nullable(),
  /** A rehearsal that writes to no effector. */
  isDryRun: z.boolean(),
  /** Seconds of data that a person agreed to lose, named in the approval; null when nobody was asked. */
  dataLossConsentSeconds: z.number().min(0).nullable(),
  cooldownSeconds: z.number().int().min(0),
})
export type Run = z.infer<typeof Run>

/** One line of a run's journal: intent is written before the effect. */
export const JournalEntry = z.object({
  runId: z.string().min(1),
  seq: z.number().int().min(1),
  at: Instant,
  generation: z.number().int().min(0),
  stage: z.string().min(1),
  kind: z.enum(['intent', 'applied', 'verified', 'failed', 'undo_intent', 'undone', 'undo_failed', 'note']),
  detail: z.string(),
  /** What the stage needs to undo or to continue after a crash. */
  data: z.record(z.string(), z.unknown()),
})
export type JournalEntry = z.infer<typeof JournalEntry>
