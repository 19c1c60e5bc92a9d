import { z } from 'zod'
import type { Evidence } from './evidence.ts'
import type { Service, Site } from './service.ts'
import { ComponentSignal, type ProviderEventSignal } from './signal.ts'
import { dependencyParts, isEverywhere, plain, sameProduct, sameRegion, sameVendor } from './site-match.ts'
import { epochMs, type Instant, minutesBetween } from './time.ts'

/** How an event's place relates to a site: the whole provider, its region, one zone of it, nothing stated, or not this site. */
const Reach = z.enum(['provider', 'region', 'zone', 'unstated', 'no'])
type Reach = z.infer<typeof Reach>

export const ProviderEventFacts = z.object({
  id: z.string(),
  evidence: z.string(),
  provider: z.string(),
  channel: z.enum(['health_api', 'status_page']),
  category: z.enum(['issue', 'maintenance', 'notification', 'security']),
  /** Open or still watched by the provider. */
  isOpen: z.boolean(),
  state: z.enum(['upcoming', 'open', 'monitoring', 'closed']),
  severity: z.enum(['none', 'low', 'medium', 'high', 'unknown']),
  isAccountSpecific: z.boolean(),
  namesOwnResources: z.boolean(),
  primary: Reach,
  secondary: Reach,
  dr: Reach,
  /** Dependencies of the service (or of a target) whose vendor and product it names. */
  dependencies: z.array(z.string()),
  /** It states products, so that naming a dependency means that very product. */
  namesProducts: z.boolean(),
  /** A vendor that the service uses, in a product or place that it does not. */
  isElsewhere: z.boolean(),
  startedAt: z.string().nullable(),
  /** Positive: it began that many minutes before onset; null when either time is unknown. */
  minutesBeforeOnset: z.number().nullable(),
  ageMinutes: z.number().nullable(),
})
export type ProviderEventFacts = z.infer<typeof ProviderEventFacts>

export const ComponentFacts = z.object({
  id: z.string(),
  evidence: z.string(),
  provider: z.string(),
  name: z.string(),
  status: ComponentSignal.shape.status,
  dependencies: z.array(z.string()),
})
export type ComponentFacts = z.infer<typeof ComponentFacts>

/** What is known of something that the service or a target needs. */
export const DependencyFacts = z.object({
  name: z.string(),
  /** `failing`: its vendor says so, for this product. `suspect`: its vendor has an open event that may or may not be about it. */
  state: z.enum(['failing', 'suspect', 'clear', 'unknown']),
  evidence: z.array(z.string()),
})
export type DependencyFacts = z.infer<typeof DependencyFacts>

/** Every dependency that matters: the service's own and those its targets share. */
export function dependencyNames(service: Service, evidence: readonly Evidence[]): string[] {
  const names = new Set(service.dependsOn)
  for (const piece of evidence)
    for (const signal of piece.signals)
      if (signal.kind === 'readiness') for (const name of signal.sharedDependencies) names.add(name)
  return [...names].sort()
}

export function providerEventFacts(
  evidence: readonly Evidence[],
  service: Service,
  dependencies: readonly string[],
  onsetAt: Instant | null,
  now: Instant,
): ProviderEventFacts[] {
  const facts: ProviderEventFacts[] = []
  for (const piece of evidence)
    for (const event of piece.signals)
      if (event.kind === 'provider_event') facts.push(eventFacts(piece.id, event, service, dependencies, onsetAt, now))
  return facts
}

function eventFacts(
  evidence: string,
  event: ProviderEventSignal,
  service: Service,
  dependencies: readonly string[],
  onsetAt: Instant | null,
  now: Instant,
): ProviderEventFacts {
  const primary = reachOf(event, service.primary)
  const secondary = service.secondary ? reachOf(event, service.secondary) : 'no'
  const dr = service.dr ? reachOf(event, service.dr) : 'no'
  const named = dependencies.filter((dependency) => concerns(event, dependency, service))
  return {
    id: event.id,
    evidence,
    provider: event.provider,
    channel: event.channel,
    category: event.category,
    isOpen: isOpen(event, now),
    state: event.state,
    severity: event.severity,
    isAccountSpecific: event.isAccountSpecific,
    namesOwnResources: event.affectedEntities.length > 0,
    primary,
    secondary,
    dr,
    dependencies: named,
    namesProducts: event.products.length > 0,
    isElsewhere: primary === 'no' && named.length === 0,
    startedAt: event.startedAt,
    minutesBeforeOnset: event.startedAt && onsetAt ? minutesBetween(event.startedAt, onsetAt) : null,
    ageMinutes: event.startedAt ? minutesBetween(event.startedAt, now) : null,
  }
}

function isOpen(event: ProviderEventSignal, now: Instant): boolean {
  if (event.state !== 'open' && event.state !== 'monitoring') return false
  return event.endedAt === null || epochMs(event.endedAt) > epochMs(now)
}

/** What an event says about a site; an event of another vendor says nothing, whatever region it names. */
function reachOf(event: ProviderEventSignal, site: Site): Reach {
  if (!sameVendor(event.provider, site.provider)) return 'no'
  if (event.regions.some(isEverywhere)) return 'provider'
  if (event.regions.length === 0)
    return event.zone && plain(event.zone).startsWith(plain(site.region)) ? 'zone' : 'unstated'
  const regions = event.regions.filter((region) => sameRegion(region, site.region))
  if (regions.length === 0) return 'no'
  const isZonal = event.zone !== null || regions.every((region) => plain(region) !== plain(site.region))
  return isZonal ? 'zone' : 'region'
}

/** Whether an event is about a dependency: the vendor must be the same, and the product where both state one. */
function concerns(event: ProviderEventSignal, dependency: string, service: Service): boolean {
  const parts = dependencyParts(dependency)
  if (parts.kind === 'own' || !sameVendor(event.provider, parts.vendor)) return false
  const sites = [service.primary, service.secondary, service.dr].filter((site) => site !== null)
  const regional = sites.filter((site) => sameVendor(site.provider, parts.vendor))
  // A region that none of our sites is in: the dependency is not the part that fails.
  if (regional.length > 0 && event.regions.length > 0 && regional.every((site) => reachOf(event, site) === 'no'))
    return false
  return (
    parts.product === null ||
    event.products.length === 0 ||
    event.products.some((product) => sameProduct(product, parts.product!))
  )
}

/** Components of status pages that are not in order, and which dependencies they name. */
export function componentFacts(evidence: readonly Evidence[], dependencies: readonly string[]): ComponentFacts[] {
  const facts: ComponentFacts[] = []
  for (const piece of evidence)
    for (const signal of piece.signals)
      if (signal.kind === 'component' && signal.status !== 'operational')
        facts.push({
          id: signal.id,
          evidence: piece.id,
          provider: signal.provider,
          name: signal.name,
          status: signal.status,
          dependencies: dependencies.filter((dependency) => {
            const parts = dependencyParts(dependency)
            if (parts.kind === 'own' || !sameVendor(signal.provider, parts.vendor)) return false
            return parts.product === null || sameProduct(signal.name, parts.product)
          }),
        })
  return facts
}

/** The state of each dependency, from its vendor's own words in structured fields. */
export function dependencyFacts(
  dependencies: readonly string[],
  evidence: readonly Evidence[],
  events: readonly ProviderEventFacts[],
  components: readonly ComponentFacts[],
): DependencyFacts[] {
  return dependencies.map((name) => {
    const parts = dependencyParts(name)
    const open = events.filter(
      (event) => event.isOpen && event.category === 'issue' && event.dependencies.includes(name),
    )
    const broken = components.filter(
      (component) =>
        component.dependencies.includes(name) &&
        ['degraded', 'partial_outage', 'major_outage'].includes(component.status),
    )
    const sources = evidence.filter(
      (piece) =>
        parts.kind !== 'own' &&
        piece.observer === 'provider' &&
        isAbout(piece, parts.vendor) &&
        piece.status !== 'failed',
    )
    const found = [...open.map((event) => event.id), ...broken.map((component) => component.id)]
    const isOutage = broken.some((component) => component.status !== 'degraded')
    // A vendor known only by name has products that we may not use: then only what it says of itself as a whole is certain.
    const isSure =
      parts.product !== null ? open.some((event) => event.namesProducts) || isOutage : isOutage && open.length > 0
    if (found.length > 0) return { name, state: isSure ? ('failing' as const) : ('suspect' as const), evidence: found }
    if (sources.length > 0) return { name, state: 'clear' as const, evidence: sources.map((piece) => piece.id) }
    return { name, state: 'unknown' as const, evidence: [] }
  })
}

/** Whether a piece of provider evidence is the vendor's own channel, by its id ("status:cloudflare", "aws-health") or what it holds. */
function isAbout(piece: Evidence, vendor: string): boolean {
  if (piece.id.split(/[:/-]/).some((part) => plain(part) === plain(vendor))) return true
  return piece.signals.some(
    (signal) =>
      (signal.kind === 'component' || signal.kind === 'provider_event') && sameVendor(signal.provider, vendor),
  )
}
