import { isFailover, targetOf } from '../domain/action.ts'
import type { Evidence } from '../domain/evidence.ts'
import type { Facts } from '../domain/facts.ts'
import type { Signal } from '../domain/signal.ts'
import type { Category, Citation, Verdict } from '../domain/verdict.ts'

const VENDOR_OF: Partial<Record<Category, string>> = {
  aws_infrastructure: 'aws',
  azure_infrastructure: 'azure',
  gcp_infrastructure: 'gcp',
  cloudflare_infrastructure: 'cloudflare',
}
const OWN_CHANGE: readonly Category[] = ['internal_deploy', 'internal_config']
/** A change this long after onset did not cause it; clocks and onsets are not exact. */
const AFTER_ONSET_MINUTES = 3

/** Why a piece of evidence cannot mean what it is cited for; null when it can. Structured fields decide, never prose. */
export function whyItCannotSupport(
  { stance }: Citation,
  evidence: Evidence,
  signal: Signal | null,
  verdict: Verdict,
  facts: Facts,
): string | null {
  if (evidence.status === 'failed') return 'it could not be looked at, so it says nothing'
  if (stance === 'contradicts') return null
  if (evidence.status === 'empty') return 'nothing was reported there, and silence supports nothing'
  if (signal === null) {
    // The whole of it is cited: it supports as long as one of its signals does.
    const reasons = evidence.signals.map((one) => reasonOf(one, verdict, facts))
    return reasons.length > 0 && reasons.every((reason) => reason !== null) ? (reasons[0] ?? null) : null
  }
  return reasonOf(signal, verdict, facts)
}

function reasonOf(signal: Signal, verdict: Verdict, facts: Facts): string | null {
  const { category } = verdict.rootCause
  const claimsOutage = isOutsideCause(category) || isFailover(verdict.recommendedAction)
  const claimsHealth = category === 'none'
  switch (signal.kind) {
    case 'health_check':
      if (claimsOutage && signal.status === 'ok') return 'a check that is ok supports no outage'
      if (claimsOutage && signal.status === 'unknown') return 'a check that is unknown supports no outage'
      if (claimsHealth && signal.status === 'error') return 'a check that fails does not say that nothing is wrong'
      return null
    case 'provider_event':
      return eventReason(signal, category, facts)
    case 'component':
      if (isOutsideCause(category) && signal.status === 'operational') return 'the page says that it is operational'
      return otherVendor(signal.provider, category)
    case 'series':
      return seriesReason(signal.id, claimsOutage, claimsHealth, category, facts)
    case 'change': {
      const before = facts.changes.find(({ id }) => id === signal.id)?.minutesBeforeOnset
      const isLate = before !== null && before !== undefined && before < -AFTER_ONSET_MINUTES
      return OWN_CHANGE.includes(category) && isLate ? 'it came after users were hurt already' : null
    }
    case 'readiness': {
      const target = targetOf(verdict.recommendedAction)
      if (target !== signal.target) return null
      const isUnfit = !signal.exists || signal.healthy === false || signal.capacity === 'none'
      return isUnfit ? 'the target that it measures is not fit' : null
    }
    case 'log_pattern':
      return null
  }
}

function eventReason(
  event: Extract<Signal, { kind: 'provider_event' }>,
  category: Category,
  facts: Facts,
): string | null {
  if (!isOutsideCause(category)) return null
  const fact = facts.providerEvents.find(({ id }) => id === event.id)
  if (!fact?.isOpen) return 'the event is not open now'
  if (fact.isElsewhere) return 'the event is about a place or product that the service does not use'
  return otherVendor(event.provider, category)
}

function otherVendor(provider: string, category: Category): string | null {
  const vendor = VENDOR_OF[category]
  if (vendor === undefined || provider.toLowerCase().includes(vendor)) return null
  return Object.values(VENDOR_OF).includes(provider.toLowerCase()) ? `it is about ${provider}` : null
}

function seriesReason(
  id: string,
  claimsOutage: boolean,
  claimsHealth: boolean,
  category: Category,
  facts: Facts,
): string | null {
  const series = facts.series.find((one) => one.id === id)
  if (!series) return null
  if (series.state !== 'fresh')
    return claimsOutage && category !== 'monitoring_fault' ? `its values are ${series.state}, which is unknown` : null
  const isWell = series.sli !== null && (series.worstBadness ?? 0) <= 1 && !series.isAbnormal
  if (claimsOutage && isWell) return 'it shows users in good order'
  return claimsHealth && series.isBad === true ? 'it shows users being hurt' : null
}

function isOutsideCause(category: Category): boolean {
  return category.endsWith('_infrastructure') || category === 'network_transit' || category === 'third_party_service'
}
