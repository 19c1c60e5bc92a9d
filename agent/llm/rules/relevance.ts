import type { Service } from '../../domain/service.ts'
import type { SeriesSignal } from '../../domain/signal.ts'
import type { Snapshot } from '../../domain/snapshot.ts'
import { signalsOf } from '../../domain/snapshot.ts'

/** Labels by which monitoring says whose series or stream it is. */
const OWNER =
  /^(?:app|application|service|service_name|component|deployment|container|function|function_name|workload|job_name|ingress|destination_app|destination_service)$/i

type Labels = Readonly<Record<string, string>>

/** Keys under which shippers of logs name the program that wrote a line, the most telling first. */
const PROGRAM = [
  ...[
    'app',
    'service',
    'service_name',
    'job',
    'application',
    'app_name',
    'svc',
    'k8s_app',
    'container',
    'container_name',
  ],
  ...['component', 'deployment', 'workload', 'unit', 'program', 'function'],
]
const NAMESPACE = ['namespace', 'ns', 'k8s_namespace', 'kubernetes_namespace', 'namespace_name']

/** The program that wrote a stream; empty when its labels do not say. */
export function programOf(stream: Labels): string {
  return (PROGRAM.map((key) => stream[key]).find(Boolean) ?? '').toLowerCase()
}

/** The namespace a stream was written in, if its labels say. */
export function namespaceOf(stream: Labels): string | undefined {
  return NAMESPACE.map((key) => stream[key]).find(Boolean)
}

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
  if (bare === '') return false
  for (const own of names) {
    if (bare === own) return true
    if (bare.length > 3 && (own.startsWith(`${bare}-`) || own.startsWith(`${bare}_`))) return true
    if (own.length > 3 && (bare.startsWith(`${own}-`) || bare.startsWith(`${own}_`))) return true
    // The last part of a name is what teams call the thing among themselves: "rates" of hotel-rates.
    if (bare.length > 4 && (own.endsWith(`-${bare}`) || own.endsWith(`_${bare}`))) return true
  }
  return false
}

/** Products the service needs, as bare words. */
export function neededProducts(service: Service): ReadonlySet<string> {
  return new Set(service.dependsOn.map((name) => (name.split(':')[1] ?? name).toLowerCase()))
}

/** A stream of log lines, and whether it holds errors that came with the incident. */
export interface StreamLabels {
  readonly labels: Readonly<Record<string, string>>
  readonly hasNewErrors: boolean
}

/**
 * Namespaces in which the service or one of its parts logs; where no stream carries its name, those in which errors came up with the
 * incident. What only logs elsewhere may tell what failed below, but a change to it is not a change of ours.
 */
export function ownNamespaces(streams: readonly StreamLabels[], names: ReadonlySet<string>): OwnNamespaces {
  const namespaces = (kept: readonly StreamLabels[]) => new Set(kept.flatMap(({ labels }) => namespaceOf(labels) ?? []))
  const named = namespaces(streams.filter(({ labels }) => isRelated(programOf(labels), names)))
  if (named.size > 0) return { namespaces: named, isCertain: true }
  return { namespaces: namespaces(streams.filter((stream) => stream.hasNewErrors)), isCertain: false }
}

export interface OwnNamespaces {
  readonly namespaces: ReadonlySet<string>
  /** A stream there carries the service's name. */
  readonly isCertain: boolean
}
