import { z } from 'zod'
import { type Evidence, Observer } from './evidence.ts'
import { SeriesSummary, summariseSeries } from './series.ts'
import type { Service } from './service.ts'
import { type SeriesSignal, Sli } from './signal.ts'
import { sameRegion } from './site-match.ts'
import type { Instant } from './time.ts'

/** The labels by which a cause shows itself: only the new version, only one zone, every region alike. */
const Dimension = z.enum(['zone', 'region', 'version'])
type Dimension = z.infer<typeof Dimension>

export const SeriesFacts = SeriesSummary.extend({
  id: z.string(),
  evidence: z.string(),
  observer: Observer,
  name: z.string(),
  unit: z.string(),
  labels: z.record(z.string(), z.string()),
  sli: Sli.nullable(),
  /** Which of the service's places its region label names; null without such a label. */
  place: z.enum(['primary', 'secondary', 'dr', 'other']).nullable(),
})
export type SeriesFacts = z.infer<typeof SeriesFacts>

/** Series that measure the same per zone, region or version, and which of them differ from their own past. */
export const Breakdown = z.object({
  dimension: Dimension,
  family: z.string(),
  members: z.array(
    z.object({ value: z.string(), series: z.string(), isAffected: z.boolean(), current: z.number().nullable() }),
  ),
  /** `some` are affected while others are not: the fault follows this label. */
  split: z.enum(['none', 'some', 'all']),
})
export type Breakdown = z.infer<typeof Breakdown>

/** Summaries of all series of a snapshot, in evidence order. */
export function seriesFacts(evidence: readonly Evidence[], service: Service, now: Instant): SeriesFacts[] {
  const facts: SeriesFacts[] = []
  for (const piece of evidence)
    for (const signal of piece.signals)
      if (signal.kind === 'series')
        facts.push({
          ...summariseSeries(signal, now),
          id: signal.id,
          evidence: piece.id,
          observer: piece.observer,
          name: signal.name,
          unit: signal.unit,
          labels: signal.labels,
          sli: signal.sli,
          place: placeOf(signal, service),
        })
  return facts
}

function placeOf(signal: SeriesSignal, service: Service): SeriesFacts['place'] {
  const region = labelOf(signal.labels, REGION_LABELS)
  if (region === null) return null
  if (sameRegion(region, service.primary.region)) return 'primary'
  if (service.secondary && sameRegion(region, service.secondary.region)) return 'secondary'
  return service.dr && sameRegion(region, service.dr.region) ? 'dr' : 'other'
}

/** Names such as `nodes_ready_zones_a_b` speak of several values at once. */
const PLURALS: Readonly<Record<string, Dimension>> = {
  zones: 'zone',
  azs: 'zone',
  regions: 'region',
  versions: 'version',
}

const REGION_LABELS = ['region', 'site', 'location', 'aws_region', 'cloud_region']
const LABELS: Record<Dimension, readonly string[]> = {
  zone: ['zone', 'az', 'availability_zone', 'topology_kubernetes_io_zone', 'failure_domain'],
  region: REGION_LABELS,
  version: ['version', 'ver', 'release', 'build', 'image_tag', 'revision', 'app_version'],
}

function labelOf(labels: Readonly<Record<string, string>>, names: readonly string[]): string | null {
  for (const name of names) {
    const value = labels[name]
    if (value) return value
  }
  return null
}

/** The value of a dimension and what is left of the name, from labels or from a name such as `error_rate_zone_a`. */
function dimensionOf(series: SeriesFacts, dimension: Dimension): { value: string; family: string } | null {
  const tokens = series.name.toLowerCase().split(/[^a-z0-9]+/)
  const at = tokens.findIndex(
    (token, index) => index > 0 && (LABELS[dimension].includes(token) || PLURALS[token] === dimension),
  )
  const stem = tokens.slice(0, at < 0 ? tokens.length : at).filter((token) => token !== 'by')
  const labelled = labelOf(series.labels, LABELS[dimension])
  const named = at > 0 && at < tokens.length - 1 ? tokens.slice(at + 1).join('_') : null
  const value = labelled ?? named
  return value === null ? null : { value, family: `${stem.join('_')}|${series.unit}` }
}

/** A member without a past of its own counts as affected when it stands this many times above its healthiest sibling. */
const ABOVE_SIBLING = 5

/** Groups series of one measure by zone, region and version, where at least two values of the label are seen. */
export function breakdowns(series: readonly SeriesFacts[]): Breakdown[] {
  const found: Breakdown[] = []
  for (const dimension of Dimension.options) {
    const families = new Map<string, { value: string; series: SeriesFacts }[]>()
    for (const one of series) {
      const part = one.state === 'fresh' ? dimensionOf(one, dimension) : null
      if (part) families.set(part.family, [...(families.get(part.family) ?? []), { value: part.value, series: one }])
    }
    for (const [family, parts] of families)
      if (new Set(parts.map((part) => part.value)).size > 1) found.push(breakdownOf(dimension, family, parts))
  }
  return found
}

function breakdownOf(
  dimension: Dimension,
  family: string,
  parts: readonly { value: string; series: SeriesFacts }[],
): Breakdown {
  const levels = parts.flatMap(({ series }) => (series.current === null ? [] : [Math.abs(series.current)]))
  const calmest = Math.min(...levels)
  const members = parts.map(({ value, series }) => ({
    value,
    series: series.id,
    current: series.current,
    isAffected:
      series.isBad === true ||
      series.isAbnormal ||
      (series.changedAt === null && calmest > 0 && Math.abs(series.current ?? 0) > ABOVE_SIBLING * calmest),
  }))
  const affected = members.filter((member) => member.isAffected).length
  return { dimension, family, members, split: affected === 0 ? 'none' : affected === members.length ? 'all' : 'some' }
}
