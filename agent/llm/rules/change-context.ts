import type { ChangeSignal } from '../../domain/signal.ts'
import { minutesBetween } from '../../domain/time.ts'
import { type Consumer, findConsumer, isConsumer } from './consumer.ts'
import type { Impact } from './impact.ts'
import { readProviderCalls } from './provider-calls.ts'
import { weightOfEvent } from './provider-events.ts'
import type { Readings } from './readings.ts'
import { COSMETIC, NOT_PRODUCTION } from './vocabulary.ts'

/** Kinds of entries that announce, steer or undo, and are no cause by themselves. */
export const NOT_A_CAUSE =
  /^(?:maintenance|calendar|rollback|revert|access|traffic|drill|exercise|incident|ticket|note|mitigation|autoscaling|scaling)$/i

/** Minutes by which a change came before the onset. */
export function leadOf(change: ChangeSignal, readings: Readings): number {
  return minutesBetween(change.at, readings.snapshot.takenAt) - readings.onsetMinutes
}

/** What reached a part of the users and fails for just as many is told by its share alone; a small share is within the noise. */
export function reachedAsManyAsFail(percent: number | null, { state, severity }: Impact): boolean {
  if (percent === null || percent < 8 || percent > 92 || state !== 'hurt') return false
  return Math.abs(severity * 100 - percent) <= Math.max(3, percent * 0.15)
}

/** The provider's calls succeed, or what fails of them is refused for reasons of ours. */
export function isProviderWell({ checks, snapshot }: Readings): boolean {
  const api = checks.get('provider_api')
  if (api?.status !== 'error' && api?.status !== 'degraded') return api?.status === 'ok'
  return readProviderCalls(api.detail ?? '', snapshot.service).fault === 'ours'
}

/** The only change of the hour, of full reach, minutes before a sharp onset, while the provider declares nothing about our place. */
export function isOnlySuspect(change: ChangeSignal, lead: number, readings: Readings): boolean {
  if (!readings.onsetIsKnown || lead < -1.5 || lead > 8 || (change.rolloutPercent ?? 100) < 40) return false
  if (COSMETIC.test(change.summary) || NOT_PRODUCTION.test(change.summary)) return false
  const others = readings.changes.filter((other) => {
    const otherLead = leadOf(other, readings)
    return other !== change && !NOT_A_CAUSE.test(other.changeKind) && otherLead >= -3 && otherLead <= 60
  })
  return others.length === 0 && !hostSpeaks(readings)
}

/** Whoever hosts us declares a fault that is about our place. */
function hostSpeaks(readings: Readings): boolean {
  const { provider } = readings.snapshot.service.primary
  return readings.events.some(
    (event) => event.provider === provider && event.category === 'issue' && weightOfEvent(event, readings) >= 1.5,
  )
}

/** The consumer that takes what all share, if this change brought it. */
export function consumes(change: ChangeSignal, readings: Readings): Consumer | null {
  const consumer = findConsumer(readings)
  return consumer && [change.service, change.ref].some((name) => isConsumer(name, consumer)) ? consumer : null
}

/** A later entry that took it back, long enough ago to have helped. */
export function takenBack(change: ChangeSignal, readings: Readings): ChangeSignal | undefined {
  return readings.changes.find(
    (other) =>
      /^(?:rollback|revert)$/i.test(other.changeKind) &&
      other.at > change.at &&
      minutesBetween(other.at, readings.snapshot.takenAt) >= 5 &&
      (other.service === change.service || `${other.ref} ${other.summary}`.includes(change.ref)),
  )
}
