import { type Instant, instantOf } from '../domain/time.ts'

/** What the agent needs others for, and how the newest tries went. */
export interface UpstreamHealth {
  readonly kind: 'source' | 'model' | 'channel'
  readonly name: string
  /** How many places of this name are asked, and how many of them failed the last time. */
  readonly asked: number
  readonly failing: number
  readonly lastOkAt: Instant | null
  /** One of those that fail, the newest. */
  readonly failure: { readonly at: Instant; readonly what: string; readonly reason: string } | null
}

interface Place {
  readonly kind: UpstreamHealth['kind']
  readonly name: string
  readonly what: string
  okAtMs: number | null
  failure: { readonly atMs: number; readonly reason: string } | null
}

/** Keeps the newest outcome of everything that this agent asks of others. In memory: after a restart it begins anew with the first try. */
export interface UpstreamBoard {
  /** `what` is one place of many with the same name, such as a service's own query; a null reason is a success. */
  note(kind: UpstreamHealth['kind'], name: string, what: string, reason: string | null): void
  view(): UpstreamHealth[]
}

export function upstreamBoard(now: () => number): UpstreamBoard {
  const places = new Map<string, Place>()
  return {
    note: (kind, name, what, reason) => {
      const key = JSON.stringify([kind, name, what])
      const place = places.get(key) ?? { kind, name, what, okAtMs: null, failure: null }
      places.set(key, place)
      if (reason === null) place.okAtMs = now()
      place.failure = reason === null ? null : { atMs: now(), reason }
    },
    view: () => {
      const byName = new Map<string, Place[]>()
      for (const place of places.values()) {
        const key = `${place.kind} ${place.name}`
        byName.set(key, [...(byName.get(key) ?? []), place])
      }
      return [...byName.values()].map(healthOf).sort((a, b) => b.failing - a.failing || a.name.localeCompare(b.name))
    },
  }
}

function healthOf(places: readonly Place[]): UpstreamHealth {
  const { kind, name } = places[0]!
  const failing = places.filter(({ failure }) => failure !== null)
  const newest = failing.sort((a, b) => b.failure!.atMs - a.failure!.atMs)[0]
  const okAt = Math.max(...places.map(({ okAtMs }) => okAtMs ?? 0))
  return {
    ...{ kind, name, asked: places.length, failing: failing.length },
    lastOkAt: okAt === 0 ? null : instantOf(okAt),
    failure: newest ? { at: instantOf(newest.failure!.atMs), what: newest.what, reason: newest.failure!.reason } : null,
  }
}
