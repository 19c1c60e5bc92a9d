import type { Snapshot } from '../domain/snapshot.ts'
import type { Opinion } from '../domain/verdict.ts'
import type { Analyst } from './analyst.ts'
import { conclude } from './rules/conclusion.ts'
import { readSnapshot } from './rules/readings.ts'
import { verdictOf } from './rules/wording.ts'

/**
 * The analyst without a model: it reads the evidence by fixed, general rules and gives the same verdict for the same snapshot.
 * It reads prose as a person would, but as data only: orders found in it move nothing and are reported.
 */
export function rulesAnalyst(): Analyst {
  return {
    id: 'rules',
    async assess(snapshot, _facts, _abort): Promise<Opinion> {
      return readByRules(snapshot)
    },
  }
}

/** The opinion of the rules on one snapshot. */
export function readByRules(snapshot: Snapshot): Opinion {
  const base = { analyst: 'rules', calibratedConfidence: null, promptHash: null, usage: null }
  try {
    const readings = readSnapshot(snapshot)
    return { ...base, verdict: verdictOf(readings, conclude(readings)), abstained: null, notes: [] }
  } catch (error) {
    // An analyst never throws; a shape nobody foresaw becomes an abstention, and that pages a person.
    const detail = error instanceof Error ? error.message : String(error)
    return {
      ...base,
      verdict: null,
      abstained: { reason: 'inconclusive', detail: `the rules could not read the snapshot: ${detail}` },
      notes: [],
    }
  }
}
