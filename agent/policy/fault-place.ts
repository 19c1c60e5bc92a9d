import type { Facts } from '../domain/facts.ts'
import { sameVendor } from '../domain/site-match.ts'
import type { Category, Verdict } from '../domain/verdict.ts'
import type { GateInput } from './input.ts'

const VENDOR: Partial<Record<Category, string>> = {
  aws_infrastructure: 'aws',
  azure_infrastructure: 'azure',
  gcp_infrastructure: 'gcp',
  cloudflare_infrastructure: 'cloudflare',
}

/** Who is blamed: named by the category where that names a vendor, otherwise by the verdict. */
export function blamedVendor(verdict: Verdict): string | null {
  return VENDOR[verdict.rootCause.category] ?? verdict.rootCause.provider
}

/** What observers outside our telemetry say for the blamed vendor being at fault. */
export interface FaultPlace {
  /** Open events of the blamed vendor at our place, or in what we need of it. */
  readonly declared: readonly string[]
  /** The interface of the blamed vendor answers our calls badly. */
  readonly areCallsFailing: boolean
}

/** The fields that `faultPlace` looks at. */
export const FAULT_PLACE_READS: readonly string[] = [
  'opinion.verdict.rootCause.category',
  'opinion.verdict.rootCause.provider',
  'snapshot.service.primary.provider',
  'facts.providerEvents',
  'facts.checks',
]

/** Looks for somebody outside who places the fault where the verdict does; without a verdict, for any fault that is not ours. */
export function faultPlace({ opinion, facts, snapshot }: GateInput): FaultPlace {
  const vendor = opinion.verdict ? blamedVendor(opinion.verdict) : null
  const isBlamed = (name: string) => vendor === null || sameVendor(name, vendor)
  const declared = facts.providerEvents.filter(
    (event) =>
      event.isOpen &&
      event.state === 'open' &&
      event.category === 'issue' &&
      !event.isElsewhere &&
      isBlamed(event.provider),
  )
  return {
    declared: declared.map((event) => event.id),
    areCallsFailing: isBlamed(snapshot.service.primary.provider) && areProviderCallsFailing(facts),
  }
}

/** Whether anybody outside places the fault where the verdict does. */
export function isPlacedOutside(place: FaultPlace): boolean {
  return place.declared.length > 0 || place.areCallsFailing
}

/** Whether the provider's interface answers our calls badly. */
export function areProviderCallsFailing(facts: Facts): boolean {
  return facts.checks.some(
    (check) =>
      check.observer === 'provider' && !check.isStale && (check.status === 'error' || check.status === 'degraded'),
  )
}
