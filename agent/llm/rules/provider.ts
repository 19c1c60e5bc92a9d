import type { ProviderEventSignal } from '../../domain/signal.ts'
import { minutesBetween } from '../../domain/time.ts'
import type { Argument } from './argument.ts'
import type { LogReading } from './log-reading.ts'
import { failingNeighbour } from './neighbours.ts'
import type { Suspect } from './own-change.ts'
import { mentionsSite, placeOf } from './place.ts'
import { surgeOf } from './planned.ts'
import { productWords, speaksOf } from './products.ts'
import { readProviderCalls } from './provider-calls.ts'
import { weightOfEvent } from './provider-events.ts'
import type { Readings } from './readings.ts'
import type { SeriesReading } from './series-reading.ts'

const PROVIDER_SIDE =
  /api_(?:call|error|fail)|_api_|aws_sdk|arm_|gapi|gcs|sdk_|run_instances|instance_create|node_create|disk_io|io_errors|token_(?:request|fail)|storage_|metadata|link_local|call_failures|create_fail|nodes_re(?:ady|achable)|machines_up|hosts_up|packet_loss|healthy_targets?|impaired/i

/** Arguments for and against a fault of the cloud that hosts the primary. */
export function argueProvider(readings: Readings, suspects: readonly Suspect[]): Argument[] {
  const { service } = readings.snapshot
  const list: Argument[] = []
  const add: Add = (weight, note, evidence, isDirect = false) =>
    list.push({ hypothesis: 'provider', weight, note, evidence, isDirect })
  let hasEvent = false
  for (const event of readings.events) {
    if (event.provider !== service.primary.provider || event.category !== 'issue') continue
    const weight = weightOfEvent(event, readings)
    if (weight >= 1.5 && hasEvent) continue
    if (weight >= 1.5) hasEvent = true
    if (weight > 0)
      add(
        weight,
        weight >= 1.5
          ? `an open event of ${event.provider} is about our place`
          : 'an event is about something users do not touch',
        event.id,
        weight >= 1.5,
      )
    if (weight >= 1.5 && event.affectedEntities.length > 0) add(1, 'it names resources of ours', event.id)
  }
  argueFromChecks(readings, add)
  argueFromLogs(readings, add)
  argueFromSeries(readings, add)
  const surge = surgeOf(readings)
  if (surge) {
    add(-1.5, 'this is a crowd rather than an outage', surge)
    list.push({ hypothesis: 'capacity', weight: 1.5, note: 'requests are more than twice the usual', evidence: surge })
  }
  const neighbour = failingNeighbour(readings)
  if (neighbour) add(0.5, 'something of others in our place fails since the same minutes', neighbour.signal.id)
  const witness = witnessOf(readings)
  if (witness)
    add(1.3, `${witness.provider}, a company apart from us, reports trouble since the same minutes`, witness.id, true)
  if (nothingChanged(readings, suspects)) add(1, 'nothing of ours changed in the hour before', null)
  return list
}

type Add = (weight: number, note: string, evidence: string | null, isDirect?: boolean) => void

function argueFromChecks(readings: Readings, add: Add): void {
  const api = readings.checks.get('provider_api')
  const failing = api?.status === 'error' || api?.status === 'degraded'
  if (api && failing) {
    const calls = readProviderCalls(api.detail ?? '', readings.snapshot.service)
    if (calls.fault === 'home') {
      if (calls.onlyNamesHere) add(1, 'calls to the provider find no address, seen from our side', api.id, true)
      else if (api.status === 'error') add(2, 'calls to the provider fail', api.id, true)
      else add(1, 'a part of the calls to the provider fails', api.id, true)
      if (calls.othersToo) add(1, 'somebody who shares nothing with us meets the same', api.id, true)
      if (calls.worksElsewhere) add(0.7, 'the same calls succeed in another place', api.id, true)
    } else if (calls.fault === 'ours') add(-0.5, 'calls to the provider are refused or blocked on our side', api.id)
  } else if (api?.status === 'ok') add(-0.8, 'calls to the provider succeed', api.id)
  const nodes = readings.checks.get('node_states')
  if (nodes?.status === 'error') add(1, 'machines are gone', nodes.id)
}

function argueFromLogs(readings: Readings, add: Add): void {
  const errors = readings.logs.filter((log) => log.isError && log.minutesSinceLast < 15)
  const coded =
    errors.find((log) => log.topics.has('providerFault')) ??
    errors.find((log) => log.topics.has('serverError') && log.topics.has('cloudName') && !isRefusal(log))
  if (coded) add(1.5, 'the cloud itself answers with errors', coded.signal.id, true)
  // Our own way out may be cut as well, so silence of the cloud's endpoints counts only beside failing calls from elsewhere.
  const silent = errors.find(
    (log) => log.topics.has('cloudName') && (log.topics.has('connectivity') || log.topics.has('names')),
  )
  if (!coded && silent && readings.checks.get('provider_api')?.status === 'error')
    add(1, "the cloud's own endpoints do not answer", silent.signal.id)
  const hardware = errors.find((log) => log.topics.has('hardware'))
  if (hardware)
    add(
      1.2,
      'machines, disks or power fail',
      hardware.signal.id,
      /platform|power|temperature|cooling/i.test(hardware.text),
    )
  const elsewhere = errors.find((log) => placeOf(lineOf(log), readings.snapshot.service) === 'secondary')
  const here = errors.find((log) => placeOf(lineOf(log), readings.snapshot.service) === 'primary')
  if (elsewhere && here && readings.snapshot.service.secondary?.provider === readings.snapshot.service.primary.provider)
    add(0.7, 'another region of the provider answers with the same errors', elsewhere.signal.id)
  const linkLocal = errors.find((log) => /169\.254\.169\.25[34]/.test(log.text) && !log.topics.has('denied'))
  if (linkLocal) add(1.5, "the provider's own name or metadata endpoint does not answer", linkLocal.signal.id, true)
}

/** Refused for lack of permission or beyond our own allowance: the cloud works. A status of its own making says otherwise. */
function isRefusal({ topics, text }: LogReading): boolean {
  if (/\b50\d\b/.test(text)) return false
  return topics.has('denied') || /\bquota\b|\bResource ?_?Exhausted|too many requests|\b429\b/i.test(text)
}

function lineOf(log: LogReading): string {
  return `${log.text} ${Object.values(log.signal.stream).join(' ')}`
}

function argueFromSeries(readings: Readings, add: Add): void {
  const { service } = readings.snapshot
  // Who refuses us works: what fails of it then fails for reasons of ours.
  const side = areRefused(readings)
    ? undefined
    : readings.ownSeries.find(
        (reading) => reading.state === 'bad' && PROVIDER_SIDE.test(`${reading.signal.name} ${reading.signal.query}`),
      )
  if (side) add(1.3, `${side.signal.name} shows the provider's side failing`, side.signal.id)
  const product = side ? undefined : failingProduct(readings)
  if (product) add(0.8, `${product.signal.name} is about a product of the provider that we need`, product.signal.id)
  const zone = readings.splits.find(
    (split) => split.dimension === 'zone' && split.failing.length > 0 && split.healthy.length > 0,
  )
  if (zone) add(1.2, 'failures part by zone', zone.failing[0]?.reading.signal.id ?? null)
  const region = readings.splits.find(
    (split) =>
      split.dimension === 'region' &&
      split.failing.some((part) => mentionsSite(part.value, service.primary)) &&
      split.healthy.some((part) => placeOf(part.value, service) !== 'primary'),
  )
  if (region)
    add(1, 'the same measure fails in our region and not elsewhere', region.failing[0]?.reading.signal.id ?? null, true)
}

/** Calls to the provider fail because it refuses us. */
function areRefused({ checks, snapshot }: Readings): boolean {
  const api = checks.get('provider_api')
  if (api?.status !== 'error' && api?.status !== 'degraded') return false
  return readProviderCalls(api.detail ?? '', snapshot.service).fault === 'ours'
}

/** A measure of a product that the home cloud runs for us, failing while the cloud's own calls fail too. */
function failingProduct(readings: Readings): SeriesReading | undefined {
  const { dependsOn, primary } = readings.snapshot.service
  const status = readings.checks.get('provider_api')?.status
  if (status !== 'error' && status !== 'degraded') return undefined
  const words = dependsOn.flatMap((name) => {
    const [vendor = '', product = ''] = name.split(':')
    return vendor === primary.provider ? productWords(vendor, product) : []
  })
  return readings.ownSeries.find(
    ({ state, meaning, signal }) =>
      state === 'bad' &&
      (meaning.kind === 'errors' || meaning.kind === 'success') &&
      !/check|probe|monitor|synthetic/i.test(signal.name) &&
      speaksOf(`${signal.name} ${signal.query}`.replaceAll('_', ' '), words),
  )
}

/** Another company whose incident began with ours and speaks of its cloud, store, hosting or entry. */
export function witnessOf(readings: Readings): ProviderEventSignal | null {
  const { service } = readings.snapshot
  return (
    readings.events.find((event) => {
      if (event.provider === service.primary.provider || event.category !== 'issue' || event.state === 'closed')
        return false
      if (!event.startedAt || event.severity === 'low') return false
      const apart = Math.abs(minutesBetween(event.startedAt, readings.snapshot.takenAt) - readings.onsetMinutes)
      return (
        apart <= 12 &&
        /\bcloud|hosting|storage vendor|upstream|provider|balancer|before they reach|another company|data cent/i.test(
          `${event.title} ${event.text}`,
        )
      )
    }) ?? null
  )
}

/** We looked, and none of our own or shared things changed in the hour before, except for a small share of users. */
function nothingChanged(readings: Readings, suspects: readonly Suspect[]): boolean {
  if (!readings.changesWereSeen) return false
  return !suspects.some(
    ({ change, leadMinutes, isConnected }) =>
      isConnected && leadMinutes > -5 && leadMinutes < 75 && (change.rolloutPercent ?? 100) > 20,
  )
}
