import { type Incident, incidentOf } from './case.ts'
import { type Answer, answerOf, type Decider } from './decider.ts'
import { differenceOf } from './flip.ts'
import { CHECKS, variantOf } from './metamorphic/checks.ts'
import { snapshotOf } from './recorded-snapshot.ts'
import { scoredAs } from './scorers.ts'
import type { Study } from './study.ts'

/** A decision that changed although nothing that matters did. */
export interface Flip {
  readonly id: string
  readonly check: string
  readonly seed: string
  readonly before: Answer
  readonly after: Answer
  /** Only how far it goes changed, not what. */
  readonly isDispositionOnly: boolean
  /** Which upstream's answers suffice to flip it; empty when only several together do. */
  readonly through: readonly string[]
  /** What the analyst or the gate saw differently. */
  readonly why: string
}

export interface MetamorphicRow {
  readonly check: string
  readonly about: string
  readonly variants: number
  readonly flips: number
}

export interface Metamorphic {
  readonly variants: number
  readonly flips: number
  readonly rows: readonly MetamorphicRow[]
  readonly flipped: readonly Flip[]
}

/** Decides again on variants of each case that must not change the decision. */
export function metamorphicStudy(decider: Decider, seeds: readonly string[]): Study & { result(): Metamorphic } {
  const variants = new Map<string, number>()
  const flipped: Flip[] = []
  return {
    observe: async (one, _snapshot, outcome, abort) => {
      const before = answerOf(outcome)
      for (const check of CHECKS) {
        for (const seed of seeds) {
          const variant = variantOf(check, one.incident, one.id, seed)
          const changed = await decider.decide(await snapshotOf(variant), abort)
          const after = answerOf(changed)
          variants.set(check.name, (variants.get(check.name) ?? 0) + 1)
          if (isSame(after, before)) continue
          const isDispositionOnly = after.action === before.action && scoredAs(after) === scoredAs(before)
          const through = check.isSectional ? await culprits(one.incident, variant, before, decider, abort) : []
          const why = differenceOf(outcome, changed)
          flipped.push({ id: one.id, check: check.name, seed, before, after, isDispositionOnly, through, why })
        }
      }
    },
    result: () => ({
      variants: [...variants.values()].reduce((sum, count) => sum + count, 0),
      flips: flipped.length,
      rows: CHECKS.map(({ name, about }) => ({
        check: name,
        about,
        variants: variants.get(name) ?? 0,
        flips: flipped.filter(({ check }) => check === name).length,
      })),
      flipped: flipped.toSorted((a, b) => (a.check < b.check ? -1 : a.check > b.check ? 1 : a.id < b.id ? -1 : 1)),
    }),
  }
}

/** Puts one upstream's changed answers at a time into the unchanged case, and keeps those that flip it alone. */
async function culprits(
  original: Incident,
  variant: Incident,
  before: Answer,
  decider: Decider,
  abort: AbortSignal,
): Promise<string[]> {
  const found: string[] = []
  for (const [section, answer] of Object.entries(variant.upstream)) {
    const mixed = incidentOf({ ...original, upstream: { ...original.upstream, [section]: answer } })
    if (!isSame(answerOf(await decider.decide(await snapshotOf(mixed), abort)), before)) found.push(section)
  }
  return found
}

function isSame(a: Answer, b: Answer): boolean {
  return a.action === b.action && a.disposition === b.disposition
}
