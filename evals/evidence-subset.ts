import type { Evidence } from '../agent/domain/evidence.ts'
import type { Snapshot } from '../agent/domain/snapshot.ts'

/** What `--without` may name beside an evidence id. */
const KINDS: Readonly<Record<string, RegExp>> = {
  loki: /^loki(:|$)/,
  logs: /^loki(:|$)/,
  prometheus: /^prometheus(:|$)/,
  metrics: /^prometheus(:|$)/,
  status: /^status(:|$)/,
  aws: /^aws-health(:|$)/,
  'aws-health': /^aws-health(:|$)/,
  health: /^health(:|$)/,
  changes: /^changes(:|$)/,
  readiness: /^readiness(:|$)/,
}

/** Whether a piece of evidence is meant by a name: a kind, its source, its id or the part of its id before a colon. */
export function isNamed(evidence: Pick<Evidence, 'id' | 'source'>, name: string): boolean {
  return (
    KINDS[name]?.test(evidence.id) ||
    evidence.source === name ||
    evidence.id === name ||
    evidence.id.startsWith(`${name}:`)
  )
}

/** The snapshot without some of its evidence, as if nobody had thought of asking. */
export function withoutEvidence(snapshot: Snapshot, isGone: (evidence: Evidence) => boolean): Snapshot {
  return { ...snapshot, evidence: snapshot.evidence.filter((evidence) => !isGone(evidence)) }
}

/** The snapshot with some of its evidence unreachable: asked for, and no answer. */
export function withFailedEvidence(snapshot: Snapshot, isFailed: (evidence: Evidence) => boolean): Snapshot {
  const error = { kind: 'timeout', message: 'no answer in time' } as const
  return {
    ...snapshot,
    evidence: snapshot.evidence.map((evidence) =>
      isFailed(evidence) ? { ...evidence, status: 'failed' as const, signals: [], error } : evidence,
    ),
  }
}
