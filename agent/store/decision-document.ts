import { z } from 'zod'
import { canonicalJson, canonicalOf, hashOf, sha256 } from '../domain/canonical.ts'
import { Decision } from '../domain/decision.ts'
import { HealthScore } from '../domain/health-score.ts'
import { Opinion } from '../domain/verdict.ts'
import { Fault } from '../lib/errors.ts'
import type { AuditRow } from './audit-chain.ts'
import type { Tx } from './database.ts'
import { Document } from './records.ts'
import type { NewDecision } from './store.ts'

/** What a decision was made from, besides snapshot and policy, which are kept once each under their hashes. */
export const DecisionDocument = z.object({
  facts: Document,
  healthScore: HealthScore.nullable(),
  anomaly: Document.nullable(),
  opinion: Opinion.nullable(),
  gateInput: Document,
  bodies: z.record(z.string(), z.array(z.string())),
  timings: z.record(z.string(), z.number()),
  decision: Decision,
})
export type DecisionDocument = z.infer<typeof DecisionDocument>

export const DecisionOutcome = DecisionDocument.pick({ opinion: true, decision: true })

/** The hash that stands on the record for snapshot, policy and document together. */
export function recordHashOf(parts: { snapshotHash: string; policyTextHash: string; documentHash: string }): string {
  return hashOf(parts)
}

/** A decision's parts as they are stored; refuses what JSON cannot carry before anything is written. */
export function decisionParts(decision: NewDecision) {
  try {
    const snapshot = canonicalOf(decision.snapshot)
    const bodies: Record<string, string[]> = {}
    for (const [evidence, raw] of Object.entries(decision.bodies)) bodies[evidence] = raw.map((body) => body.sha256)
    const document = canonicalJson({
      facts: decision.facts,
      healthScore: decision.healthScore,
      anomaly: decision.anomaly,
      opinion: decision.opinion,
      gateInput: decision.gateInput,
      bodies,
      timings: decision.timings,
      decision: decision.decision,
    } satisfies DecisionDocument)
    const snapshotHash = sha256(snapshot)
    const policyTextHash = sha256(decision.policyText)
    const recordHash = recordHashOf({ snapshotHash, policyTextHash, documentHash: sha256(document) })
    return { snapshot, snapshotHash, policyTextHash, document, recordHash }
  } catch (cause) {
    throw new Fault('internal', 'a decision cannot be put on record', { cause })
  }
}

/** The record hashes, computed anew from what is stored, of the decisions that these entries speak about. */
export async function recordHashes(tx: Tx, rows: readonly AuditRow[]): Promise<Map<string, string | null>> {
  const ids = rows.flatMap((row) => {
    const match = row.kind === 'decision_made' ? /"decisionId":"([^"]+)"/.exec(row.entry) : null
    return match?.[1] ? [match[1]] : []
  })
  const hashes = new Map<string, string | null>()
  if (ids.length === 0) return hashes
  const stored = await tx
    .selectFrom('decisions')
    .innerJoin('snapshots', 'snapshots.hash', 'decisions.snapshot_hash')
    .innerJoin('policy_texts', 'policy_texts.hash', 'decisions.policy_text_hash')
    .select(['decisions.id', 'decisions.document', 'snapshots.body as snapshot', 'policy_texts.body as policy'])
    .where('decisions.id', 'in', ids)
    .execute()
  for (const row of stored)
    hashes.set(
      row.id,
      recordHashOf({
        snapshotHash: sha256(row.snapshot),
        policyTextHash: sha256(row.policy),
        documentHash: sha256(row.document),
      }),
    )
  return hashes
}
