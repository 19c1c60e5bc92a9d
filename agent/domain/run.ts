import { z } from 'zod'
import { Action, Target } from './action.ts'
import { Instant } from './time.ts'

/**
 * Everything that can happen to a run, by state, and where it leads; what does not stand here is refused. A run that waits (`paused`) waits for a
 * person and for nothing else, and every state that holds the group can be left by one.
 */
export const RUN_EVENTS = Object.freeze({
  pending: { start: 'running', lapse: 'cancelled', abort: 'cancelled' },
  running: {
    finish: 'succeeded',
    /** A stage failed and nothing had been touched. */
    give_up: 'failed',
    /** A stage failed, and what was done is undone. */
    undo: 'rolling_back',
    /** A person wants to look first, a freeze was set, a stage asks, or undoing would do harm. */
    pause: 'paused',
    abort: 'rolling_back',
  },
  paused: { resume: 'running', undo: 'rolling_back', abort: 'rolling_back' },
  rolling_back: { undone: 'rolled_back', stuck: 'rollback_failed' },
  /** Something stands that should not; undoing is tried again when a person says so. */
  rollback_failed: { abort: 'rolling_back' },
  succeeded: {},
  failed: {},
  cancelled: {},
  rolled_back: {},
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
  return Object.values<RunState>(RUN_EVENTS[from]).includes(to)
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
  /** The stage's name within the plan, or `run` for what concerns all of it. */
  stage: z.string().min(1),
  /** `effect`: about to change something. `would`: a rehearsal would have changed it. */
  kind: z.enum([
    'intent',
    'effect',
    'would',
    'applied',
    'verified',
    'failed',
    'undo_intent',
    'undone',
    'undo_failed',
    'note',
  ]),
  detail: z.string(),
  /** What the stage needs to undo or to continue after a crash. */
  data: z.record(z.string(), z.unknown()),
})
export type JournalEntry = z.infer<typeof JournalEntry>

/** What each kind of line says to people. */
export const JOURNAL_WORDS: Readonly<Record<JournalEntry['kind'], string>> = {
  intent: 'begins',
  effect: 'does',
  would: 'would',
  applied: 'applied',
  verified: 'verified',
  failed: 'FAILED',
  undo_intent: 'is being undone',
  undone: 'undone',
  undo_failed: 'COULD NOT BE UNDONE',
  note: 'notes',
}

/** The journal's name for what concerns the run as a whole. */
export const WHOLE_RUN = 'run'
