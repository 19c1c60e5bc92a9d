import { canonicalJson } from '../domain/canonical.ts'
import type { Decision } from '../domain/decision.ts'
import { deriveFacts } from '../domain/facts.ts'
import { snapshotHash } from '../domain/snapshot.ts'
import { Fault } from '../lib/errors.ts'
import { problemsFault } from '../lib/yaml-file.ts'
import { decide } from '../policy/gate.ts'
import { AgentState, recordedAnomalyRisk } from '../policy/input.ts'
import type { Policy } from '../policy/policy.ts'
import { readPolicy } from '../policy/policy-file.ts'
import type { DecisionRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'

/** A decision formed again from its record. */
export interface Replay {
  readonly id: string
  readonly recorded: Decision
  readonly replayed: Decision
  /** Same policy: whether every bit is the same. Other policy: whether action, disposition and target are. */
  readonly isSame: boolean
  /** Whether the stored snapshot still hashes to what the decision says. */
  readonly isSnapshotIntact: boolean
  readonly underOtherPolicy: boolean
}

/** Decides again from the record alone: snapshot, opinions, agent state and policy as they were, or under another policy. */
export async function replayDecision(
  id: string,
  store: Pick<Store, 'decisions'>,
  otherPolicy: Policy | null,
): Promise<Replay> {
  const record = await store.decisions.get(id)
  if (!record)
    throw new Fault('not_found', `there is no decision ${id}`, { hint: '`failwise audit list` shows decisions.' })
  return replayRecord(record, otherPolicy)
}

/** The same for a record at hand. */
export function replayRecord(record: DecisionRecord, otherPolicy: Policy | null): Replay {
  const { snapshot, decision: recorded, opinion, healthScore } = record
  if (!opinion || !healthScore) throw new Fault('conflict', `decision ${record.id} holds no opinions to replay`)
  const policy = otherPolicy ?? policyOf(record)
  const state = AgentState.parse(record.gateInput)
  const replayed = decide(
    {
      snapshot,
      facts: deriveFacts(snapshot),
      healthScore,
      anomaly: recordedAnomalyRisk(record.anomaly),
      opinion,
      state,
      now: recorded.decidedAt,
    },
    policy,
  )
  const isSame =
    otherPolicy === null
      ? canonicalJson(replayed) === canonicalJson(recorded)
      : replayed.action === recorded.action &&
        replayed.disposition === recorded.disposition &&
        replayed.target === recorded.target
  return {
    id: record.id,
    recorded,
    replayed,
    isSame,
    isSnapshotIntact: snapshotHash(snapshot) === recorded.snapshotHash,
    underOtherPolicy: otherPolicy !== null,
  }
}

function policyOf(record: DecisionRecord): Policy {
  const read = readPolicy(record.policyText, `policy of ${record.id}`)
  if (!read.ok) throw problemsFault(read.problems)
  return read.value
}
