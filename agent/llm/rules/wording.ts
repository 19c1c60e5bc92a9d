import { citableIds } from '../../domain/snapshot.ts'
import type { Category, Citation, Verdict } from '../../domain/verdict.ts'
import type { Argument } from './argument.ts'
import type { Conclusion } from './conclusion.ts'
import type { Readings } from './readings.ts'

const MAX_CITATIONS = 12

/** Puts a conclusion into a verdict: cause, action, citations with their stance, the alternatives and what is not known. */
export function verdictOf(readings: Readings, conclusion: Conclusion): Verdict {
  return {
    rootCause: { category: conclusion.category, provider: conclusion.provider, summary: conclusion.summary },
    recommendedAction: conclusion.action,
    confidence: conclusion.confidence,
    reasoning: reasoningOf(readings, conclusion),
    citations: citationsOf(readings, conclusion),
    alternatives: alternativesOf(conclusion),
    unknowns: unknownsOf(readings, conclusion),
  }
}

function reasoningOf(readings: Readings, conclusion: Conclusion): string {
  const { impact } = conclusion
  const percent = Math.round(impact.severity * 100)
  const felt =
    impact.state === 'served'
      ? 'Users are served: fresh indicators of real use are within bounds.'
      : impact.state === 'unknown'
        ? 'What users feel is not known.'
        : `Users are hurt (about ${percent} %, ${impact.trend}), since some ${Math.round(readings.onsetMinutes)} min.`
  const strongest = [...conclusion.because].sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight)).slice(0, 5)
  const points = strongest
    .filter((item) => item.weight !== 0)
    .map((item) => `${item.note} (${item.weight > 0 ? '+' : ''}${item.weight})`)
  const places = conclusion.targets
    .filter((target) => !target.usable)
    .map((target) => `${target.target} cannot take over: ${target.reasons.join(', ')}.`)
  return [`${conclusion.summary}.`, felt, points.length > 0 ? `${points.join('; ')}.` : '', ...places]
    .filter(Boolean)
    .join(' ')
}

function citationsOf(readings: Readings, conclusion: Conclusion): Citation[] {
  const known = citableIds(readings.snapshot)
  const citations = new Map<string, Citation>()
  const cite = (argument: Argument) => {
    const { evidence, weight, note } = argument
    if (evidence === null || !known.has(evidence) || citations.has(evidence) || weight === 0) return
    citations.set(evidence, { evidence, stance: weight > 0 ? 'supports' : 'contradicts', note })
  }
  for (const argument of [...conclusion.because].sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight))) cite(argument)
  for (const reading of conclusion.impact.bad.slice(0, 3))
    cite({
      hypothesis: 'provider',
      weight: 0.5,
      note: `${reading.signal.name} is out of bounds`,
      evidence: reading.signal.id,
    })
  return [...citations.values()].slice(0, MAX_CITATIONS)
}

function alternativesOf(conclusion: Conclusion): { category: Category; whyNot: string }[] {
  const { own_change: own = 0, provider = 0, edge = 0, dependency = 0 } = conclusion.scores
  const list: { category: Category; whyNot: string }[] = []
  const say = (category: Category, score: number, what: string) => {
    if (conclusion.category !== category) list.push({ category, whyNot: `${what} weighs ${score.toFixed(1)}` })
  }
  say('internal_deploy', own, 'the most suspicious change of ours')
  if (!/_infrastructure$/.test(conclusion.category)) say('unknown', provider, "what speaks for the provider's fault")
  if (conclusion.category !== 'third_party_service')
    say('third_party_service', dependency, 'what speaks against a vendor we depend on')
  if (conclusion.category !== 'cdn_infrastructure' && conclusion.category !== 'cloudflare_infrastructure')
    say('cdn_infrastructure', edge, 'what speaks for the way to us')
  return list
}

function unknownsOf(readings: Readings, conclusion: Conclusion): string[] {
  const unknowns = readings.failedSources.slice(0, 8).map((source) => `${source} could not be read`)
  if (!readings.onsetIsKnown) unknowns.push('the onset lies before the window or is not visible in any indicator')
  if (conclusion.impact.silent.length > 0)
    unknowns.push(`${conclusion.impact.silent.length} series have no fresh point`)
  if (readings.instructions.length > 0)
    unknowns.push(`orders were found in texts and ignored: ${readings.instructions.slice(0, 5).join(', ')}`)
  return unknowns
}
