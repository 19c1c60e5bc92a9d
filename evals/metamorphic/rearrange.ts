import { type Incident, incidentFrom } from '../case.ts'
import { below, type Random, shuffled } from '../random.ts'

/** Lists whose order is part of their meaning: points and lines run in time, a service's dependencies are stated in order of weight. */
const ORDERED = new Set(['values', 'dependsOn'])

/** Shuffles every list that has no order of its own. */
export function reordered(incident: Incident, random: Random): Incident {
  const { alert, upstream } = incident
  return { ...incident, alert: shuffle(alert, random), upstream: shuffle(upstream, random) }
}

function shuffle<T>(value: T, random: Random): T {
  return walk(value, '', (list, name) => (ORDERED.has(name) ? list : shuffled(random, list))) as T
}

/** Spreads the lines of each log stream over several, as more replicas behind the same service would have written them. */
export function logsSplit(incident: Incident, random: Random): Incident {
  const upstream = {
    ...incident.upstream,
    loki: walk(incident.upstream.loki, '', (list, name) => splitStreams(list, name, random)),
  }
  return incidentFrom({ ...incident, upstream })
}

interface Stream {
  readonly stream: Record<string, string>
  readonly values: readonly unknown[]
}

function isStream(value: unknown): value is Stream {
  return (
    typeof value === 'object' && value !== null && 'stream' in value && 'values' in value && Array.isArray(value.values)
  )
}

function splitStreams(list: readonly unknown[], name: string, random: Random): readonly unknown[] {
  if (name !== 'result') return list
  return list.flatMap((one) => {
    if (!isStream(one) || one.values.length < 2) return [one]
    const parts = 2 + below(random, 4)
    const replicas: unknown[][] = Array.from({ length: parts }, () => [])
    for (const line of one.values) replicas[below(random, parts)]?.push(line)
    return replicas
      .map((values, index) => ({ stream: { ...one.stream, replica: `r${index}` }, values }))
      .filter(({ values }) => values.length > 0)
  })
}

function walk(
  value: unknown,
  name: string,
  onList: (list: readonly unknown[], name: string) => readonly unknown[],
): unknown {
  // Points are pairs of time and value; only lists of more are rearranged.
  if (Array.isArray(value)) {
    if (name === 'values') return onList(value, name)
    return onList(value, name).map((item) => walk(item, '', onList))
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, walk(member, key, onList)]))
}
