import { isFailover } from '../agent/domain/action.ts'
import type { Snapshot } from '../agent/domain/snapshot.ts'
import { type Answer, answerOf, type Decider } from './decider.ts'
import { withFailedEvidence, withoutEvidence } from './evidence-subset.ts'
import { scoredAs } from './scorers.ts'
import type { Study } from './study.ts'

/** How evidence was taken away: never asked for, or asked for without an answer. */
export type Loss = 'removed' | 'unreachable'

/** A decision that changed when evidence was taken away. */
export interface KnockOutChange {
  readonly id: string
  readonly lost: string
  readonly loss: Loss
  readonly before: Answer
  readonly after: Answer
  /** It was no failover and became one: the promise that this table guards. */
  readonly isNewFailover: boolean
}

export interface KnockOutRow {
  readonly source: string
  readonly probes: number
  readonly changed: number
  readonly failoversLost: number
  readonly newFailovers: number
}

export interface KnockOut {
  readonly depth: 'sources' | 'sources and single evidence'
  readonly probes: number
  readonly newFailovers: number
  readonly rows: readonly KnockOutRow[]
  /** Every new failover, and the other changes up to a cap. */
  readonly changes: readonly KnockOutChange[]
}

const CHANGES_KEPT = 400

/** Takes evidence away, one source or one piece at a time, and decides again over the whole path. */
export function knockOutStudy(decider: Decider, depth: KnockOut['depth']): Study & { result(): KnockOut } {
  const rows = new Map<string, { probes: number; changed: number; failoversLost: number; newFailovers: number }>()
  const changes: KnockOutChange[] = []
  let probes = 0
  const ask =
    decider.probe ?? (async (snapshot: Snapshot, abort: AbortSignal) => answerOf(await decider.decide(snapshot, abort)))
  return {
    observe: async (one, snapshot, outcome, abort) => {
      const before = answerOf(outcome)
      for (const probe of probesOf(snapshot, depth)) {
        const { action, disposition } = await ask(probe.snapshot, abort)
        const after = { action, disposition }
        const row = rows.get(probe.source) ?? { probes: 0, changed: 0, failoversLost: 0, newFailovers: 0 }
        rows.set(probe.source, row)
        probes++
        row.probes++
        if (after.action === before.action && after.disposition === before.disposition) continue
        const isNewFailover = isFailover(scoredAs(after)) && !isFailover(scoredAs(before))
        row.changed++
        if (isNewFailover) row.newFailovers++
        if (isFailover(scoredAs(before)) && !isFailover(scoredAs(after))) row.failoversLost++
        const change = { id: one.id, lost: probe.lost, loss: probe.loss, before, after, isNewFailover }
        if (isNewFailover || changes.length < CHANGES_KEPT) changes.push(change)
      }
    },
    result: () => ({
      depth,
      probes,
      newFailovers: changes.filter(({ isNewFailover }) => isNewFailover).length,
      rows: [...rows].map(([source, row]) => ({ source, ...row })).sort((a, b) => (a.source < b.source ? -1 : 1)),
      changes: changes.toSorted((a, b) => Number(b.isNewFailover) - Number(a.isNewFailover) || (a.id < b.id ? -1 : 1)),
    }),
  }
}

interface Probe {
  readonly source: string
  readonly lost: string
  readonly loss: Loss
  readonly snapshot: Snapshot
}

function* probesOf(snapshot: Snapshot, depth: KnockOut['depth']): Generator<Probe> {
  const bySource = Map.groupBy(snapshot.evidence, ({ source }) => source)
  for (const [source, members] of bySource) {
    const isMember = (evidence: { source: string }) => evidence.source === source
    yield { source, lost: source, loss: 'removed', snapshot: withoutEvidence(snapshot, isMember) }
    if (depth === 'sources') continue
    yield { source, lost: source, loss: 'unreachable', snapshot: withFailedEvidence(snapshot, isMember) }
    if (members.length === 1) continue
    for (const { id } of members) {
      const isThis = (evidence: { id: string }) => evidence.id === id
      yield { source, lost: id, loss: 'removed', snapshot: withoutEvidence(snapshot, isThis) }
      yield { source, lost: id, loss: 'unreachable', snapshot: withFailedEvidence(snapshot, isThis) }
    }
  }
}
