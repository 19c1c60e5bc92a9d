import { minutesBetween } from '../../domain/time.ts'
import type { Category } from '../../domain/verdict.ts'
import { type Argument, sumFor } from './argument.ts'
import { type FailingDependency, failingDependencies, isFront } from './dependency.ts'
import { argueEdge } from './edge.ts'
import type { Impact } from './impact.ts'
import { type Suspect, suspectChanges } from './own-change.ts'
import { mentionsSite } from './place.ts'
import { argueProvider } from './provider.ts'
import type { Readings } from './readings.ts'

/** What the hypotheses weigh. */
export interface Weighing {
  readonly suspects: readonly Suspect[]
  readonly provider: readonly Argument[]
  readonly dependencies: readonly FailingDependency[]
  readonly edge: readonly Argument[]
}

export interface Cause {
  readonly kind: 'own_change' | 'provider' | 'edge' | 'third_party' | 'unknown'
  readonly category: Category
  readonly provider: string | null
  readonly because: readonly Argument[]
  readonly dependency: FailingDependency | null
  readonly score: number
  /** How far it leads over the next. */
  readonly margin: number
}

/** Collects what speaks for and against each hypothesis. */
export function weigh(readings: Readings, impact: Impact): Weighing {
  const edge = argueEdge(readings)
  const suspects = suspectChanges(readings, impact, edge)
  return {
    suspects,
    provider: argueProvider(readings, suspects),
    dependencies: failingDependencies(readings),
    edge,
  }
}

/** Below this a hypothesis is not worth naming. */
const NAMEABLE = 1.5

/** The most likely cause and how far it leads. */
export function causeOf(readings: Readings, weighing: Weighing): Cause {
  const { suspects, provider, dependencies, edge } = weighing
  const home = readings.snapshot.service.primary.provider
  const suspect = suspects[0]
  const front = dependencies.find((item) => item.kind === 'edge') ?? null
  const third = dependencies.find((item) => item.kind === 'third_party') ?? null
  const frontVendor =
    front?.company ??
    readings.snapshot.service.dependsOn.find((name) => isFront(name.split(':')[1] ?? ''))?.split(':')[0] ??
    null
  // Names and entries may be run by a third party that the service lists by its own name.
  const byThird = !front && !frontVendor && third && third.weight >= 1.5 ? third : null
  const options: Cause[] = [
    {
      kind: 'own_change',
      category: suspect?.isCode ? 'internal_deploy' : 'internal_config',
      provider: null,
      because: suspect?.arguments ?? [],
      dependency: null,
      score: suspect?.score ?? 0,
      margin: 0,
    },
    {
      kind: 'provider',
      category: categoryOf(home),
      provider: home,
      because: provider,
      dependency: null,
      score: sumFor(provider, 'provider'),
      margin: 0,
    },
    {
      kind: 'edge',
      category: byThird ? 'third_party_service' : categoryOf(frontVendor ?? 'cdn'),
      provider: byThird ? byThird.company : frontVendor,
      because: [...edge, ...(front?.arguments ?? [])],
      dependency: front,
      // That failures sit in front of the servers points at our own change to the front as well; then only what its vendor says tells them apart.
      score: (suspect?.isFront ? 0 : sumFor(edge, 'edge')) + (front?.weight ?? 0),
      margin: 0,
    },
    {
      kind: 'third_party',
      category: 'third_party_service',
      provider: third?.company ?? null,
      because: third?.arguments ?? [],
      dependency: third,
      score: third?.weight ?? 0,
      margin: 0,
    },
  ]
  options.sort((a, b) => b.score - a.score)
  const [first, second] = options
  if (!first || first.score < NAMEABLE) {
    const past = pastEvent(readings)
    const isCrowd = provider.some((item) => item.hypothesis === 'capacity')
    return {
      kind: 'unknown',
      category: isCrowd ? 'internal_capacity' : past ? categoryOf(home) : 'unknown',
      provider: past ? home : null,
      because: [],
      dependency: null,
      score: first?.score ?? 0,
      margin: 0,
    }
  }
  return { ...first, margin: first.score - Math.max(0, second?.score ?? 0) }
}

/** The category of a fault at a vendor. */
export function categoryOf(vendor: string): Category {
  if (vendor === 'aws' || vendor === 'azure' || vendor === 'gcp' || vendor === 'cloudflare')
    return `${vendor}_infrastructure`
  return 'cdn_infrastructure'
}

/** An event of the home cloud about our place that came with the incident and is over. */
function pastEvent(readings: Readings): boolean {
  const { service, takenAt } = readings.snapshot
  return readings.events.some((event) => {
    if (event.provider !== service.primary.provider || event.category !== 'issue' || event.state !== 'closed')
      return false
    const places = [...event.regions, event.zone ?? '', event.title]
    if (!places.some((text) => mentionsSite(text, service.primary)) || !event.startedAt) return false
    const apart = minutesBetween(event.startedAt, takenAt) - readings.onsetMinutes
    return readings.onsetIsKnown ? Math.abs(apart) <= 25 : apart > -25
  })
}
