import type { CatalogueService } from '../config/catalogue.ts'
import type { Alert } from '../domain/alert.ts'
import { groupOf, Service } from '../domain/service.ts'
import type { Instant } from '../domain/time.ts'
import type { HealthEvent } from '../ingest/infrastructure-health.ts'
import { matchService, serviceMatcher } from '../ingest/match.ts'
import type { Mask } from '../lib/mask.ts'
import type { IngestResult, ScopedAlert } from '../store/records.ts'
import type { Store } from '../store/store.ts'

/** Alerts that fit no service of the catalogue are kept under this name: nothing is decided about them, and a person is told. */
export const UNMATCHED_SERVICE = 'unmatched'

export interface Intake {
  readonly stored: IngestResult
  /** Alerts that fit no service, with why. */
  readonly unmatched: readonly { readonly fingerprint: string; readonly reason: string }[]
}

/** Keeps what a place measured under the service that it fits, or under its cloud. */
export function metricsKeeper(
  services: readonly CatalogueService[],
  store: Pick<Store, 'scores'>,
): (event: HealthEvent) => Promise<void> {
  const matchables = services.map(({ name, match }) => ({ name, matchers: match }))
  return async (event) => {
    const match = matchService(event, matchables)
    const sourceCloud = event.labels.source_cloud ?? 'unknown'
    await store.scores.recordMetrics({
      scope: match.kind === 'matched' ? match.service : `cloud:${sourceCloud}`,
      ...{ sourceCloud, severity: event.severity, at: event.at, metrics: event.metrics },
    })
  }
}

/** Finds whose alerts they are and stores them; resolves only when they are durable. */
export function intakeFor(
  services: readonly CatalogueService[],
  store: Pick<Store, 'incidents'>,
  mask: Mask,
): (alerts: readonly Alert[], receivedAt: Instant) => Promise<Intake> {
  const match = serviceMatcher(services.map(({ name, match: matchers }) => ({ name, matchers })))
  const scopes = new Map(
    services.map((service) => [
      service.name,
      { group: groupOf(Service.parse(service)), provider: service.primary.provider },
    ]),
  )
  return async (alerts, receivedAt) => {
    const unmatched: { fingerprint: string; reason: string }[] = []
    const scoped = alerts.map((alert): ScopedAlert => {
      const found = match(alert)
      const scope = found.kind === 'matched' ? scopes.get(found.service) : undefined
      if (found.kind === 'matched' && scope) return { alert, service: found.service, ...scope }
      unmatched.push({
        fingerprint: alert.fingerprint,
        reason: found.kind === 'unmatched' ? found.reason : 'no such service',
      })
      return { alert, service: UNMATCHED_SERVICE, group: UNMATCHED_SERVICE, provider: 'unknown' }
    })
    const masked = await Promise.all(scoped.map(async (one) => ({ ...one, alert: await maskedAlert(one.alert, mask) })))
    return { stored: await store.incidents.ingestAlerts(masked, receivedAt), unmatched }
  }
}

/** Texts of whoever wrote the rule may hold secrets; labels are matched before, and the fingerprint stays what it was. */
async function maskedAlert(alert: Alert, mask: Mask): Promise<Alert> {
  const text = JSON.stringify([alert.labels, alert.annotations])
  const masked = await mask(text)
  if (masked === text) return alert
  const [labels, annotations] = JSON.parse(masked) as [Alert['labels'], Alert['annotations']]
  return { ...alert, labels, annotations }
}
