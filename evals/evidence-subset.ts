import type { Evidence } from '../agent/domain/evidence.ts'
import type { Signal } from '../agent/domain/signal.ts'
import type { Snapshot } from '../agent/domain/snapshot.ts'
import { Fault } from '../agent/lib/errors.ts'

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

/** Throws `usage` for a name that can mean no evidence: leaving nothing out would look like evidence that is worth nothing. */
export function checkWithout(names: readonly string[]): void {
  for (const name of names) {
    const [kind = ''] = name.split(/[:-]/)
    if (name === WORDS || KINDS[kind] !== undefined) continue
    throw new Fault('usage', `--without: no evidence is called "${name}"`, {
      hint: `Use ${[...Object.keys(KINDS), WORDS].join(', ')}, or an id such as prometheus:error_rate.`,
    })
  }
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

/** What `--without` calls the texts that people wrote, whatever evidence they stand in. */
export const WORDS = 'words'

/** The snapshot with every text empty: log lines, details of checks, titles of changes and of events. Names, labels and figures stay. */
export function withoutWords(snapshot: Snapshot): Snapshot {
  const wordless = (signal: Signal): Signal => {
    switch (signal.kind) {
      case 'log_pattern':
        return { ...signal, pattern: '', sample: '' }
      case 'health_check':
      case 'readiness':
        return { ...signal, detail: null }
      case 'change':
        return { ...signal, summary: '' }
      case 'provider_event':
        return { ...signal, title: '', text: '' }
      default:
        return signal
    }
  }
  return {
    ...snapshot,
    evidence: snapshot.evidence.map((item) => ({ ...item, signals: item.signals.map(wordless) })),
  }
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
