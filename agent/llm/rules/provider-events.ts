import type { ProviderEventSignal } from '../../domain/signal.ts'
import { minutesBetween } from '../../domain/time.ts'
import { mentionsSite, placeOf } from './place.ts'
import type { Readings } from './readings.ts'

/** Events about the logging, billing or console side of a product leave users alone. */
const BESIDE_THE_POINT =
  /query logs?|sign-in logs?|log delivery|billing|cost explorer|\bconsole\b|dashboard|support cases?|usage reports?|metrics? (?:are )?(?:delayed|late)|(?:itself |is |are )not (?:affected|touched)/i
/** How much an event says about our place now: 0 nothing, from 1.5 that it is about us, 2.5 that it began when ours did. */
export function weightOfEvent(event: ProviderEventSignal, readings: Readings): number {
  const days = event.updatedAt ? minutesBetween(event.updatedAt, readings.snapshot.takenAt) / 1440 : 0
  if (event.state === 'closed' || event.state === 'upcoming' || days > 1) return 0
  if (relationOf(event, readings) === 'elsewhere') return 0
  // What is said of other things that work is no word about this one.
  const said = event.text.replace(/\bOther\b[^.]*\./g, '')
  if (BESIDE_THE_POINT.test(said) && event.affectedEntities.length === 0) return 0.2
  const starts = event.startedAt ? minutesBetween(event.startedAt, readings.snapshot.takenAt) : readings.onsetMinutes
  return Math.abs(starts - readings.onsetMinutes) <= 25 ? 2.5 : 1.5
}

function relationOf(event: ProviderEventSignal, readings: Readings): 'primary' | 'everywhere' | 'elsewhere' {
  const { service } = readings.snapshot
  const head = [...event.regions, event.zone ?? '', event.title]
  if ([...head, event.text].some((text) => mentionsSite(text, service.primary))) return 'primary'
  if (/\b(?:global|multiple regions|several regions|worldwide|all regions)\b/i.test(`${head.join(' ')} ${event.text}`))
    return 'everywhere'
  const named = head.some((text) => placeOf(text, service) !== null)
  return named || event.regions.length > 0 ? 'elsewhere' : 'everywhere'
}
