import type { Actor, AuditEntry } from '../domain/audit.ts'
import { nowOf, type StoreContext } from './context.ts'
import type { Tx } from './database.ts'
import { closeIncident, type IncidentRow } from './incident-rows.ts'
import type { Evaluation } from './records.ts'

const GOOD_EVALUATIONS_TO_CLOSE = 3

/** Counts one evaluation of an incident whose row is held; the third good and fresh one in a row closes it. */
export async function countEvaluation(
  tx: Tx,
  context: StoreContext,
  row: IncidentRow,
  evaluation: Evaluation,
  note: (entry: AuditEntry) => void,
): Promise<void> {
  const { at, good, fresh, score, detail } = evaluation
  await tx
    .insertInto('evaluations')
    .values({ incident_id: row.id, service: row.service, at, good, fresh, score, detail })
    .execute()
  if (row.closed_at !== null) return
  const goodEvaluations = good && fresh ? row.good_evaluations + 1 : 0
  await tx
    .updateTable('incidents')
    .set({ good_evaluations: goodEvaluations, updated_at: nowOf(context) })
    .where('id', '=', row.id)
    .execute()
  // While a run changes things, its own end decides.
  if (goodEvaluations < GOOD_EVALUATIONS_TO_CLOSE || row.state === 'executing') return
  const reason = 'three good, fresh evaluations in a row'
  const actor: Actor = { kind: 'system', id: 'watch', via: null }
  for (const approvalId of await closeIncident(tx, row, nowOf(context), reason))
    note({
      ...{ kind: 'approval_closed', at: nowOf(context), actor, approvalId, incidentId: row.id },
      ...{ status: 'superseded', reason },
    })
  note({ kind: 'incident_closed', at: nowOf(context), actor, incidentId: row.id, reason })
}
