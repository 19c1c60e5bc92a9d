import type { Facts } from '../domain/facts.ts'
import type { Snapshot } from '../domain/snapshot.ts'
import type { Opinion } from '../domain/verdict.ts'

/** Someone who reads a snapshot and gives an opinion: a model behind its checks, a recording of one, or the `rules`. Never throws: what goes wrong is an abstention. */
export interface Analyst {
  readonly id: string
  assess(snapshot: Snapshot, facts: Facts, abort: AbortSignal): Promise<Opinion>
}
