import { sumFor } from './argument.ts'
import type { Cause, Weighing } from './cause.ts'
import type { LogReading } from './log-reading.ts'
import { mentionsSite, placeOf } from './place.ts'
import { readProviderCalls } from './provider-calls.ts'
import type { Readings } from './readings.ts'
import type { TargetReading } from './targets.ts'

/** Whether a target stands behind the same fault. */
export function isBlocked(target: TargetReading, readings: Readings, weighing: Weighing, cause: Cause): boolean {
  const { service } = readings.snapshot
  const site = target.target === 'secondary' ? service.secondary : service.dr
  if (weighing.dependencies.some((item) => target.shared.includes(item.name))) return true
  if (cause.kind === 'provider' && sharesHomeProduct(target, readings)) return true
  const front = sumFor(weighing.edge, 'edge')
  // Something in front of well servers fails and it is not certain which: whoever shares a front shares the fault.
  const worksThere = readings.splits.some(
    (split) =>
      split.dimension === 'region' &&
      split.failing.length > 0 &&
      split.healthy.some((part) => mentionsSite(part.value, site)),
  )
  const failingFront = weighing.dependencies.find((item) => item.kind === 'edge')?.vendor ?? null
  if (
    (cause.kind === 'edge' || front >= 1.5) &&
    !worksThere &&
    target.shared.some((name) => isFrontOf(name, failingFront))
  )
    return true
  if (site?.provider !== service.primary.provider) return false
  const speaks = (text: string) => placeOf(text, service) !== 'primary' && mentionsSite(text, site)
  const failingThere = readings.series.some(
    (reading) =>
      reading.state === 'bad' &&
      reading.meaning.kind !== 'lag' &&
      speaks(`${reading.signal.name} ${Object.values(reading.signal.labels).join(' ')}`),
  )
  const errorsThere = readings.logs.some(
    (log) =>
      log.isError &&
      log.minutesSinceLast < 15 &&
      // Who stands there and misses others speaks of the others.
      (speaks(log.text) || (!LOST_CONTACT.test(log.text) && speaks(streamOf(log) + log.text))),
  )
  const calls = readings.checks.get('provider_api')
  const callsFailThere =
    (calls?.status === 'error' || calls?.status === 'degraded') &&
    readProviderCalls(calls.detail ?? '', service).failsAt.includes(target.target)
  return failingThere || errorsThere || callsFailThere
}

const LOST_CONTACT =
  /heart-?beat|time[d]?[ -]?out|unreachable|no (?:route|answer|reply|response)|lost (?:contact|connection)|not respond/i

function streamOf(log: LogReading): string {
  return `${Object.values(log.signal.stream).join(' ')} `
}

/** The place stands on a product of the home cloud that the service needs as well, so that a fault of that cloud reaches both. */
function sharesHomeProduct(target: TargetReading, { snapshot: { service } }: Readings): boolean {
  const home = `${service.primary.provider}:`
  return target.shared.some((name) => name.startsWith(home) && service.dependsOn.includes(name))
}

function isFrontOf(name: string, vendor: string | null): boolean {
  if (!/cdn|edge|dns|front[-_ ]?door|load[-_]?balanc|waf/i.test(name)) return false
  return vendor === null || vendor === name.split(':')[0]
}
