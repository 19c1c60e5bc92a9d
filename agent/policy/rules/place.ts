import type { Ceiling } from '../../domain/action.ts'
import type { Breakdown } from '../../domain/facts-series.ts'
import type { TargetFacts } from '../../domain/facts-target.ts'
import { dependencyParts, sameProduct, sameVendor } from '../../domain/site-match.ts'
import type { Category } from '../../domain/verdict.ts'
import {
  areProviderCallsFailing,
  blamedVendor,
  FAULT_PLACE_READS,
  faultPlace,
  isPlacedOutside,
} from '../fault-place.ts'
import type { GateInput } from '../input.ts'
import { FAILOVERS, type Failover, type Finding, type Rule, same } from '../rule.ts'

const BLAME = ['opinion.verdict.rootCause.category', 'opinion.verdict.rootCause.provider']

const leavesTheBlamed: Rule = {
  id: 'place.leaves-the-blamed',
  promise: 4,
  about:
    'A move helps when it leaves what is broken: another region when the region is, another provider when the provider is.',
  reads: [...BLAME, 'snapshot.service.primary', 'facts.targets.dr.provider'],
  apply({ opinion, snapshot, facts }) {
    if (!opinion.verdict) return same(FAILOVERS, 'none', 'no verdict, nobody blamed')
    const vendor = blamedVendor(opinion.verdict)
    if (vendor === null) return same(FAILOVERS, 'ask', 'the verdict blames nobody by name')
    const primary = snapshot.service.primary.provider
    const category = opinion.verdict.rootCause.category
    const isTransit = category === 'network_transit'
    const region: Finding['ceiling'] = sameVendor(vendor, primary) ? 'act' : isTransit ? 'ask' : 'none'
    const dr: Finding['ceiling'] =
      facts.targets.dr.provider !== null && sameVendor(vendor, facts.targets.dr.provider) ? 'none' : 'act'
    return [
      { action: 'region_failover', ceiling: region, detail: `blamed is ${vendor}, every region of ours is ${primary}` },
      {
        action: 'dr_failover',
        ceiling: dr,
        detail: `blamed is ${vendor}, the recovery site is ${facts.targets.dr.provider ?? 'nowhere'}`,
      },
    ]
  },
}

const sharedWithBlamed: Rule = {
  id: 'place.shared-with-the-blamed',
  promise: 15,
  about: 'A target that needs what the verdict blames would fail alike.',
  reads: [
    ...BLAME,
    'snapshot.service.dependsOn',
    'facts.targets.secondary.sharedDependencies',
    'facts.targets.dr.sharedDependencies',
    'facts.dependencies',
  ],
  apply({ opinion, facts, snapshot }) {
    const { verdict } = opinion
    if (!verdict) return same(FAILOVERS, 'none', 'no verdict, nobody blamed')
    return FAILOVERS.map((action) => {
      const shared = targetFor(action, facts.targets).sharedDependencies.filter(
        (name) => isBlamed(name, verdict) && !isSpared(name, facts),
      )
      // What the service itself does not name is needed by the other place too, but is hardly what fails here.
      const isCertain = shared.some((name) => isUsed(name, snapshot.service.dependsOn))
      const detail =
        shared.length > 0
          ? `it needs ${shared.join(', ')} as the primary does`
          : 'it shares nothing with what is blamed'
      return { action, ceiling: shared.length === 0 ? 'act' : isCertain ? 'none' : 'ask', detail } satisfies Finding
    })
  },
}

type Verdict = NonNullable<GateInput['opinion']['verdict']>

/** Whether a dependency is the blamed vendor's; of a whole trade where the verdict blames that trade without a name. */
function isBlamed(dependency: string, verdict: Verdict): boolean {
  const { kind, vendor, product } = dependencyParts(dependency)
  const blamed = blamedVendor(verdict)
  if (blamed !== null) return kind !== 'own' && sameVendor(vendor, blamed)
  if (verdict.rootCause.category === 'third_party_service') return kind === 'third_party'
  return verdict.rootCause.category === 'cdn_infrastructure' && kind === 'provider' && sameProduct(product ?? '', 'cdn')
}

function isUsed(name: string, dependsOn: readonly string[]): boolean {
  const shared = dependencyParts(name)
  return dependsOn.some((dependency) => {
    const own = dependencyParts(dependency)
    if (!sameVendor(own.vendor, shared.vendor)) return false
    return own.product === null || shared.product === null || sameProduct(shared.product, own.product)
  })
}

/** The vendor's own page tells its products apart, and declares another one broken while this one is not mentioned. */
function isSpared(name: string, facts: GateInput['facts']): boolean {
  const { vendor } = dependencyParts(name)
  const own = facts.dependencies.filter((dependency) => sameVendor(dependencyParts(dependency.name).vendor, vendor))
  return own.some((one) => one.state === 'failing') && own.some((one) => one.name === name && one.state === 'clear')
}

const PLACES: readonly Category[] = [
  'aws_infrastructure',
  'azure_infrastructure',
  'gcp_infrastructure',
  'network_transit',
]
const SUPPLIED: readonly Category[] = ['cloudflare_infrastructure', 'cdn_infrastructure', 'third_party_service']

const blamedIsSeen: Rule = {
  id: 'place.blamed-is-seen',
  promise: 2,
  about:
    'A place that is blamed must be seen to fail by more than our own application: its provider says so, its calls fail, machines are gone, or nobody gets through from outside to a service that works. A supplier that is blamed must be one that the service needs.',
  reads: [...FAULT_PLACE_READS, 'facts.hurt', 'snapshot.service.dependsOn'],
  apply(input) {
    const { opinion, facts } = input
    if (!opinion.verdict) return same(FAILOVERS, 'none', 'no verdict, nobody blamed')
    const { category } = opinion.verdict.rootCause
    if (SUPPLIED.includes(category)) return same(FAILOVERS, ...neededSupplier(input, opinion.verdict))
    if (!PLACES.includes(category)) return same(FAILOVERS, 'act', 'neither a place nor a supplier is blamed')
    const status = (name: string) => facts.checks.find((check) => check.check === name && !check.isStale)?.status
    const isShutOut = facts.hurt.outside_probe.state === 'yes' && facts.hurt.outside_probe.extent === 'full'
    const seen: [string, boolean][] = [
      ['an open event or failing provider calls', isPlacedOutside(faultPlace(input))],
      ['machines gone, and nobody gets through from outside', isShutOut && status('node_states') === 'error'],
      ['nobody gets through from outside to a service that works', isShutOut && status('internal_services') === 'ok'],
    ]
    const names = seen.filter(([, holds]) => holds).map(([name]) => name)
    if (names.length > 0) return same(FAILOVERS, 'act', `seen: ${names.join(', ')}`)
    return same(FAILOVERS, 'notify', 'only our own application is seen to fail')
  },
}

/** Blaming a supplier that the service does not need explains nothing. */
function neededSupplier({ snapshot }: GateInput, verdict: Verdict): [Ceiling, string] {
  const primary = snapshot.service.primary.provider
  const needed = snapshot.service.dependsOn.filter(
    (name) => isBlamed(name, verdict) && !sameVendor(dependencyParts(name).vendor, primary),
  )
  return needed.length > 0
    ? ['act', `the service needs ${needed.join(', ')}`]
    : ['notify', 'the service needs nothing of what is blamed']
}

const zone: Rule = {
  id: 'place.zone',
  promise: 4,
  about:
    'When one zone fails and others do not, the zone is left, not the region; unless the provider’s own calls fail or it declares the whole region.',
  reads: ['facts.breakdowns', 'facts.checks', 'facts.providerEvents', 'facts.hurt.outside_probe'],
  apply({ facts }) {
    const split = facts.breakdowns.find(
      (one) => one.dimension === 'zone' && one.split === 'some' && 2 * affectedIn(one).length <= one.members.length,
    )
    const open = facts.providerEvents.filter((event) => event.isOpen && event.category === 'issue')
    const isWider =
      areProviderCallsFailing(facts) || open.some((event) => ['region', 'provider'].includes(event.primary))
    if (!split) {
      // The provider's own word for a zone stands in for a measure that is missing, as long as nothing shows that more is hit.
      const here = open.filter((event) => event.primary !== 'no' || event.dependencies.length > 0)
      const [declared] = here
      const { outside_probe: outside } = facts.hurt
      const isMore =
        isWider ||
        here.some((event) => event.primary !== 'zone') ||
        (outside.state === 'yes' && outside.extent === 'full') ||
        facts.breakdowns.some((one) => one.dimension === 'zone' && one.split !== 'none')
      if (!declared || isMore) return same(FAILOVERS, 'act', 'no measure that follows the zone')
      return same(
        FAILOVERS,
        'notify',
        `${declared.id} is declared for one zone, and nothing shows that more is affected`,
      )
    }
    return same(FAILOVERS, isWider ? 'ask' : 'none', `only zone ${affectedIn(split).join(', ')} is affected`)
  },
}

function affectedIn(breakdown: Breakdown): string[] {
  return breakdown.members.filter((member) => member.isAffected).map((member) => member.value)
}

const everywhere: Rule = {
  id: 'place.everywhere',
  promise: 4,
  about: 'Another region of the same provider does not help against an event of the whole provider.',
  reads: ['facts.providerEvents'],
  apply({ facts }) {
    const open = facts.providerEvents.filter((event) => event.isOpen && event.category === 'issue')
    const global = open.find((event) => event.primary === 'provider' && event.secondary === 'provider')
    return global
      ? same(['region_failover'], 'none', `${global.id} is declared for every region`)
      : same(['region_failover'], 'act', 'no event of the whole provider is open')
  },
}

const event: Rule = {
  id: 'place.event-at-target',
  promise: 15,
  about:
    'Moving into a place with an open event is a person’s decision, however ready it measures; an unreadable feed counts the same.',
  reads: ['facts.targets.secondary', 'facts.targets.dr', 'facts.evidence.failed'],
  apply: ({ facts }) =>
    FAILOVERS.map((action) => {
      const target = targetFor(action, facts.targets)
      const isBlind = facts.evidence.failed.some((piece) => piece.observer === 'provider')
      if (target.events.length > 0)
        return { action, ceiling: 'ask', detail: `open at ${target.region}: ${target.events.join(', ')}` }
      return isBlind
        ? { action, ceiling: 'ask', detail: 'not every provider feed could be read' }
        : { action, ceiling: 'act', detail: 'no event known at the target' }
    }),
}

/** What was measured of the place that a failover goes to. */
export function targetFor(action: Failover, targets: GateInput['facts']['targets']): TargetFacts {
  return action === 'region_failover' ? targets.secondary : targets.dr
}

/** Rules about where the fault lies and where a move would lead. */
export const placeRules: readonly Rule[] = [leavesTheBlamed, sharedWithBlamed, blamedIsSeen, zone, everywhere, event]
