import { hashOf } from '../domain/canonical.ts'
import type { Instant } from '../domain/time.ts'
import type { Opinion } from '../domain/verdict.ts'
import type { RecordedCall } from './recording.ts'

/** What an opinion was asked about and by whom: enough to find its trace again. */
export interface TraceKey {
  readonly analyst: string
  readonly promptHash: string
  readonly snapshotHash: string
}

/** One call as it is traced. Texts are masked before they get here. */
export interface TracedCall extends TraceKey {
  /** Groups the calls of one incident. */
  readonly incident: string
  readonly service: string
  readonly system: string
  readonly user: string
  /** Null when no answer came; then `error` says why. */
  readonly call: RecordedCall | null
  readonly error: string | null
  /** What the call came to; null for one that was repaired or repeated. */
  readonly opinion: Opinion | null
  readonly startedAt: Instant
  readonly endedAt: Instant
  /** Counts the calls of one assessment, the last one is 0. */
  readonly before: number
}

/** What is learnt about a verdict later: a person's answer, the score of an evaluation. */
export interface TraceScore {
  readonly name: string
  readonly value: number | string
  readonly comment?: string
}

/** Where calls are traced to. Neither method waits or throws. */
export interface Tracer {
  call(traced: TracedCall): void
  score(key: TraceKey, score: TraceScore): void
  /** Sends what is waiting, at the end of a process; gives up quietly. */
  close(): Promise<void>
}

/** Tracing is off. */
export const noTracer: Tracer = { call: () => {}, score: () => {}, close: async () => {} }

/** The trace of the call that an opinion came from; earlier calls of the same assessment carry a number. */
export function traceIdOf({ analyst, promptHash, snapshotHash }: TraceKey, before = 0): string {
  const id = hashOf({ analyst, promptHash, snapshotHash }).slice(0, 32)
  return before === 0 ? id : `${id}-${before}`
}
