import type { Action } from '../../domain/action.ts'
import type { Snapshot } from '../../domain/snapshot.ts'
import type { Category } from '../../domain/verdict.ts'
import { FAULT_PLACE_READS, faultPlace, isPlacedOutside } from '../fault-place.ts'
import type { GateInput } from '../input.ts'
import type { Policy } from '../policy.ts'
import { FAILOVERS, type Finding, LEVERS, type Rule, same } from '../rule.ts'

const present: Rule = {
  id: 'opinion.present',
  promise: 7,
  about: 'Without a verdict no lever is pulled: silence means no.',
  reads: ['opinion.verdict', 'opinion.abstained.reason'],
  apply: ({ opinion }) =>
    opinion.verdict
      ? same(LEVERS, 'act', 'there is a verdict')
      : same(LEVERS, 'none', `the analyst abstained: ${opinion.abstained?.reason ?? 'no reason given'}`),
}

const analyst: Rule = {
  id: 'opinion.analyst',
  promise: 7,
  about: 'The analyst without a model reads well-known shapes only: it may lead to a question, not to an act.',
  reads: ['opinion.analyst'],
  apply: ({ opinion }) =>
    opinion.analyst === 'rules'
      ? same(LEVERS, 'ask', 'the verdict is of the rules analyst')
      : same(LEVERS, 'act', `the verdict is of ${opinion.analyst}`),
}

const calibrated: Rule = {
  id: 'opinion.calibrated',
  promise: 7,
  about: 'A confidence that was never compared with outcomes is a figure of speech.',
  reads: ['opinion.calibratedConfidence'],
  apply: ({ opinion }) =>
    opinion.calibratedConfidence === null
      ? same(LEVERS, 'ask', 'no calibration for this analyst and prompt')
      : same(LEVERS, 'act', 'the confidence is calibrated'),
}

const confidence: Rule = {
  id: 'opinion.confidence',
  promise: 18,
  about: 'Each lever needs its own confidence: less for what is easily undone, more for what moves every user.',
  reads: ['opinion.calibratedConfidence', 'opinion.verdict.confidence', 'policy.actions'],
  apply({ opinion }, policy) {
    if (!opinion.verdict) return same(LEVERS, 'none', 'no verdict, no confidence')
    // Calibration may lower what was stated, never raise it.
    const value = Math.min(opinion.verdict.confidence, opinion.calibratedConfidence ?? 1)
    return LEVERS.map((action) => {
      const bounds = policy.actions[action].confidence
      const detail = `${value.toFixed(2)}; asking needs ${bounds.ask}, acting ${bounds.act}`
      return { action, ceiling: value >= bounds.act ? 'act' : value >= bounds.ask ? 'ask' : 'notify', detail }
    })
  },
}

/** Own causes travel along to every place; what moves users away from them must be seen from outside. */
const cause: Rule = {
  id: 'opinion.cause',
  promise: 4,
  about:
    'A lever answers certain causes. Own deploys, configuration, capacity, data and security never move users automatically.',
  reads: ['opinion.verdict.rootCause.category', ...FAULT_PLACE_READS, 'policy.actions'],
  apply(input, policy) {
    const { opinion } = input
    if (!opinion.verdict) return same(LEVERS, 'none', 'no verdict, no cause')
    const { category } = opinion.verdict.rootCause
    return LEVERS.map((action) => {
      const ceiling = causeCeiling(action, category, policy, isPlacedOutside(faultPlace(input)))
      const verb = {
        act: 'may be answered by it',
        ask: 'may be answered by it when a person agrees',
        notify: '',
        none: 'is not answered by it',
      }
      return { action, ceiling, detail: `${category} ${verb[ceiling]}` }
    })
  },
}

const OWN_CAUSES: readonly Category[] = [
  'internal_deploy',
  'internal_config',
  'internal_capacity',
  'internal_data',
  'internal_certificate',
  'security',
]

function causeCeiling(
  action: (typeof LEVERS)[number],
  category: Category,
  policy: Policy,
  isFaultOutside: boolean,
): Finding['ceiling'] {
  const { causes } = policy.actions[action]
  const isFailover = (FAILOVERS as readonly Action[]).includes(action)
  if (isFailover && OWN_CAUSES.includes(category))
    return causes.ask.includes(category) && isFaultOutside ? 'ask' : 'none'
  if ((causes.act as readonly Category[]).includes(category)) return 'act'
  return causes.ask.includes(category) ? 'ask' : 'none'
}

const ceiling: Rule = {
  id: 'policy.ceiling',
  promise: null,
  about: 'How far each lever may ever go, by the policy file.',
  reads: ['policy.actions'],
  apply: (_input, policy) =>
    LEVERS.map((action) => ({
      action,
      ceiling: policy.actions[action].ceiling,
      detail: `at most ${policy.actions[action].ceiling}`,
    })),
}

const citations: Rule = {
  id: 'opinion.citations',
  promise: 2,
  about:
    'A verdict must name what it rests on, in evidence that answered; acting needs two kinds of observers among it.',
  reads: [
    'opinion.verdict.citations[].evidence',
    'opinion.verdict.citations[].stance',
    'snapshot.evidence[].id',
    'snapshot.evidence[].status',
    'snapshot.evidence[].observer',
    'snapshot.evidence[].signals[].id',
  ],
  apply({ opinion, snapshot }) {
    if (!opinion.verdict) return same(LEVERS, 'none', 'no verdict, no citations')
    const observers = citedObservers(opinion.verdict.citations, snapshot)
    if (observers.size === 0) return same(LEVERS, 'notify', 'no citation supports it with evidence that answered')
    const detail = `supported by evidence of ${[...observers].sort().join(', ')}`
    return same(LEVERS, observers.size >= 2 ? 'act' : 'ask', detail)
  },
}

function citedObservers(
  citations: NonNullable<GateInput['opinion']['verdict']>['citations'],
  snapshot: Snapshot,
): Set<string> {
  const cited = new Set(citations.filter((one) => one.stance === 'supports').map((one) => one.evidence))
  const observers = new Set<string>()
  for (const piece of snapshot.evidence) {
    if (piece.status === 'failed') continue
    if (cited.has(piece.id) || piece.signals.some((signal) => cited.has(signal.id))) observers.add(piece.observer)
  }
  return observers
}

/** Rules about the verdict: it can choose among what the evidence permits, and lower a ceiling. */
export const opinionRules: readonly Rule[] = [present, analyst, calibrated, confidence, cause, ceiling, citations]
