import { z } from 'zod'
import { Action, Disposition, Target } from './action.ts'
import { ApprovalStatus } from './approval.ts'
import { hashOf } from './canonical.ts'
import { RunState } from './run.ts'
import { RunReport } from './run-report.ts'
import { Instant } from './time.ts'
import { Category } from './verdict.ts'

/** Who did it: the agent itself, or a person through a named way in. */
export const Actor = z.object({
  kind: z.enum(['agent', 'person', 'system']),
  id: z.string().min(1),
  via: z.string().nullable().default(null),
})
export type Actor = z.infer<typeof Actor>

const common = { at: Instant, actor: Actor }

/** Everything that is put on the record: decisions, approvals, runs and administrative acts, never single alerts. */
export const AuditEntry = z.discriminatedUnion('kind', [
  z.object({
    ...common,
    kind: z.literal('decision_made'),
    decisionId: z.string(),
    incidentId: z.string().nullable(),
    service: z.string(),
    action: Action,
    disposition: Disposition,
    target: Target.nullable(),
    mode: z.enum(['shadow', 'live']),
    analyst: z.string().nullable(),
    category: Category.nullable(),
    confidence: z.number().nullable(),
    healthScore: z.number().nullable(),
    /** Why not: rules that blocked something, by action. */
    blocked: z.array(z.object({ action: Action, rules: z.array(z.string()) })),
    evidence: z.array(z.string()),
    snapshotHash: z.string(),
    factsHash: z.string(),
    policyHash: z.string(),
    promptHash: z.string().nullable(),
    planHash: z.string().nullable(),
    /** Hash over everything that the decision was made from and the decision itself, as stored. */
    recordHash: z.string(),
  }),
  z.object({
    ...common,
    kind: z.literal('assessment_failed'),
    incidentId: z.string(),
    reason: z.string(),
    paged: z.boolean(),
  }),
  z.object({
    ...common,
    kind: z.literal('approval_requested'),
    approvalId: z.string(),
    decisionId: z.string(),
    incidentId: z.string(),
    service: z.string(),
    action: Action,
    target: Target.nullable(),
    factsHash: z.string(),
    planHash: z.string().nullable(),
    approvers: z.array(z.string()),
    needed: z.number(),
    expiresAt: Instant,
  }),
  z.object({
    ...common,
    kind: z.literal('approval_voted'),
    approvalId: z.string(),
    incidentId: z.string(),
    answer: z.enum(['approve', 'refuse']),
    comment: z.string().nullable(),
  }),
  z.object({
    ...common,
    kind: z.literal('approval_closed'),
    approvalId: z.string(),
    incidentId: z.string(),
    status: ApprovalStatus,
    reason: z.string(),
  }),
  z.object({
    ...common,
    kind: z.literal('run_requested'),
    runId: z.string(),
    incidentId: z.string().nullable(),
    decisionId: z.string().nullable(),
    approvalId: z.string().nullable(),
    service: z.string(),
    group: z.string(),
    action: Action,
    target: Target.nullable(),
    planHash: z.string(),
    isDryRun: z.boolean(),
  }),
  z.object({
    ...common,
    kind: z.literal('run_changed'),
    runId: z.string(),
    incidentId: z.string().nullable(),
    group: z.string(),
    from: RunState,
    to: RunState,
    generation: z.number().nullable(),
    detail: z.string(),
  }),
  z.object({
    ...common,
    kind: z.literal('run_measured'),
    runId: z.string(),
    incidentId: z.string().nullable(),
    service: z.string(),
    plan: z.string(),
    isDryRun: z.boolean(),
    report: RunReport,
  }),
  z.object({ ...common, kind: z.literal('cooldown_ended'), group: z.string(), reason: z.string() }),
  z.object({ ...common, kind: z.literal('freeze_set'), service: z.string().nullable(), reason: z.string() }),
  z.object({ ...common, kind: z.literal('freeze_lifted'), service: z.string().nullable(), reason: z.string() }),
  z.object({ ...common, kind: z.literal('incident_closed'), incidentId: z.string(), reason: z.string() }),
  z.object({
    ...common,
    kind: z.literal('policy_loaded'),
    policyHash: z.string(),
    previousHash: z.string().nullable(),
    source: z.string(),
  }),
  z.object({ ...common, kind: z.literal('agent_started'), version: z.string(), mode: z.enum(['shadow', 'live']) }),
  z.object({ ...common, kind: z.literal('agent_taken_over'), deadAgent: z.string(), work: z.number() }),
  z.object({ ...common, kind: z.literal('store_exported'), rows: z.number(), checksum: z.string() }),
  z.object({ ...common, kind: z.literal('store_imported'), rows: z.number(), checksum: z.string() }),
  z.object({
    ...common,
    kind: z.literal('administrative_act'),
    act: z.string(),
    service: z.string().nullable(),
    reason: z.string(),
    details: z.record(z.string(), z.unknown()),
  }),
])
export type AuditEntry = z.infer<typeof AuditEntry>
export type AuditKind = AuditEntry['kind']

/** One entry in its place in the chain. */
export const ChainedEntry = z.object({
  seq: z.number().int().min(1),
  previousHash: z.string(),
  hash: z.string(),
  entry: AuditEntry,
})
export type ChainedEntry = z.infer<typeof ChainedEntry>

/** The newest entry's place and hash; copied outside the database, it pins everything before it. */
export const ChainHead = z.object({ seq: z.number().int().min(0), hash: z.string(), at: Instant })
export type ChainHead = z.infer<typeof ChainHead>

/** What stands before the first entry. */
export const CHAIN_START = '0'.repeat(64)

/** The hash that chains an entry to the one before it. */
export function chainHash(seq: number, previousHash: string, entry: unknown): string {
  return hashOf({ seq, previousHash, entry })
}
