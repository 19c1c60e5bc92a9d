import { DETECTORS, type DetectorParameters, type Feature } from '../../../agent/anomaly/parameters.ts'
import type { Entity } from './data.ts'
import { macroMean, type Quality, qualityOf, runModel } from './detection.ts'

const best: DetectorParameters = DETECTORS.best
const NEVER = 1e9

/** Each takes one thing away from the default, or turns one of its numbers. */
export const VARIANTS: Readonly<Record<string, DetectorParameters>> = {
  default: best,
  'no season': { ...best, seasonShare: 2 },
  'no adapting place and spread': { ...best, adaptHours: NEVER },
  'no long average taken off': { ...best, slowHours: NEVER },
  'no short average': { ...best, fastRows: 0.01 },
  'level only': { ...best, features: [{ kind: 'level' }] satisfies Feature[] },
  'level and one change (fast mode)': DETECTORS.fast,
  'no departure': { ...best, features: best.features.filter((f) => f.kind !== 'departure') },
  'hardly clipped': { ...best, clip: 50 },
  'shrink 0.02': { ...best, shrink: 0.02 },
  'shrink 0.1': { ...best, shrink: 0.1 },
  'shrink 0.5': { ...best, shrink: 0.5 },
  'no correlation (shrink 1)': { ...best, shrink: 1 },
  'long average 4 h': { ...best, slowHours: 4 },
  'long average 24 h': { ...best, slowHours: 24 },
}

export interface Ablation {
  /** Per variant and set. */
  readonly variants: Record<string, Record<string, Pick<Quality, 'ap' | 'vusPr'>>>
  /** Per set: each entity scored by the variant that was best on all other entities. */
  readonly leaveOneEntityOut: Record<string, { ap: number; vusPr: number; chosen: Record<string, number> }>
}

/** Scores every variant on every labelled entity; `note` hears of progress. */
export function ablate(entities: readonly Entity[], note: (line: string) => void): Ablation {
  const names = Object.keys(VARIANTS)
  const byVariant = names.map((name) => {
    note(`ablation: ${name}`)
    return entities.map((e) => qualityOf(e, runModel(e, { parameters: VARIANTS[name]! })))
  })
  const sets = [...new Set(entities.map((e) => e.set))]
  const meanOver = (v: number, set: string, except = -1): Quality =>
    macroMean(byVariant[v]!.filter((q, i): q is Quality => !!q && i !== except && entities[i]!.set === set))
  const variants: Ablation['variants'] = {}
  names.forEach((name, v) => {
    variants[name] = {}
    for (const set of sets) {
      const { ap, vusPr } = meanOver(v, set)
      variants[name][set] = { ap, vusPr }
    }
  })
  const leaveOneEntityOut: Ablation['leaveOneEntityOut'] = {}
  for (const set of sets) {
    const kept: Quality[] = []
    const chosen: Record<string, number> = {}
    entities.forEach((e, i) => {
      if (e.set !== set) return
      let top = 0
      let topValue = Number.NEGATIVE_INFINITY
      names.forEach((_, v) => {
        const value = sets.reduce((s, other) => {
          const { ap, vusPr } = meanOver(v, other, i)
          return Number.isFinite(ap) ? s + ap + vusPr : s
        }, 0)
        if (value > topValue) {
          topValue = value
          top = v
        }
      })
      const quality = byVariant[top]![i]
      if (!quality) return
      kept.push(quality)
      chosen[names[top]!] = (chosen[names[top]!] ?? 0) + 1
    })
    const { ap, vusPr } = macroMean(kept)
    leaveOneEntityOut[set] = { ap, vusPr, chosen }
  }
  return { variants, leaveOneEntityOut }
}
