import type { Action } from '../domain/action.ts'
import type { Evidence } from '../domain/evidence.ts'
import type { Facts } from '../domain/facts.ts'
import type { Signal } from '../domain/signal.ts'
import type { Snapshot } from '../domain/snapshot.ts'
import type { Citation, Verdict } from '../domain/verdict.ts'
import { whyItCannotSupport } from './trust-stance.ts'

/**
 * What unsupported claims cost. A verdict keeps its stated confidence only when everything it cites exists and can mean what it says;
 * inventing evidence is worse than misreading it.
 */
export const TRUST = Object.freeze({
  /** Factor per citation of something that is not in the snapshot. */
  inventedFactor: 0.7,
  /** Factor per citation whose evidence cannot support what it is cited for. */
  misusedFactor: 0.8,
  /** Most that a verdict without one supporting citation is worth. */
  unsupportedCap: 0.4,
  /** Most that an intervention is worth which rests on one class of observers. */
  oneObserverCap: 0.75,
})

export interface Trusted {
  /** With the citations that stand and the confidence that is left; null when nothing of it can be believed. */
  readonly verdict: Verdict | null
  /** What was dropped or lowered, and why. */
  readonly notes: readonly string[]
}

interface Place {
  readonly evidence: Evidence
  /** Null when the evidence as a whole is cited. */
  readonly signal: Signal | null
}

/** Holds a verdict's citations against the snapshot. Pure; it can only lower confidence. */
export function trusted(verdict: Verdict, snapshot: Snapshot, facts: Facts): Trusted {
  const places = placesOf(snapshot)
  const notes: string[] = []
  const kept: Citation[] = []
  let invented = 0
  let misused = 0
  for (const citation of uniqueCitations(verdict.citations)) {
    const place = places.get(citation.evidence)
    const why = place ? whyItCannotSupport(citation, place.evidence, place.signal, verdict, facts) : null
    if (!place) invented += 1
    else if (why) misused += 1
    else kept.push(citation)
    if (!place) notes.push(`dropped a citation of ${shortId(citation.evidence)}: there is no such evidence`)
    else if (why) notes.push(`dropped the citation of ${shortId(citation.evidence)}: ${why}`)
  }
  const isIntervention = INTERVENTIONS.has(verdict.recommendedAction)
  const supports = kept.filter((citation) => citation.stance === 'supports')
  if (isIntervention && supports.length === 0)
    return { verdict: null, notes: [...notes, `nothing that is cited supports ${verdict.recommendedAction}`] }
  if (invented > kept.length) return { verdict: null, notes: [...notes, 'most of what it cites does not exist'] }

  let confidence = verdict.confidence * TRUST.inventedFactor ** invented * TRUST.misusedFactor ** misused
  if (supports.length === 0) confidence = Math.min(confidence, TRUST.unsupportedCap)
  const observers = new Set(supports.map((citation) => places.get(citation.evidence)?.evidence.observer))
  if (isIntervention && observers.size < 2) {
    if (confidence > TRUST.oneObserverCap) notes.push('rests on one class of observers')
    confidence = Math.min(confidence, TRUST.oneObserverCap)
  }
  confidence = Math.round(confidence * 1000) / 1000
  if (confidence < verdict.confidence) notes.push(`confidence lowered from ${verdict.confidence} to ${confidence}`)
  return { verdict: { ...verdict, citations: kept, confidence: Math.min(confidence, verdict.confidence) }, notes }
}

const INTERVENTIONS: ReadonlySet<Action> = new Set(['self_heal', 'rollback_change', 'region_failover', 'dr_failover'])

function placesOf(snapshot: Snapshot): Map<string, Place> {
  const places = new Map<string, Place>()
  for (const evidence of snapshot.evidence) {
    places.set(evidence.id, { evidence, signal: null })
    for (const signal of evidence.signals) if (!places.has(signal.id)) places.set(signal.id, { evidence, signal })
  }
  return places
}

/** One piece of evidence with one stance counts once, however often it is cited. */
function uniqueCitations(citations: readonly Citation[]): Citation[] {
  const seen = new Set<string>()
  return citations.filter(({ evidence, stance }) => {
    const key = `${stance} ${evidence}`
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

/** Ids that a model makes up can be anything; only a plain start of them is repeated. */
function shortId(id: string): string {
  return id.replace(/[^\w.:/@#-]/g, '?').slice(0, 80) || 'nothing'
}
