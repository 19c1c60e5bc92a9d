import { createHash } from 'node:crypto'

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>

/** How a span came out. */
export interface SpanEnd {
  readonly attributes?: SpanAttributes
  /** Why it failed; absent when it did not. */
  readonly error?: string
}

/** Something that takes time and is shown as such. Only the first end counts. */
export interface Span {
  end(outcome?: SpanEnd): void
}

/** Times at which something that is already over began and ended, in milliseconds since 1970. */
export interface Past {
  readonly startMs: number
  readonly endMs: number
}

/** Traces of what the agent does, one trace for each incident. Nothing here waits, throws or changes what is decided. */
export interface Spans {
  /** Begins a span in the trace of an incident (or of a run that has none). */
  begin(name: string, traced: string, attributes: SpanAttributes): Span
  /** Everything that is begun during the work belongs to the span. */
  within<T>(span: Span, work: () => Promise<T>): Promise<T>
  /** Begins a span that belongs to the current one; nothing is traced where there is none. */
  child(name: string, attributes: SpanAttributes): Span
  /** The same for what is over. */
  past(name: string, when: Past, attributes: SpanAttributes, outcome: SpanEnd): void
  /** Sends what is waiting, at the end of a process; gives up quietly. */
  close(): Promise<void>
}

const noSpan: Span = { end: () => {} }

/** Tracing is off. */
export const noSpans: Spans = {
  begin: () => noSpan,
  within: (_span, work) => work(),
  child: () => noSpan,
  past: () => {},
  close: async () => {},
}

/** The trace of an incident, the same for every agent and after every restart, so that logs and traces lead to each other. */
export function traceIdOfIncident(id: string): string {
  return createHash('sha256').update(`failwise incident ${id}`).digest('hex').slice(0, 32)
}
