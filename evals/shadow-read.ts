import { z } from 'zod'
import { Action } from '../agent/domain/action.ts'
import type { Instant } from '../agent/domain/time.ts'
import { decisionsSince } from '../agent/store/decisions-since.ts'
import type { Store } from '../agent/store/store.ts'
import { type HumanOutcome, type ShadowDecision, type ShadowReport, shadowReport } from './shadow-report.ts'

/** The administrative act by which people put on record what they did. */
export const OUTCOME_ACT = 'outcome_recorded'

const OutcomeDetails = z.object({
  incident: z.string(),
  action: Action,
  actedAt: z.string().nullable(),
  right: Action.nullable(),
})

const OUTCOMES_READ = 10_000

/** The report about everything that was decided since a moment, up to another one. */
export async function readShadowReport(
  store: Pick<Store, 'decisions' | 'audit'>,
  since: Instant,
  until: Instant | null = null,
): Promise<ShadowReport> {
  const decided: ShadowDecision[] = []
  for await (const { id, incidentId, service, decision, healthScore } of decisionsSince(store, since)) {
    if (!healthScore || incidentId === null || (until !== null && decision.decidedAt >= until)) continue
    decided.push({ id, incident: incidentId, service, decision, healthScore })
  }
  return shadowReport(decided, await outcomes(store))
}

/** The newest outcome of each incident. */
async function outcomes(store: Pick<Store, 'audit'>): Promise<HumanOutcome[]> {
  const entries = await store.audit.list({ kinds: ['administrative_act'], text: OUTCOME_ACT, limit: OUTCOMES_READ })
  const newest = new Map<string, HumanOutcome>()
  for (const { entry } of entries) {
    if (entry.kind !== 'administrative_act' || entry.act !== OUTCOME_ACT) continue
    const details = OutcomeDetails.safeParse(entry.details)
    if (details.success && !newest.has(details.data.incident)) newest.set(details.data.incident, details.data)
  }
  return [...newest.values()]
}
