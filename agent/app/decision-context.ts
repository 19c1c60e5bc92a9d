import type { Action, Ceiling } from '../domain/action.ts'
import type { Approval } from '../domain/approval.ts'
import type { ChainedEntry } from '../domain/audit.ts'
import { entryText } from '../domain/audit-text.ts'
import type { Run } from '../domain/run.ts'
import type { Instant } from '../domain/time.ts'
import { ceilingsOf } from '../policy/gate.ts'
import { RULES } from '../policy/rules.ts'
import type { DecisionSummary } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import { impactSentences } from './impact.ts'
import { type GivenLabel, labelsOf } from './labels.ts'
import { replayRecord } from './replay.ts'

/** What stands around one decision: what each action was allowed to be, what followed, and whether the record still gives the same answer. */
export interface DecisionContext {
  readonly ceilings: Readonly<Partial<Record<Action, Ceiling>>>
  /** What each rule is for. */
  readonly rules: Readonly<Record<string, string>>
  readonly approvals: readonly Approval[]
  readonly runs: readonly Run[]
  /** Audit entries of its incident, oldest first. */
  readonly entries: readonly (ChainedEntry & { readonly words: string })[]
  /** All decisions about the same incident, oldest first. */
  readonly siblings: readonly SiblingDecision[]
  /** Whether users are hurt, by whom, and where measurements and opinion differ. */
  readonly impact: readonly string[]
  /** What people said about it afterwards, newest first. */
  readonly labels: readonly GivenLabel[]
  readonly proof: {
    readonly isReplayedSame: boolean | null
    readonly isSnapshotIntact: boolean | null
    readonly detail: string
  }
}

interface SiblingDecision extends Pick<DecisionSummary, 'id' | 'decidedAt'> {
  readonly action: Action
  readonly disposition: DecisionSummary['decision']['disposition']
}

const ENTRIES_SHOWN = 200
const SIBLINGS_SHOWN = 100

/** Reads what stands around one decision; null when there is no such decision. */
export async function decisionContext(id: string, store: Store): Promise<DecisionContext | null> {
  const record = await store.decisions.get(id)
  if (!record) return null
  const { incidentId } = record
  const labels = await labelsOf(record, store)
  const [approvals, runs, entries, siblings] = await Promise.all(
    incidentId === null
      ? [[], [], [], []]
      : [
          store.approvals.list({ incidentId, limit: SIBLINGS_SHOWN }),
          store.runs.list({ incidentId, limit: SIBLINGS_SHOWN }),
          store.audit.list({ incidentId, limit: ENTRIES_SHOWN }),
          store.decisions.list({ incidentId, limit: SIBLINGS_SHOWN }),
        ],
  )
  return {
    ceilings: Object.fromEntries(ceilingsOf(record.decision.reasons)),
    rules: Object.fromEntries(RULES.map((rule) => [rule.id, rule.about])),
    approvals: approvals.filter((approval) => approval.decisionId === id),
    runs: runs.filter((run) => run.decisionId === id),
    entries: entries.toReversed().map((one) => ({ ...one, words: entryText(one.entry) })),
    siblings: siblings.map(brief).sort((a, b) => byTime(a.decidedAt, b.decidedAt)),
    impact: impactSentences(record.facts, record.opinion),
    labels,
    proof: proofOf(record),
  }
}

function brief({ id, decidedAt, decision }: DecisionSummary): SiblingDecision {
  return { id, decidedAt, action: decision.action, disposition: decision.disposition }
}

function byTime(a: Instant, b: Instant): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function proofOf(record: Parameters<typeof replayRecord>[0]): DecisionContext['proof'] {
  try {
    const { isSame, isSnapshotIntact } = replayRecord(record, null)
    return {
      isReplayedSame: isSame,
      isSnapshotIntact,
      detail: isSame
        ? 'Decided again from the record: the same answer, in every bit.'
        : 'Decided again from the record, the answer differs: the gate has changed since, or the record has.',
    }
  } catch {
    // A record without opinions, or one whose policy this version no longer reads.
    return {
      isReplayedSame: null,
      isSnapshotIntact: null,
      detail: 'This record cannot be decided again by this version.',
    }
  }
}
