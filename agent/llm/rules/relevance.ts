import type { Service } from '../../domain/service.ts'
import type { SeriesSignal } from '../../domain/signal.ts'
import type { Snapshot } from '../../domain/snapshot.ts'
import { signalsOf } from '../../domain/snapshot.ts'

/** Labels by which monitoring says whose series or stream it is. */
const OWNER =
  /^(?:app|application|service|service_name|component|deployment|container|function|function_name|workload|job_name)$/i

/** Names under which the service and what belongs to it appear: its own, its alerts', and those in its indicators. */
export function ownNames(snapshot: Snapshot): ReadonlySet<string> {
  const names = new Set<string>([snapshot.service.name.toLowerCase()])
  for (const alert of snapshot.alerts)
    for (const [key, value] of Object.entries(alert.labels)) if (OWNER.test(key)) names.add(value.toLowerCase())
  for (const series of signalsOf(snapshot, 'series'))
    if (series.sli) for (const owner of ownersOf(series)) names.add(owner)
  return names
}

/** Whose series this is, by its labels and the matchers of its query; empty when it does not say. */
export function ownersOf(series: SeriesSignal): string[] {
  const owners = new Set<string>()
  for (const [key, value] of Object.entries(series.labels)) if (OWNER.test(key)) owners.add(value.toLowerCase())
  for (const match of series.query.matchAll(/([a-zA-Z_]\w*)\s*=~?\s*"([^"]*)"/g)) {
    const [, key = '', value = ''] = match
    if (OWNER.test(key)) for (const one of value.split('|')) owners.add(one.toLowerCase().replace(/\.\*|[()]/g, ''))
  }
  return [...owners].filter(Boolean)
}

/** Whether a series may speak of this service: it does not say whose it is, or it names one of ours. */
export function isOwnSeries(series: SeriesSignal, names: ReadonlySet<string>): boolean {
  if (series.sli) return true
  const owners = ownersOf(series)
  return owners.length === 0 || owners.some((owner) => isRelated(owner, names))
}

/** Whether a name is one of ours or a part of one. */
export function isRelated(name: string, names: ReadonlySet<string>): boolean {
  const bare = name.toLowerCase()
  for (const own of names) {
    if (bare === own) return true
    if (bare.length > 3 && (own.startsWith(`${bare}-`) || own.startsWith(`${bare}_`))) return true
    if (own.length > 3 && (bare.startsWith(`${own}-`) || bare.startsWith(`${own}_`))) return true
  }
  return false
}

/** Products the service needs, as bare words. */
export function neededProducts(service: Service): ReadonlySet<string> {
  return new Set(service.dependsOn.map((name) => (name.split(':')[1] ?? name).toLowerCase()))
}

/**
 * Namespaces in which the service or one of its parts logs. Streams of another namespace may tell what failed below, but a change to
 * what only logs there is not a change of ours. Empty when no stream names the service: then nothing can be told apart.
 */
export function ownNamespaces(
  streams: readonly Readonly<Record<string, string>>[],
  names: ReadonlySet<string>,
): ReadonlySet<string> {
  const own = new Set<string>()
  const first = (name: string) => name.split(/[-_]/)[0] ?? ''
  const stems = new Set(
    [...names].flatMap((name) => name.split(/[-_]/)).filter((stem) => stem.length > 3 && !GENERIC.test(stem)),
  )
  for (const stream of streams) {
    const app = (stream.app ?? stream.service ?? stream.job ?? '').toLowerCase()
    const related = app !== '' && (isRelated(app, names) || stems.has(first(app)))
    if (related && stream.namespace) own.add(stream.namespace)
  }
  return own
}

const GENERIC = /^(?:service|core|prod|main|data|online|portal|public|internal|server|client|worker|gateway)$/
