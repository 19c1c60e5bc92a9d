import { z } from 'zod'
import { type Evidence, FailureKind, Observer } from './evidence.ts'

const Count = z.number().int().min(0)

/** How well an observer class could look. `empty` (nothing reported) and `failed` (could not look) stay apart. */
const ObserverHealth = z.object({ ok: Count, empty: Count, failed: Count })
type ObserverHealth = z.infer<typeof ObserverHealth>

export const EvidenceFacts = z.object({
  total: Count,
  ok: Count,
  empty: Count,
  failed: z.array(z.object({ id: z.string(), observer: Observer, kind: FailureKind })),
  byObserver: z.record(Observer, ObserverHealth),
  /** Share of the evidence that could not be had, 0..1; 1 when there is none at all. */
  darkShare: z.number().min(0).max(1),
  /** Observer classes of which something was looked at (ok or empty). */
  seeing: z.array(Observer),
})
export type EvidenceFacts = z.infer<typeof EvidenceFacts>

/** Counts what could be looked at and what could not, per observer class. */
export function evidenceFacts(evidence: readonly Evidence[]): EvidenceFacts {
  const byObserver = Object.fromEntries(
    Observer.options.map((observer) => [observer, { ok: 0, empty: 0, failed: 0 }]),
  ) as Record<Observer, ObserverHealth>
  for (const piece of evidence) byObserver[piece.observer][piece.status]++
  const failed = evidence
    .filter((piece) => piece.status === 'failed')
    .map((piece) => ({ id: piece.id, observer: piece.observer, kind: piece.error?.kind ?? ('unknown' as const) }))
  return {
    total: evidence.length,
    ok: evidence.filter((piece) => piece.status === 'ok').length,
    empty: evidence.filter((piece) => piece.status === 'empty').length,
    failed,
    byObserver,
    darkShare: evidence.length === 0 ? 1 : failed.length / evidence.length,
    seeing: Observer.options.filter((observer) => byObserver[observer].ok + byObserver[observer].empty > 0),
  }
}
