import type { Argument } from './argument.ts'
import type { Readings } from './readings.ts'
import type { Remedy } from './remedies.ts'
import type { SplitPart } from './splits.ts'

/** Another path, pool or vendor beside the failing one already serves well, or a lever to one stands ready. */
export function siblingRemedy(readings: Readings): Remedy | null {
  const lever =
    readings.logs.find((log) => log.topics.has('readyLever'))?.signal.id ??
    (readings.snapshot.alerts.some((alert) =>
      /\bswitchable\b|can be (?:switched|toggled|disabled|turned off)/i.test(
        Object.values(alert.annotations).join(' '),
      ),
    )
      ? 'alert'
      : null)
  for (const split of readings.splits) {
    if (split.dimension !== 'path' && split.dimension !== 'part') continue
    const failing = split.failing[0]
    // It must carry real requests: a probe that passes shows a way, not that users can take it.
    const healthy = split.healthy.find((part) => part.reading.meaning.isShare && !part.reading.meaning.isProbe)
    const spare = split.healthy.find((part) => SPARE.test(part.value) && part.reading.meaning.badWhen === 'low')
    if (failing && spare && !split.failing.some((part) => SPARE.test(part.value)))
      return besideIt(split.key, spare, failing)
    if (!failing || !healthy || (split.dimension === 'part' && !lever)) continue
    return besideIt(split.key, healthy, failing)
  }
  return null
}

/** Parts that were put there to take over are named so wherever they stand. */
const SPARE = /back-?up|stand-?by|spare|fall-?back|reserve|alternat/i

function besideIt(key: string, healthy: SplitPart, failing: SplitPart): Remedy {
  const say = (part: SplitPart, what: string): Argument => ({
    hypothesis: 'edge',
    weight: 1.5,
    note: `${key} ${part.value} ${what}`,
    evidence: part.reading.signal.id,
  })
  return {
    summary: `${key} ${healthy.value} works while ${failing.value} fails, in the same place: shift to it`,
    because: [say(healthy, 'works'), say(failing, 'fails')],
  }
}

/** A switch to do without the failing vendor stands ready. */
export function fallbackRemedy(readings: Readings): Remedy | null {
  const lever = readings.logs.find((log) => log.topics.has('readyLever'))
  if (!lever) return null
  return {
    summary: 'A vendor fails and a way to do without it stands ready: switch to it',
    because: [{ hypothesis: 'third_party', weight: 1.5, note: 'a fallback stands ready', evidence: lever.signal.id }],
  }
}
