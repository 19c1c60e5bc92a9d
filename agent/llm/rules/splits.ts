import type { Service } from '../../domain/service.ts'
import { placeOf } from './place.ts'
import type { SeriesReading } from './series-reading.ts'

/** Along what failures part: the place they stop at tells where the fault lies. */
export type Dimension = 'version' | 'zone' | 'region' | 'age' | 'client' | 'network' | 'path' | 'part'

/** One part of a whole and how it does. */
export interface SplitPart {
  readonly value: string
  readonly reading: SeriesReading
}

/** One measure seen for several parts of a whole, some of which fail while others do not. */
export interface Split {
  readonly dimension: Dimension
  readonly key: string
  readonly failing: readonly SplitPart[]
  readonly healthy: readonly SplitPart[]
}

const KEYS: readonly [Dimension, RegExp][] = [
  [
    'version',
    /^(?:version|ver|release|build|revision|image|image_tag|app_version|track|canary|commit|flag|variant|rev|arm|cohort|treatment)$/i,
  ],
  ['zone', /^(?:zone|az|availability_?zone|zone_id|zones)$/i],
  ['region', /^(?:region|location|site|cloud|provider|dc|datacenter|bucket_region|source_region|dest)$/i],
  ['age', /^(?:pod_age|age|uptime|generation|started)$/i],
  ['client', /^(?:asn|isp|carrier|continent|country|geo|market|city|operator|colo|pop|metro)$/i],
  ['network', /^(?:vpc|subnet|segment|security_group|principal|role|account|tenant|namespace)$/i],
  [
    'path',
    /^(?:cdn|edge|pool|resolver|endpoint|tier|path|entry|gateway|lb|balancer|proxy|upper_tier|cell|shard|name|nodepool|pool_name|vendor|acquirer|via|host_class|os)$/i,
  ],
]

/** Finds measures that were taken for several parts, and how their failures part. */
export function findSplits(readings: readonly SeriesReading[], service: Service): Split[] {
  const groups = new Map<string, SeriesReading[]>()
  for (const reading of readings) {
    if (reading.state !== 'bad' && reading.state !== 'good') continue
    const key = `${[...metricsIn(reading.signal.query)].join(',')}|${reading.meaning.badWhen}`
    groups.set(key, [...(groups.get(key) ?? []), reading])
  }
  const splits: Split[] = []
  for (const group of groups.values()) {
    if (group.length < 2) continue
    const described = group.map((reading) => ({ reading, labels: labelsOf(reading) }))
    const keys = new Set(described.flatMap((item) => Object.keys(item.labels)))
    for (const key of keys) {
      const members = described.filter((item) => item.labels[key] !== undefined)
      const values = new Set(members.map((item) => item.labels[key]))
      if (values.size < 2) continue
      const dimension = dimensionOf(
        key,
        [...values].filter((value) => value !== undefined),
        service,
      )
      if (!dimension) continue
      const worst = Math.max(...members.map((item) => item.reading.severity))
      if (worst < 0.008) continue
      const part = (isFailing: boolean) =>
        members
          .filter((item) => item.reading.severity > worst * 0.15 === isFailing)
          .map((item) => ({ value: item.labels[key] ?? '', reading: item.reading }))
      splits.push({ dimension, key, failing: part(true), healthy: part(false) })
    }
  }
  return splits
}

/** Labels of the series plus the matchers of its query, whichever names the part. */
export function labelsOf(reading: SeriesReading): Record<string, string> {
  const labels: Record<string, string> = {}
  for (const match of reading.signal.query.matchAll(/([a-zA-Z_][\w]*)\s*(=~|=)\s*"([^"]*)"/g)) {
    const [, key, , value] = match
    if (key && value !== undefined && !(key in labels)) labels[key] = value
  }
  return { ...labels, ...reading.signal.labels }
}

function metricsIn(query: string): Set<string> {
  const bare = query.replace(/"[^"]*"/g, '""')
  const names = [...bare.matchAll(/\b([a-zA-Z_:][\w:]{3,})\s*(?=[{[])/g)].map((match) => match[1] ?? '')
  return new Set(names.length > 0 ? names : [bare.replace(/\{[^}]*\}/g, '')])
}

function dimensionOf(key: string, values: readonly string[], service: Service): Dimension | null {
  // Parts that are named like vendors we depend on are ways beside each other, whatever the label is called.
  const vendors = new Set(service.dependsOn.map((name) => (name.split(':')[1] ?? name).toLowerCase()))
  if (values.some((value) => vendors.has(value.toLowerCase()))) return 'path'
  const known = KEYS.find(([, pattern]) => pattern.test(key))?.[0]
  if (known === 'zone' && !values.some((value) => /(?:\d|-|^)[a-f]$|az\d|^zone|^\d$|^[a-f]$/i.test(value)))
    return 'part'
  if (known) return known
  if (values.every((value) => placeOf(value, service) !== null)) return 'region'
  return /^(?:table|bucket|app|service|route|topic|queue|job|code|status|result|le|instance|pod|cluster|scope|source|target|condition)$/i.test(
    key,
  )
    ? null
    : 'part'
}
