import { sql } from 'kysely'
import type { Actor, AuditEntry } from '../domain/audit.ts'
import { canRunGo, JournalEntry, type Run, type RunState } from '../domain/run.ts'
import { epochMs, type Instant, instantOf } from '../domain/time.ts'
import { Fault } from '../lib/errors.ts'
import { found, fromRow, nowOf, parseDocument, recording, type StoreContext } from './context.ts'
import { lockFor, reading, type Tx, writing } from './database.ts'
import { Cooldown } from './records.ts'
import { cooldownRow, type RunRow, requestRun, runOf, runRefusal } from './run-requests.ts'
import type { RunLimits, RunStore } from './store.ts'

type RunChange = Parameters<RunStore['change']>[0]

const DEFAULT_LIMIT = 100
const RUNNING: readonly RunState[] = ['running', 'paused', 'rolling_back']
const SYSTEM: Actor = { kind: 'system', id: 'runs', via: null }

/** Runs of plans: one per group, with generations, a journal and a cooldown that no crash erases. */
export function runStore(context: StoreContext): RunStore {
  const { db } = context
  return {
    get: async (id) => {
      const row = await reading(db, (query) =>
        query.selectFrom('runs').selectAll().where('id', '=', id).executeTakeFirst(),
      )
      return row ? runOf(row) : null
    },
    list: async (filter = {}) => {
      let query = db.selectFrom('runs').selectAll()
      if (filter.group !== undefined) query = query.where('group_name', '=', filter.group)
      if (filter.incidentId !== undefined) query = query.where('incident_id', '=', filter.incidentId)
      if (filter.states) query = query.where('state', 'in', [...filter.states])
      if (filter.isDryRun !== undefined) query = query.where('is_dry_run', '=', filter.isDryRun)
      const limited = query
        .orderBy('requested_at', 'desc')
        .orderBy('id')
        .limit(filter.limit ?? DEFAULT_LIMIT)
      return (await reading(db, () => limited.execute())).map(runOf)
    },
    request: (request) =>
      recording(context, (tx, note) => requestRun(tx, context, { ...request, approvalId: null }, note)),
    start: (agentId, limits) => recording(context, (tx, note) => startNext(tx, context, agentId, limits, note)),
    takeOver: (runId, fromAgent, agentId) =>
      recording(context, async (tx, note) => {
        const row = await lockRun(tx, runId)
        if (row.agent_id !== fromAgent || !RUNNING.includes(runOf(row).state)) return null
        const generation = await raiseGeneration(tx, row.group_name)
        const run = runOf(
          await tx
            .updateTable('runs')
            .set({ agent_id: agentId, generation })
            .where('id', '=', runId)
            .returningAll()
            .executeTakeFirstOrThrow(),
        )
        const detail = `taken over from ${fromAgent}`
        noteChange(note, run, run.state, { kind: 'agent', id: agentId, via: null }, detail, nowOf(context))
        return run
      }),
    change: (change) => recording(context, (tx, note) => changeRun(tx, context, change, note)),
    expire: () =>
      recording(context, async (tx, note) => {
        const overdue = await tx
          .selectFrom('runs')
          .selectAll()
          .where('state', '=', 'pending')
          .where('start_before', '<=', nowOf(context))
          .orderBy('id')
          .forUpdate()
          .skipLocked()
          .execute()
        const cancelled: Run[] = []
        for (const { id } of overdue) {
          const ending = { from: 'pending', to: 'cancelled', detail: 'nobody started it in time' } as const
          cancelled.push(await changeRun(tx, context, { runId: id, generation: null, actor: SYSTEM, ...ending }, note))
        }
        return cancelled
      }),
    journal: (entry) =>
      writing(db, async (tx) => {
        const row = await lockRun(tx, entry.runId)
        refuseOlder(row, entry.generation)
        const { next } = await tx
          .selectFrom('run_journal')
          .select(sql<number>`coalesce(max(seq), 0)::int + 1`.as('next'))
          .where('run_id', '=', entry.runId)
          .executeTakeFirstOrThrow()
        const line = JournalEntry.parse({ ...entry, seq: next, at: nowOf(context) })
        const { runId, data, ...columns } = line
        await tx
          .insertInto('run_journal')
          .values({ run_id: runId, ...columns, data: JSON.stringify(data) })
          .execute()
        return line
      }),
    journalOf: async (runId) => {
      const rows = await reading(db, (query) =>
        query.selectFrom('run_journal').selectAll().where('run_id', '=', runId).orderBy('seq').execute(),
      )
      return rows.map(({ run_id, generation, data, ...row }) =>
        fromRow(
          JournalEntry,
          { ...row, runId: run_id, generation: Number(generation), data: parseDocument(data, 'journal entry') },
          'journal entry',
        ),
      )
    },
    generation: async (group) => Number((await groupState(context, group))?.generation ?? 0),
    cooldown: async (group) => {
      const row = await reading(db, () => cooldownRow(db, nowOf(context), group))
      if (!row) return null
      const { cooldown_until: until, cooldown_since: since, cooldown_run_id: runId, action: after } = row
      return fromRow(Cooldown, { group, until, since, runId, after }, 'cooldown')
    },
    endCooldown: (group, by, reason) =>
      recording(context, async (tx, note) => {
        // Only a named person may say that moving again so soon is right.
        if (by.kind !== 'person') throw new Fault('forbidden', 'only a person can end a cooldown')
        const ended = await tx
          .updateTable('group_states')
          .set({ cooldown_until: null, cooldown_since: null, cooldown_run_id: null })
          .where('group_name', '=', group)
          .where('cooldown_until', '>', nowOf(context))
          .returning('group_name')
          .executeTakeFirst()
        if (!ended) throw new Fault('conflict', `the group ${group} is not cooling down`)
        note({ kind: 'cooldown_ended', at: nowOf(context), actor: by, group, reason })
      }),
  }
}

function groupState({ db }: StoreContext, group: string) {
  return reading(db, (query) =>
    query.selectFrom('group_states').selectAll().where('group_name', '=', group).executeTakeFirst(),
  )
}

async function lockRun(tx: Tx, id: string): Promise<RunRow> {
  const row = await tx.selectFrom('runs').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
  return found(row, 'run', id)
}

function refuseOlder(row: RunRow, generation: number | null): void {
  if (generation === null || Number(row.generation ?? 0) === generation) return
  throw new Fault(
    'conflict',
    `run ${row.id} is at generation ${row.generation}, not ${generation}: another agent has it`,
  )
}

async function raiseGeneration(tx: Tx, group: string): Promise<number> {
  const row = await tx
    .insertInto('group_states')
    .values({ group_name: group, generation: 1 })
    .onConflict((conflict) =>
      conflict.column('group_name').doUpdateSet({ generation: sql`group_states.generation + 1` }),
    )
    .returning('generation')
    .executeTakeFirstOrThrow()
  return Number(row.generation)
}

async function startNext(
  tx: Tx,
  context: StoreContext,
  agentId: string,
  limits: RunLimits,
  note: (entry: AuditEntry) => void,
): Promise<Run | null> {
  // The cap is over all agents, so starting is one at a time.
  await lockFor(tx, 'runStart')
  const now = nowOf(context)
  const { running } = await tx
    .selectFrom('runs')
    .select(sql<number>`count(*)::int`.as('running'))
    .where('state', 'in', [...RUNNING])
    .executeTakeFirstOrThrow()
  if (running >= limits.maximumRunning) return null
  const waiting = await tx
    .selectFrom('runs')
    .selectAll()
    .where('state', '=', 'pending')
    .where('start_before', '>', now)
    .$if(limits.onlyDryRuns === true, (query) => query.where('is_dry_run', '=', true))
    .orderBy('requested_at')
    .forUpdate()
    .skipLocked()
    .execute()
  for (const row of waiting) {
    // Frozen since it was asked for: it waits, and lapses when the freeze outlasts it.
    if (
      await runRefusal(tx, now, {
        ...{ service: row.service, group: row.group_name, action: row.action, isDryRun: row.is_dry_run },
      })
    )
      continue
    const generation = await raiseGeneration(tx, row.group_name)
    if (!row.is_dry_run) await coolDown(tx, row, now)
    const run = runOf(
      await tx
        .updateTable('runs')
        .set({ state: 'running', agent_id: agentId, generation, started_at: now })
        .where('id', '=', row.id)
        .returningAll()
        .executeTakeFirstOrThrow(),
    )
    noteChange(note, run, 'pending', { kind: 'agent', id: agentId, via: null }, 'started', now)
    return run
  }
  return null
}

/** Written when a run starts, so that a crash in its middle leaves it standing, and again from its end. */
async function coolDown(tx: Tx, row: RunRow, now: Instant): Promise<void> {
  const until = instantOf(epochMs(now) + row.cooldown_seconds * 1000)
  await tx
    .updateTable('group_states')
    .set({ cooldown_since: now, cooldown_until: until, cooldown_run_id: row.id })
    .where('group_name', '=', row.group_name)
    .execute()
}

/** Moves a run on within a transaction. */
export async function changeRun(
  tx: Tx,
  context: StoreContext,
  change: RunChange,
  note: (entry: AuditEntry) => void,
): Promise<Run> {
  const row = await lockRun(tx, change.runId)
  const now = nowOf(context)
  if (row.state !== change.from || !canRunGo(change.from, change.to))
    throw new Fault('conflict', `run ${row.id} is ${row.state}; it cannot go from ${change.from} to ${change.to}`)
  refuseOlder(row, change.generation)
  const isOver = !['running', 'paused', 'rolling_back'].includes(change.to)
  const run = runOf(
    await tx
      .updateTable('runs')
      .set({ state: change.to, finished_at: isOver ? now : null })
      .where('id', '=', row.id)
      .returningAll()
      .executeTakeFirstOrThrow(),
  )
  if (isOver && row.started_at !== null && !row.is_dry_run) await coolDown(tx, row, now)
  if (isOver && row.incident_id !== null && !row.is_dry_run)
    await tx
      .updateTable('incidents')
      .set({
        state: change.to === 'succeeded' ? 'mitigated' : 'open',
        // Whatever came out of it, the incident is looked at again.
        next_assessment_at: now,
        good_evaluations: 0,
        updated_at: now,
      })
      .where('id', '=', row.incident_id)
      .where('state', '=', 'executing')
      .execute()
  noteChange(note, run, change.from, change.actor, change.detail, now)
  return run
}

function noteChange(
  note: (entry: AuditEntry) => void,
  run: Run,
  from: RunState,
  actor: Actor,
  detail: string,
  at: Instant,
): void {
  const { id: runId, incidentId, group, state: to, generation } = run
  note({ kind: 'run_changed', at, actor, runId, incidentId, group, from, to, generation, detail })
}
