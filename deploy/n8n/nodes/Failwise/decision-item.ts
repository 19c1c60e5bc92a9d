import type { IDataObject } from 'n8n-workflow'
import { isObject, objectOf, objectsOf, textOf } from './api'

/**
 * A decision as one flat item, so that a workflow can branch on it. `status` comes first: only `decided` has an action, and a workflow that
 * sees anything else must tell a person, since nobody has judged the incident.
 */
export function decisionItem(summary: IDataObject): IDataObject {
  const decision = objectOf(summary.decision)
  return {
    status: 'decided',
    decisionId: textOf(summary.id),
    incidentId: textOf(summary.incidentId),
    service: textOf(summary.service),
    mode: textOf(summary.mode),
    action: textOf(decision.action),
    disposition: textOf(decision.disposition),
    // Only this says that Failwise itself carries it out: in shadow mode the same decision is merely recorded.
    isCarriedOut: summary.mode === 'live' && decision.disposition === 'act',
    target: isObject(decision.target) ? decision.target : null,
    category: textOf(summary.category),
    analyst: textOf(summary.analyst),
    planHash: textOf(decision.planHash),
    blocked: objectsOf(decision.blocked),
    reasons: reasonsOf(decision),
    decidedAt: textOf(decision.decidedAt),
    expiresAt: textOf(decision.expiresAt),
  }
}

/** Why there is no decision yet. */
export function undecidedItem(incidentId: string | null, status: 'undecided' | 'unmatched', why: string): IDataObject {
  return { status, incidentId, decisionId: null, action: null, disposition: null, isCarriedOut: false, reasons: [why] }
}

/** What stood in the way or lowered what was permitted, each once. */
function reasonsOf(decision: IDataObject): string[] {
  const told = objectsOf(decision.reasons)
    .filter(({ outcome }) => outcome === 'block' || outcome === 'limit')
    .map(({ rule, detail }) => `${textOf(rule) ?? ''}: ${textOf(detail) ?? ''}`)
  return [...new Set(told)]
}
