import type { Snapshot } from './snapshot.ts'

/** Structured facts of a snapshot, derived without reading prose. */
export interface Facts {
  readonly version: 1
}

/** Derives the facts of a snapshot. */
export function deriveFacts(_snapshot: Snapshot): Facts {
  return { version: 1 }
}
