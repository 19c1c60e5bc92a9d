import { minutesBetween } from '../../domain/time.ts'
import type { Argument } from './argument.ts'
import type { Weighing } from './cause.ts'
import type { Impact } from './impact.ts'
import { zonesIn } from './place.ts'
import type { Readings } from './readings.ts'
import type { SeriesReading } from './series-reading.ts'

/** A remedy inside the place, with what speaks for it. */
export interface Remedy {
  readonly summary: string
  readonly because: readonly Argument[]
}

/** How clouds say that they have no machine to give. */
const OUT_OF_STOCK =
  /Insufficient(?:Instance)?Capacity|AllocationFailed|OperationNotAllowed|SkuNotAvailable|STOCKOUT|RESOURCE_POOL_EXHAUSTED|no capacity/i

/** One zone fails, the others work and have room: taking it out of rotation is enough. */
export function zoneRemedy(readings: Readings, impact: Impact): Remedy | null {
  const drained = readings.changes.some(
    (change) =>
      /traffic|infrastructure|maintenance/i.test(change.changeKind) &&
      /zon(?:e|al)|\baz\d?\b/i.test(change.summary) &&
      /drain|shift|remov|taken out|out of|weight/i.test(change.summary),
  )
  const saturated = readings.ownSeries.some(
    (reading) => reading.state === 'bad' && reading.meaning.kind === 'saturation',
  )
  const noRoom = readings.logs.some((log) => log.isError && OUT_OF_STOCK.test(log.text))
  const apiFails = readings.checks.get('provider_api')?.status === 'error'
  if (drained || saturated || noRoom || apiFails || impact.severity > 0.65) return null
  const split = readings.splits.find(
    (item) => item.dimension === 'zone' && item.failing.length === 1 && item.healthy.length > 0,
  )
  const nodes = readings.checks.get('node_states')
  const zones =
    nodes && nodes.status !== 'ok' && /\ball in\b/i.test(nodes.detail ?? '')
      ? zonesIn(nodes.detail ?? '', readings.snapshot.service.primary)
      : []
  const zone = split?.failing[0]?.value ?? (zones.length === 1 ? zones[0] : undefined)
  if (zone === undefined) return null
  const evidence = split?.failing[0]?.reading.signal.id ?? nodes?.id ?? null
  return {
    summary: `Only zone ${zone} fails and the others have room: take it out of rotation`,
    because: [{ hypothesis: 'provider', weight: 1.5, note: `failures stay in zone ${zone}`, evidence }],
  }
}

/** Restarting was seen to cure a part, and nowhere to fail. */
export function restartRemedy(readings: Readings): Remedy | null {
  const recent = readings.logs.filter((log) => log.minutesSinceFirst <= readings.onsetMinutes + 2)
  const cured = readings.logs.find(
    (log) =>
      log.topics.has('restartCures') &&
      !log.topics.has('restartFails') &&
      // What was tried counts when it was tried in this incident; what a restart does stands in the lines of any hour.
      (recent.includes(log) ||
        /\b(?:picks? up|renews?|loads the new)\b|\brestart(?:ing)?\b[^.;]{1,40}\bto \w+/i.test(log.text)),
  )
  const failed = recent.some((log) => log.topics.has('restartFails'))
  const aged = readings.splits.find(
    (split) => split.dimension === 'age' && split.failing.length > 0 && split.healthy.length > 0,
  )
  if (failed || !cured) return null
  return {
    summary: 'What was restarted since works, what was not still fails: restart the rest in steps',
    because: [
      { hypothesis: 'capacity', weight: 1.5, note: 'restarted parts are well again', evidence: cured.signal.id },
      ...(aged
        ? [
            {
              hypothesis: 'capacity' as const,
              weight: 1,
              note: 'failures part by age',
              evidence: aged.failing[0]?.reading.signal.id ?? null,
            },
          ]
        : []),
    ],
  }
}

/** The provider names one or two resources of ours as broken, all else of it works, and each has a standby beside it. */
export function resourceRemedy(readings: Readings): Remedy | null {
  const notice = readings.events.find(
    (event) =>
      event.provider === readings.snapshot.service.primary.provider &&
      event.isAccountSpecific &&
      event.category !== 'maintenance' &&
      event.state === 'open' &&
      event.affectedEntities.length > 0 &&
      event.affectedEntities.length <= 2 &&
      event.startedAt !== null &&
      Math.abs(minutesBetween(event.startedAt, readings.snapshot.takenAt) - readings.onsetMinutes) <= 25,
  )
  const isOk = (name: string) => readings.checks.get(name)?.status === 'ok'
  if (!notice || !isOk('provider_api') || !isOk('node_states')) return null
  const copies = readings.checks.get('db_replication_lag')
  const texts = `${copies?.status === 'ok' ? (copies.detail ?? '') : ''} ${notice.text}`
  if (!/multi-?az|stand-?by|zone-redundant|replica in|second zone/i.test(texts)) return null
  return {
    summary: 'One resource is broken and its standby in the same region is well: let the standby take over',
    because: [
      { hypothesis: 'provider', weight: 2, note: 'the provider names one resource of ours', evidence: notice.id },
      { hypothesis: 'provider', weight: 1, note: 'a standby is in step', evidence: copies?.id ?? null },
    ],
  }
}

/** More real requests than the place was sized for, most of them still served: give it room. */
export function crowdRemedy(readings: Readings, impact: Impact, weighing: Weighing): Remedy | null {
  const surge = weighing.provider.find((item) => item.hypothesis === 'capacity')
  const full =
    readings.ownSeries.find(isAtLimit)?.signal.id ??
    readings.logs.find((log) => log.isError && log.nearness !== 'elsewhere' && log.topics.has('capacity'))?.signal.id
  const suspect = weighing.suspects[0]
  const competes = suspect?.isCorroborated === true && suspect.score >= 2.5
  if (!surge || !full || competes || impact.severity > 0.65) return null
  return {
    summary: 'More requests came than there is room for, and most are still served: add room or shed the excess',
    because: [surge, { hypothesis: 'capacity', weight: 1.5, note: 'it stands at its limit', evidence: full }],
  }
}

/** A resource that is nearly used up or works far harder than before, or a queue that grows before it; copies that lag are no queue. */
function isAtLimit({ state, meaning, signal, now, usual }: SeriesReading): boolean {
  if (meaning.kind === 'saturation')
    return state === 'bad' || (meaning.isShare && now !== null && usual !== null && now > 0.7 && now > usual * 1.6)
  return state === 'bad' && meaning.kind === 'lag' && !/repl|standby|secondary|binlog|wal|copy/i.test(signal.name)
}

/** The cloud is out of one kind of machine while those that run are well, and another kind or pool is to be had. */
export function stockRemedy(readings: Readings, impact: Impact): Remedy | null {
  const calls = readings.checks.get('provider_api')
  const empty = readings.logs.find((log) => log.isError && OUT_OF_STOCK.test(log.text))
  if (!empty || impact.severity > 0.5 || readings.checks.get('node_states')?.status !== 'ok') return null
  const isToBeHad = (calls?.detail ?? '')
    .split(/[;.]/)
    .some(
      (clause) => /launch|creat|provision|start/i.test(clause) && /\b(?:pass|ok|works?|succeeds?|fine)\b/i.test(clause),
    )
  if (!calls || !isToBeHad) return null
  return {
    summary: 'The cloud is out of one kind of machine, what runs is well, and another kind is to be had: take that',
    because: [
      { hypothesis: 'provider', weight: 1.5, note: 'one kind of machine is out of stock', evidence: empty.signal.id },
      { hypothesis: 'provider', weight: 1, note: 'another kind can be had', evidence: calls.id },
    ],
  }
}
