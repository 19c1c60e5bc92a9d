import type { ProviderEventSignal } from '../../domain/signal.ts'
import { minutesBetween } from '../../domain/time.ts'
import type { Argument } from './argument.ts'
import type { Impact } from './impact.ts'
import { mentionsSite, placeOf } from './place.ts'
import { productWords, speaksOf } from './products.ts'
import type { Readings } from './readings.ts'

/** Events about the logging, billing or console side of a product leave users alone. */
const BESIDE_THE_POINT =
  /query logs?|sign-in logs?|log delivery|billing|cost explorer|console|dashboard|support cases?|usage reports?|metrics? (?:are )?(?:delayed|late)|is not affected|itself is not|not touched/i
const OWN_SIDE =
  /refused \(4|\b40[013]\b|denied|for our (?:runtime )?role|through (?:the |our )?\w* ?proxy|from ops|all time out from/i

/** Arguments for and against a fault of the cloud that hosts the primary. */
export function arguePrimaryProvider(readings: Readings, impact: Impact): Argument[] {
  const { service } = readings.snapshot
  const list: Argument[] = []
  const add = (weight: number, note: string, evidence: string | null) =>
    list.push({ hypothesis: 'provider', weight, note, evidence })

  for (const event of readings.events.filter(
    (item) => item.provider === service.primary.provider && item.category === 'issue',
  )) {
    const relation = relationOf(event, readings)
    const days = event.updatedAt ? minutesBetween(event.updatedAt, readings.snapshot.takenAt) / 1440 : 0
    if (event.state === 'closed' || event.state === 'upcoming' || days > 1) continue
    if (relation !== 'primary' && relation !== 'everywhere') {
      add(0, `an event of ${event.provider} speaks of another region`, event.id)
      continue
    }
    if (BESIDE_THE_POINT.test(event.text) && event.affectedEntities.length === 0) {
      add(0.2, `an event in our region is about something that users do not touch`, event.id)
      continue
    }
    const starts = event.startedAt ? minutesBetween(event.startedAt, readings.snapshot.takenAt) : readings.onsetMinutes
    const near = Math.abs(starts - readings.onsetMinutes) <= 25
    add(
      near ? 2.5 : 1.5,
      `an open event of ${event.provider} names our region${near ? ' and began with the incident' : ''}`,
      event.id,
    )
    if (event.affectedEntities.length > 0) add(1, 'it names resources of ours', event.id)
  }

  const api = readings.checks.get('provider_api')
  if (api) {
    const ownSide = OWN_SIDE.test(api.detail ?? '')
    if (api.status === 'error' && !ownSide) add(2, 'calls to the provider fail', api.id)
    else if (api.status === 'degraded' && !ownSide) add(1, 'a part of the calls to the provider fails', api.id)
    else if (api.status === 'ok') add(-0.8, 'calls to the provider succeed', api.id)
    else if (ownSide) add(-0.5, 'calls to the provider are refused or blocked on our side', api.id)
  }
  const nodes = readings.checks.get('node_states')
  if (nodes?.status === 'error') add(1, 'machines are gone', nodes.id)

  const errors = readings.logs.filter((log) => log.isError && log.minutesSinceLast < 15)
  const coded =
    errors.find((log) => log.topics.has('providerFault')) ??
    errors.find((log) => log.topics.has('serverError') && log.topics.has('cloudName'))
  if (coded) add(1.5, 'the cloud itself answers with errors', coded.signal.id)
  const hardware = errors.find((log) => log.topics.has('hardware'))
  if (hardware) add(1.2, 'machines, disks or power fail', hardware.signal.id)
  const linkLocal = errors.find((log) => /169\.254\.169\.25[34]/.test(log.text) && !log.topics.has('denied'))
  if (linkLocal) add(1.5, "the provider's own name or metadata endpoint does not answer", linkLocal.signal.id)

  const apiSeries = readings.series.find(
    (reading) =>
      reading.state === 'bad' &&
      /api_(?:call|error|fail)|_api_|aws_|arm_|gapi|gcs|sdk|run_instances|create_fail|disk_io|instance_|node_create|token_(?:request|fail)|storage_|metadata|link_local|kv_call/i.test(
        `${reading.signal.name} ${reading.signal.query}`,
      ),
  )
  if (apiSeries) add(1.3, `${apiSeries.signal.name} shows the provider's side failing`, apiSeries.signal.id)
  const zones = readings.splits.filter((split) => split.dimension === 'zone')
  if (zones.some((split) => split.failing.length > 0 && split.healthy.length > 0))
    add(1.2, 'failures part by zone', zones[0]?.failing[0]?.reading.signal.id ?? null)
  for (const split of readings.splits.filter((item) => item.dimension === 'region'))
    if (
      split.failing.some((part) => mentionsSite(part.value, service.primary)) &&
      split.healthy.some((part) => placeOf(part.value, service) !== 'primary')
    )
      add(1, 'the same measure fails in our region and not elsewhere', split.failing[0]?.reading.signal.id ?? null)
  for (const witness of witnesses(readings))
    add(1.3, `${witness.provider}, a company apart from us, reports trouble since the same minutes`, witness.id)
  if (suspectFree(readings)) add(1, 'nothing of ours changed in the hour before', null)
  return list
}

/** Other companies whose incident began with ours and speaks of their storage, cloud, hosting or entry. */
export function witnesses(readings: Readings): ProviderEventSignal[] {
  return readings.events.filter((event) => {
    if (
      event.provider === readings.snapshot.service.primary.provider ||
      event.category !== 'issue' ||
      event.state === 'closed'
    )
      return false
    if (!event.startedAt) return false
    const apart = Math.abs(minutesBetween(event.startedAt, readings.snapshot.takenAt) - readings.onsetMinutes)
    return (
      apart <= 12 &&
      /cloud|hosting|storage vendor|upstream|provider|store|balancer|before they reach|another company|data cent/i.test(
        `${event.title} ${event.text}`,
      )
    )
  })
}

function suspectFree(readings: Readings): boolean {
  const looked = readings.snapshot.evidence.some(
    (evidence) => evidence.observer === 'change' && evidence.status !== 'failed',
  )
  if (!looked) return false
  return !readings.changes.some((change) => {
    const lead = minutesBetween(change.at, readings.snapshot.takenAt) - readings.onsetMinutes
    return (
      lead > -5 &&
      lead < 75 &&
      (change.rolloutPercent ?? 100) > 20 &&
      !/^(?:traffic|rollback|calendar|maintenance)$/.test(change.changeKind)
    )
  })
}

function relationOf(event: ProviderEventSignal, readings: Readings): 'primary' | 'everywhere' | 'elsewhere' {
  const { service } = readings.snapshot
  const places = [...event.regions, event.zone ?? '', event.title]
  if (places.some((text) => mentionsSite(text, service.primary))) return 'primary'
  if (mentionsSite(event.text, service.primary)) return 'primary'
  const named = [...event.regions, event.title].some((text) => placeOf(text, service) !== null)
  if (
    /\b(?:global|multiple regions|several regions|worldwide|all regions)\b/i.test(
      `${event.regions.join(' ')} ${event.title} ${event.text}`,
    )
  )
    return 'everywhere'
  return named || event.regions.length > 0 ? 'elsewhere' : 'everywhere'
}

/** A dependency that others run for us and that fails: from what its vendor says and from what our own measures say. */
export interface FailingDependency {
  readonly name: string
  readonly vendor: string
  readonly product: string
  readonly weight: number
  readonly arguments: readonly Argument[]
}

/** Which dependencies other than the primary's own region fail. */
export function failingDependencies(readings: Readings, impact: Impact): FailingDependency[] {
  const { service } = readings.snapshot
  const names = new Set([...service.dependsOn, ...readings.readiness.flatMap((item) => item.sharedDependencies)])
  return [...names]
    .map((name) => weighDependency(name, readings, impact))
    .filter((item) => item.weight >= 1)
    .sort((a, b) => b.weight - a.weight || (a.name < b.name ? -1 : 1))
}

function weighDependency(name: string, readings: Readings, impact: Impact): FailingDependency {
  const [vendor = '', product = ''] = name.split(/:(.*)/)
  const company = vendor === 'third_party' ? product : vendor
  const isEdge =
    vendor !== 'third_party' &&
    /cdn|edge|dns|waf|frontdoor|spectrum|workers|challenge|cache|cloudfront|load-?balanc/i.test(product)
  const hypothesis = vendor === 'third_party' ? 'third_party' : isEdge ? 'edge' : 'provider'
  const list: Argument[] = []
  const add = (weight: number, note: string, evidence: string | null) =>
    list.push({ hypothesis, weight, note, evidence })
  const words = productWords(vendor, product)

  for (const component of readings.components.filter((item) => item.provider === company)) {
    if (vendor !== 'third_party' && !speaksOf(component.name, words)) continue
    if (component.status === 'major_outage' || component.status === 'partial_outage')
      add(1.5, `${company} reports ${component.name} down`, component.id)
    else if (component.status === 'degraded') add(0.7, `${company} reports ${component.name} degraded`, component.id)
  }
  for (const event of readings.events.filter(
    (item) =>
      item.provider === company && item.category === 'issue' && (item.state === 'open' || item.state === 'monitoring'),
  )) {
    const about =
      vendor === 'third_party' || event.products.length === 0 || event.products.some((item) => speaksOf(item, words))
    const starts = event.startedAt ? minutesBetween(event.startedAt, readings.snapshot.takenAt) : 999
    const near = Math.abs(starts - readings.onsetMinutes) <= 15
    if (about && near && event.severity !== 'low')
      add(1.5, `${company} has an incident since the same minutes`, event.id)
    else if (about && near) add(0.5, `${company} has a small incident since the same minutes`, event.id)
  }
  const failing = readings.logs.filter(
    (log) =>
      log.isError && log.minutesSinceLast < 15 && speaksOf(log.text, vendor === 'third_party' ? [company] : words),
  )
  if (
    failing.length > 0 &&
    (hypothesis !== 'provider' || list.length > 0 || company !== readings.snapshot.service.primary.provider)
  )
    add(failing.length > 1 ? 1 : 0.6, `our error lines name ${company}`, failing[0]?.signal.id ?? null)
  const series = readings.series.find(
    (reading) =>
      reading.state === 'bad' &&
      speaksOf(
        `${reading.signal.name} ${reading.signal.query} ${Object.values(reading.signal.labels).join(' ')}`,
        words,
      ),
  )
  if (series) add(hypothesis === 'edge' ? 0.8 : 0.6, `${series.signal.name} points at ${name}`, series.signal.id)
  return { name, vendor, product, weight: list.reduce((sum, item) => sum + item.weight, 0), arguments: list }
}
