import type { JournalEntry, Run } from '../domain/run.ts'
import type { Assessment } from '../engine/assess.ts'
import { traceIdOfIncident } from '../lib/spans.ts'

/** What the log says of a decision: ids and figures, and the trace that they belong to. */
export function assessmentFields({ incident, judgement, recorded, timings }: Assessment): Record<string, unknown> {
  const { decision, opinion, healthScore } = judgement
  return {
    incident: incident.id,
    trace: traceIdOfIncident(incident.id),
    decision: recorded.id,
    service: incident.service,
    action: decision.action,
    disposition: decision.disposition,
    analyst: opinion.analyst,
    score: healthScore.score,
    approval: recorded.approvalId,
    run: recorded.runId,
    totalMs: Math.round(timings.totalMs),
  }
}

/** What the log says of a line of a run's journal; the words stay in the journal. */
export function entryFields(run: Run, { stage, kind, seq, generation }: JournalEntry): Record<string, unknown> {
  const { id, incidentId, service } = run
  return {
    run: id,
    incident: incidentId,
    trace: traceIdOfIncident(incidentId ?? id),
    service,
    stage,
    kind,
    seq,
    generation,
  }
}
