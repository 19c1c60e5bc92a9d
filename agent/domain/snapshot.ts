import { z } from 'zod'
import { Alert } from './alert.ts'
import { canonicalOf, sha256 } from './canonical.ts'
import { Evidence } from './evidence.ts'
import { Service } from './service.ts'
import type { Signal } from './signal.ts'
import { Instant } from './time.ts'

/** Everything that one decision may know, frozen: nothing after it looks at the world again until execution re-checks. */
export const Snapshot = z.object({
  version: z.literal(1),
  takenAt: Instant,
  service: Service,
  /** The alerts of the incident, oldest first; empty when a sustained health score opened it. */
  alerts: z.array(Alert),
  /** Sorted by id. */
  evidence: z.array(Evidence),
})
export type Snapshot = z.infer<typeof Snapshot>

/** The identity of a snapshot: SHA-256 of its canonical JSON. */
export function snapshotHash(snapshot: Snapshot): string {
  return sha256(canonicalOf(snapshot))
}

/** All signals of one kind, in evidence order. */
export function signalsOf<K extends Signal['kind']>(snapshot: Snapshot, kind: K): Extract<Signal, { kind: K }>[] {
  const found: Extract<Signal, { kind: K }>[] = []
  for (const evidence of snapshot.evidence)
    for (const signal of evidence.signals) if (signal.kind === kind) found.push(signal as Extract<Signal, { kind: K }>)
  return found
}

/** Every id that a verdict may cite: evidence ids and the ids of their signals. */
export function citableIds(snapshot: Snapshot): Set<string> {
  const ids = new Set<string>()
  for (const evidence of snapshot.evidence) {
    ids.add(evidence.id)
    for (const signal of evidence.signals) ids.add(signal.id)
  }
  return ids
}
