import type { Insertable, Selectable } from 'kysely'
import { Action, isHeldBy } from '../domain/action.ts'
import type { Actor, AuditEntry } from '../domain/audit.ts'
import { ACTIVE_RUN_STATES, Run } from '../domain/run.ts'
import type { Instant } from '../domain/time.ts'
import { fromRow, nowOf, type StoreContext } from './context.ts'
import type { Db, Tx } from './database.ts'
import type { Schema } from './schema.ts'

export type RunRow = Selectable<Schema['runs']>

export function runOf(row: RunRow): Run {
  const run = {
    id: row.id,
    incidentId: row.incident_id,
    decisionId: row.decision_id,
    approvalId: row.approval_id,
    service: row.service,
    group: row.group_name,
    action: row.action,
    target: row.target,
    planHash: row.plan_hash,
    factsHash: row.facts_hash,
    requestedBy: row.requested_by,
    requestedAt: row.requested_at,
    startBefore: row.start_before,
    state: row.state,
    generation: row.generation === null ? null : Number(row.generation),
    agentId: row.agent_id,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    isDryRun: row.is_dry_run,
    dataLossConsentSeconds: row.data_loss_consent_seconds,
    cooldownSeconds: row.cooldown_seconds,
  }
  return fromRow(Run, run, 'run')
}

export interface RunRequest {
  readonly incidentId: string | null
  readonly decisionId: string | null
  readonly approvalId: string | null
  readonly service: string
  readonly group: string
  readonly action: Run['action']
  readonly target: Run['target']
  readonly planHash: string
  readonly factsHash: string | null
  readonly startBefore: Instant
  readonly isDryRun: boolean
  readonly dataLossConsentSeconds: number | null
  readonly cooldownSeconds: number
  readonly by: Actor
}

export type RunRefusal = 'group_busy' | 'frozen' | 'cooldown'

/** What a cooldown of an unknown run counts as. */
const STRICTEST: Action = 'region_failover'

/** Freezes that concern a service: its own and those of everything. */
export function activeFreezes(db: Db, now: Instant, service?: string) {
  const query = db
    .selectFrom('freezes')
    .selectAll()
    .where('lifted_at', 'is', null)
    .where((is) => is.or([is('until', 'is', null), is('until', '>', now)]))
    .orderBy('set_at')
  if (service === undefined) return query
  return query.where((is) => is.or([is('service', 'is', null), is('service', '=', service)]))
}

/** Why a run may not be requested or started now; null when nothing stands in the way. A rehearsal needs no cooldown to be over. */
export async function runRefusal(
  db: Db,
  now: Instant,
  request: { service: string; group: string; action: string; isDryRun: boolean },
): Promise<RunRefusal | null> {
  if (await activeFreezes(db, now, request.service).limit(1).executeTakeFirst()) return 'frozen'
  if (request.isDryRun) return null
  const cooldown = await cooldownRow(db, now, request.group)
  if (!cooldown) return null
  const begunBy = Action.parse(cooldown.action ?? STRICTEST)
  return isHeldBy(Action.parse(request.action), begunBy) ? 'cooldown' : null
}

/** The cooldown of a group, with what its run did; undefined when there is none now. */
export function cooldownRow(db: Db, now: Instant, group: string) {
  return db
    .selectFrom('group_states')
    .leftJoin('runs', 'runs.id', 'group_states.cooldown_run_id')
    .select(['cooldown_until', 'cooldown_since', 'cooldown_run_id', 'runs.action'])
    .where('group_states.group_name', '=', group)
    .where('cooldown_until', '>', now)
    .executeTakeFirst()
}

/** The run that holds a group; undefined when it is free. */
export function activeRun(db: Db, group: string): Promise<RunRow | undefined> {
  return db
    .selectFrom('runs')
    .selectAll()
    .where('group_name', '=', group)
    .where('state', 'in', [...ACTIVE_RUN_STATES])
    .executeTakeFirst()
}

/** Writes the request for a run unless something forbids it; the unique index decides who was first. */
export async function requestRun(
  tx: Tx,
  context: StoreContext,
  request: RunRequest,
  note: (entry: AuditEntry) => void,
): Promise<{ run: Run } | { refused: RunRefusal }> {
  const now = nowOf(context)
  const refused = await runRefusal(tx, now, request)
  if (refused) return { refused }
  const values: Insertable<Schema['runs']> = {
    id: context.newId('run'),
    incident_id: request.incidentId,
    decision_id: request.decisionId,
    approval_id: request.approvalId,
    service: request.service,
    group_name: request.group,
    action: request.action,
    target: request.target,
    plan_hash: request.planHash,
    facts_hash: request.factsHash,
    requested_by: request.by.id,
    requested_at: now,
    start_before: request.startBefore,
    state: 'pending',
    is_dry_run: request.isDryRun,
    data_loss_consent_seconds: request.dataLossConsentSeconds,
    cooldown_seconds: request.cooldownSeconds,
  }
  const row = await tx
    .insertInto('runs')
    .values(values)
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst()
  if (!row) return { refused: 'group_busy' }
  const run = runOf(row)
  if (run.incidentId !== null && !run.isDryRun)
    await tx
      .updateTable('incidents')
      .set({ state: 'executing', updated_at: now })
      .where('id', '=', run.incidentId)
      .where('closed_at', 'is', null)
      .execute()
  note({
    kind: 'run_requested',
    at: now,
    actor: request.by,
    runId: run.id,
    incidentId: run.incidentId,
    decisionId: run.decisionId,
    approvalId: run.approvalId,
    service: run.service,
    group: run.group,
    action: run.action,
    target: run.target,
    planHash: run.planHash,
    isDryRun: run.isDryRun,
  })
  return { run }
}
