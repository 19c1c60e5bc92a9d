import { placeOf } from './place.ts'
import type { Readings } from './readings.ts'
import { isOwnSeries } from './relevance.ts'
import type { SeriesReading } from './series-reading.ts'
import { labelsOf } from './splits.ts'

/** Minutes by which two measures may differ about the same onset. */
const SAME_MINUTES = 4

/** A measure of something that is not ours, in our place, that began to fail when ours did: what both stand on fails. */
export function failingNeighbour(readings: Readings): SeriesReading | undefined {
  const { service } = readings.snapshot
  return readings.series.find((reading) => {
    const { state, meaning, signal, badForMinutes } = reading
    if (state !== 'bad' || (meaning.kind !== 'errors' && meaning.kind !== 'success') || meaning.isProbe) return false
    if (isOwnSeries(signal, readings.names)) return false
    const place = placeOf(`${signal.name} ${Object.values(labelsOf(reading)).join(' ')}`, service)
    if (place !== null && place !== 'primary') return false
    return badForMinutes !== null && Math.abs(badForMinutes - readings.onsetMinutes) <= SAME_MINUTES
  })
}
