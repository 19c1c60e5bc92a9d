import type { ChangeSignal } from '../../domain/signal.ts'
import type { LogReading } from './log-reading.ts'
import type { Readings } from './readings.ts'
import { isRelated, neededProducts, programOf } from './relevance.ts'

/** Kinds of entries by which a new program comes. */
export const CODE = /^(?:deploy(?:ment)?|release|build|image|rollout|app)$/i

/** What everything stands on: a change to it may reach the service under any name. */
export const COMMON_GROUND =
  /\b(?:identity|iam|platform|network|dns|gateway|edge|infra(?:structure)?|cluster|mesh|core|security|policy|secrets?|certs?|certificates?|proxy|firewall|vpc|resolver|org|base)\b/i

/** Whether the changed thing is the service, one of its parts that fails, or something it is declared to need. */
export function relationOf(change: ChangeSignal, readings: Readings): 'ours' | 'maybe' | 'strange' {
  const own = change.service.toLowerCase()
  if (isRelated(own, readings.names) || neededProducts(readings.snapshot.service).has(own)) return 'ours'
  const streams = (nearness: LogReading['nearness']) =>
    readings.logs
      .filter(
        (log) => log.nearness === nearness && (log.isError || log.minutesSinceFirst <= readings.onsetMinutes + 10),
      )
      .flatMap((log) => (log.isError ? Object.values(log.signal.stream) : [programOf(log.signal.stream)]))
      .map((value) => value.toLowerCase())
  if (isRelated(own, new Set(streams('own')))) return 'ours'
  return isRelated(own, new Set(streams('maybe'))) || (!CODE.test(change.changeKind) && COMMON_GROUND.test(own))
    ? 'maybe'
    : 'strange'
}

/** The changed thing itself, by its very name, writes new errors where the service may write. */
export function complains(change: ChangeSignal, readings: Readings): boolean {
  const own = change.service.toLowerCase()
  return readings.logs.some(
    (log) => log.isError && log.nearness !== 'elsewhere' && programOf(log.signal.stream) === own,
  )
}
