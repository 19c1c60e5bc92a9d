import { sql } from 'kysely'
import { sha256 } from '../domain/canonical.ts'
import type { IncidentState } from '../domain/incident.ts'
import { epochMs, instantOf } from '../domain/time.ts'
import { Fault } from '../lib/errors.ts'
import { openQuestion } from './approval-rows.ts'
import { compressed, putBodies } from './bodies.ts'
import { fromRow, nowOf, parseDocument, recording, type StoreContext } from './context.ts'
import { reading, type Tx } from './database.ts'
import { DecisionDocument, DecisionOutcome, decisionParts } from './decision-document.ts'
import { countEvaluation } from './evaluations.ts'
import { earlier, type IncidentRow, lockClaimed, UNCLAIMED } from './incident-rows.ts'
import { enqueueNotifications } from './outbox.ts'
import { DecisionRecord, DecisionSummary } from './records.ts'
import { requestRun } from './run-requests.ts'
import type { DecisionStore, NewDecision, RecordedDecision } from './store.ts'

const DEFAULT_LIMIT = 100
/** Soon enough that nobody relies on what was told, late enough that a refusal that stays is no loop. */
const AFTER_REFUSAL_MS = 5000

/** Decisions, each with everything it was made from. */
export function decisionStore(context: StoreContext): DecisionStore {
  const { db } = context
  const one = async (column: 'decisions.id' | 'decisions.incident_id', value: string) => {
    const row = await reading(db, (query) =>
      query
        .selectFrom('decisions')
        .innerJoin('snapshots', 'snapshots.hash', 'decisions.snapshot_hash')
        .innerJoin('policy_texts', 'policy_texts.hash', 'decisions.policy_text_hash')
        .selectAll('decisions')
        .select(['snapshots.body as snapshot', 'policy_texts.body as policy_text'])
        .where(column, '=', value)
        .orderBy('decided_at', 'desc')
        .orderBy('decisions.id', 'desc')
        .limit(1)
        .executeTakeFirst(),
    )
    return row ? decisionRecord(row) : null
  }
  return {
    record: (decision) => recordDecision(context, decision),
    recordFailure: ({ claim, actor, reason, nextAssessmentAt, notifications }) =>
      recording(context, async (tx, note) => {
        const row = await lockClaimed(tx, claim)
        const now = nowOf(context)
        const next = earlier(row.next_assessment_at, nextAssessmentAt)
        await tx
          .updateTable('incidents')
          .set({
            ...UNCLAIMED,
            state: row.state === 'executing' ? 'executing' : (row.state_before_claim ?? 'open'),
            next_assessment_at: next,
            last_failure: reason,
            updated_at: now,
          })
          .where('id', '=', row.id)
          .execute()
        const paged = await enqueueNotifications(tx, context, notifications, row.id)
        note({ kind: 'assessment_failed', at: now, actor, incidentId: row.id, reason, paged: paged > 0 })
      }),
    get: (id) => one('decisions.id', id),
    latestOf: (incidentId) => one('decisions.incident_id', incidentId),
    lastOutcome: async (incidentId) => {
      const row = await reading(db, (query) =>
        query
          .selectFrom('decisions')
          .select(['id', 'document'])
          .where('incident_id', '=', incidentId)
          .orderBy('decided_at', 'desc')
          .orderBy('id', 'desc')
          .limit(1)
          .executeTakeFirst(),
      )
      if (!row) return null
      const outcome = fromRow(DecisionOutcome, parseDocument(row.document, 'decision'), 'decision')
      return { id: row.id, ...outcome }
    },
    list: async (filter = {}) => {
      let query = db
        .selectFrom('decisions')
        .select(['id', 'incident_id', 'service', 'mode', 'decided_at', 'analyst', 'category', 'document'])
      if (filter.incidentId !== undefined) query = query.where('incident_id', '=', filter.incidentId)
      if (filter.service !== undefined) query = query.where('service', '=', filter.service)
      if (filter.before !== undefined) query = query.where('decided_at', '<', filter.before)
      const limited = query
        .orderBy('decided_at', 'desc')
        .orderBy('id', 'desc')
        .limit(filter.limit ?? DEFAULT_LIMIT)
      return (await reading(db, () => limited.execute())).map((row) => {
        const document = fromRow(DecisionDocument, parseDocument(row.document, 'decision'), 'decision')
        const { healthScore, decision } = document
        const { id, service, mode, analyst, category } = row
        const summary = { id, service, mode, analyst, category, incidentId: row.incident_id, decidedAt: row.decided_at }
        return fromRow(DecisionSummary, { ...summary, healthScore, decision }, 'decision')
      })
    },
  }
}

interface DecisionRow {
  id: string
  incident_id: string | null
  service: string
  mode: string
  decided_at: string
  snapshot_hash: string
  snapshot: string
  policy_text: string
  document: string
  record_hash: string
}

function decisionRecord(row: DecisionRow): DecisionRecord {
  if (sha256(row.snapshot) !== row.snapshot_hash)
    throw new Fault('store_corrupt', `the snapshot of decision ${row.id} does not match its hash`, {
      hint: 'run "failwise audit verify" to find what else was altered',
    })
  const record = {
    ...fromRow(DecisionDocument, parseDocument(row.document, 'decision'), 'decision'),
    id: row.id,
    incidentId: row.incident_id,
    service: row.service,
    mode: row.mode,
    decidedAt: row.decided_at,
    snapshot: parseDocument(row.snapshot, 'snapshot'),
    policyText: row.policy_text,
    recordHash: row.record_hash,
  }
  return fromRow(DecisionRecord, record, 'decision')
}

async function recordDecision(context: StoreContext, given: NewDecision): Promise<RecordedDecision> {
  const parts = decisionParts(given)
  const bodies = await compressed(Object.values(given.bodies).flat())
  const { decision } = given
  return recording(context, async (tx, note) => {
    const incident = given.claim ? await lockClaimed(tx, given.claim) : null
    if (incident?.closed_at) throw new Fault('conflict', `incident ${incident.id} was closed meanwhile`)
    const { id } = given
    await putBodies(tx, nowOf(context), bodies)
    await insertDecision(tx, id, given, parts, incident)
    note({
      kind: 'decision_made',
      at: decision.decidedAt,
      actor: given.actor,
      decisionId: id,
      incidentId: incident?.id ?? null,
      service: given.service,
      action: decision.action,
      disposition: decision.disposition,
      target: decision.target,
      mode: given.mode,
      analyst: given.opinion?.analyst ?? null,
      category: given.opinion?.verdict?.rootCause.category ?? null,
      confidence: given.opinion?.verdict?.confidence ?? null,
      healthScore: given.healthScore?.score ?? null,
      blocked: decision.blocked,
      evidence: given.snapshot.evidence.map((evidence) => evidence.id),
      snapshotHash: parts.snapshotHash,
      factsHash: decision.factsHash,
      policyHash: decision.policyHash,
      promptHash: given.opinion?.promptHash ?? null,
      planHash: decision.planHash,
      recordHash: parts.recordHash,
    })
    const recorded = { id, recordHash: parts.recordHash, approvalId: null, runId: null, runRefused: null }
    await enqueueNotifications(tx, context, given.notifications, incident?.id ?? null)
    if (!incident) return recorded
    const approvalId = await openQuestion(tx, context, { decisionId: id, incident, given, note })
    await giveBack(tx, context, incident, { ...given, id, awaits: approvalId !== null })
    if (given.evaluation) await countEvaluation(tx, context, incident, given.evaluation, note)
    // A run under way is not joined by a second one; the unique index says the same.
    if (!given.run || !decision.planHash || incident.state === 'executing')
      return { ...recorded, approvalId, runRefused: given.run ? 'group_busy' : null }
    const request = {
      incidentId: incident.id,
      decisionId: id,
      approvalId: null,
      service: given.service,
      group: incident.group_name,
      action: decision.action,
      target: decision.target,
      planHash: decision.planHash,
      factsHash: decision.factsHash,
      dataLossConsentSeconds: null,
      by: given.actor,
      ...given.run,
    }
    const outcome = await requestRun(tx, context, request, note)
    if ('run' in outcome) return { ...recorded, approvalId, runId: outcome.run.id }
    // A freeze or a run came between the look and this moment, and people were told of something that does not happen: the next look says so.
    await tx
      .updateTable('incidents')
      .set({ next_assessment_at: instantOf(epochMs(nowOf(context)) + AFTER_REFUSAL_MS) })
      .where('id', '=', incident.id)
      .execute()
    return { ...recorded, approvalId, runRefused: outcome.refused }
  })
}

async function insertDecision(
  tx: Tx,
  id: string,
  given: NewDecision,
  parts: ReturnType<typeof decisionParts>,
  incident: IncidentRow | null,
): Promise<void> {
  const { decision, opinion } = given
  // One statement and one way to the server for what is written together.
  await tx
    .with('snapshot', (query) =>
      query
        .insertInto('snapshots')
        .values({ hash: parts.snapshotHash, taken_at: given.snapshot.takenAt, body: parts.snapshot })
        .onConflict((conflict) => conflict.doNothing()),
    )
    .with('policy_text', (query) =>
      query
        .insertInto('policy_texts')
        .values({ hash: parts.policyTextHash, first_used_at: decision.decidedAt, body: given.policyText })
        .onConflict((conflict) => conflict.doNothing()),
    )
    .insertInto('decisions')
    .values({
      id,
      incident_id: incident?.id ?? null,
      service: given.service,
      mode: given.mode,
      decided_at: decision.decidedAt,
      analyst: opinion?.analyst ?? null,
      category: opinion?.verdict?.rootCause.category ?? null,
      action: decision.action,
      disposition: decision.disposition,
      snapshot_hash: parts.snapshotHash,
      policy_text_hash: parts.policyTextHash,
      document: parts.document,
      record_hash: parts.recordHash,
    })
    .execute()
}

/** Ends the claim and says what comes next for the incident. */
async function giveBack(
  tx: Tx,
  context: StoreContext,
  incident: IncidentRow,
  outcome: NewDecision & { id: string; awaits: boolean },
): Promise<void> {
  const before = incident.state_before_claim as IncidentState | null
  let state: IncidentState = before === 'mitigated' ? 'mitigated' : 'open'
  if (outcome.awaits) state = 'awaiting_approval'
  if (incident.state === 'executing') state = 'executing'
  await tx
    .updateTable('incidents')
    .set({
      ...UNCLAIMED,
      state,
      assessments: sql`assessments + 1`,
      // An alert that came in meanwhile wants its own look.
      next_assessment_at: earlier(incident.next_assessment_at, outcome.nextAssessmentAt),
      last_decision_id: outcome.id,
      last_decided_at: outcome.decision.decidedAt,
      last_action: outcome.decision.action,
      last_facts_hash: outcome.decision.factsHash,
      last_failure: null,
      updated_at: nowOf(context),
    })
    .where('id', '=', incident.id)
    .execute()
}
