import { readFileSync } from 'node:fs'
import { deriveFacts, type Facts } from '../../agent/domain/facts.ts'
import type { Snapshot } from '../../agent/domain/snapshot.ts'
import type { Verdict } from '../../agent/domain/verdict.ts'
import { type EvalCase, parseCase } from '../../evals/case.ts'
import { snapshotOf } from '../../evals/recorded-snapshot.ts'

const FOLDER = new URL('../../evals/incidents/', import.meta.url)

/** The raw text of a recorded incident. */
export function incidentText(id: string): string {
  return readFileSync(new URL(`${id}.json`, FOLDER), 'utf8')
}

/** A recorded incident as the production collectors see it. */
export async function incidentAt(id: string): Promise<{ snapshot: Snapshot; facts: Facts; label: EvalCase['label'] }> {
  const { incident, label } = parseCase(incidentText(id), `${id}.json`)
  const snapshot = await snapshotOf(incident)
  return { snapshot, facts: deriveFacts(snapshot), label }
}

/** A verdict that fits the recorded incident `a-kv-usw2`: the provider's key-value store fails in the primary region. */
export const KV_VERDICT: Verdict = {
  rootCause: { category: 'aws_infrastructure', provider: 'aws', summary: 'DynamoDB fails in us-west-2.' },
  recommendedAction: 'region_failover',
  confidence: 0.86,
  reasoning: 'Calls to both tables fail with internal errors since 24 minutes; probes from elsewhere see it too.',
  citations: [
    { evidence: 'prometheus:error_rate:series-1', stance: 'supports', note: '49 % errors' },
    { evidence: 'health:external_uptime:1', stance: 'supports', note: 'seen from outside' },
    { evidence: 'readiness:secondary', stance: 'supports', note: 'fit to take over' },
  ],
  alternatives: [{ category: 'internal_deploy', whyNot: 'no change near onset' }],
  unknowns: ['no provider event yet'],
}
