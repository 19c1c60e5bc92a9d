import type { Service } from './service.ts'
import { type Instant, instantOf } from './time.ts'

/** Evidence as sources would bring it, made up for a drill; every piece is checked like real evidence before anybody reads it. */
interface Made {
  readonly id: string
  readonly source: string
  readonly observer: string
  readonly status: 'ok' | 'empty' | 'failed'
  readonly observedAt: Instant
  readonly signals: readonly unknown[]
  readonly error?: { readonly kind: string; readonly message: string }
}

function ago(nowMs: number, minutes: number): Instant {
  return instantOf(nowMs - minutes * 60_000)
}

function looked(nowMs: number, id: string, source: string, observer: string, signals: readonly unknown[]): Made {
  const status = signals.length === 0 ? 'empty' : 'ok'
  return { id, source, observer, status, observedAt: instantOf(nowMs), signals }
}

/** One health check's answer. */
export function check(name: string, observer: string, status: 'ok' | 'degraded' | 'error', nowMs: number): Made {
  const id = `health:${name}`
  const answer = { kind: 'health_check', id: `${id}:1`, check: name, status, checkedAt: ago(nowMs, 0.5) }
  return looked(nowMs, id, 'health-feed', observer, [answer])
}

/** What users feel: fine for two hours, and from the onset on this share of requests fails. */
export function errorRate(nowMs: number, onsetMinutes: number, share: number): Made {
  const points = Array.from({ length: 241 }, (_, index) => {
    const minutes = (240 - index) / 2
    return [Math.round(nowMs / 1000 - minutes * 60), minutes <= onsetMinutes ? share : 0.002]
  })
  const series = {
    ...{ kind: 'series', id: 'prometheus:error_rate:1', name: 'error_rate', unit: 'ratio', query: 'error_rate' },
    ...{ labels: {}, sli: { role: 'errors', badWhen: 'high', objective: 0.01 }, stepSeconds: 30, points },
  }
  return looked(nowMs, 'prometheus:error_rate', 'prometheus', 'own_telemetry', [series])
}

/** The provider's health API: an open event of the primary region. */
export function regionEvent(service: Service, nowMs: number, onsetMinutes: number): Made {
  const { provider, region } = service.primary
  const event = {
    ...{ kind: 'provider_event', id: `${provider}-health:event-1`, channel: 'health_api', provider, products: [] },
    ...{ regions: [region], category: 'issue', state: 'open', severity: 'high', isAccountSpecific: true },
    ...{ startedAt: ago(nowMs, onsetMinutes + 1), updatedAt: ago(nowMs, 1) },
    ...{ title: 'Increased error rates', text: 'We are investigating increased error rates in the region.' },
  }
  return looked(nowMs, `${provider}-health`, `${provider}-health`, 'provider', [event])
}

/** The provider's health API answers, and has nothing to report. */
export function noEvents({ primary }: Service, nowMs: number): Made {
  return looked(nowMs, `${primary.provider}-health`, `${primary.provider}-health`, 'provider', [])
}

/** Something that we changed. */
export function change(service: Service, kind: string, summary: string, nowMs: number, minutesAgo: number): Made {
  const id = `changes:${kind}`
  const made = { kind: 'change', id, at: ago(nowMs, minutesAgo), changeKind: kind, service: service.name }
  return looked(nowMs, 'changes', 'changes-feed', 'change', [{ ...made, ref: `drill-${kind}`, summary }])
}

/** A log line that says the same many times. */
export function errorLog(pattern: string, count: number, nowMs: number): Made {
  const line = { kind: 'log_pattern', id: 'loki:errors:pattern-1', query: 'errors', stream: {}, level: 'error' }
  const times = { count, firstAt: ago(nowMs, 9), lastAt: ago(nowMs, 0.2) }
  return looked(nowMs, 'loki:errors', 'loki', 'own_telemetry', [{ ...line, pattern, sample: pattern, ...times }])
}

/** The places to go to, measured and in order. */
export function readyTargets(service: Service, nowMs: number, lagSeconds: number): Made[] {
  return (['secondary', 'dr'] as const)
    .filter((target) => service[target] !== null)
    .map((target) => {
      const id = `readiness:${target}`
      const ready = {
        ...{ kind: 'readiness', id: `${id}:1`, target, exists: true, healthy: true, capacity: 'ok' },
        ...{ replicationLagSeconds: lagSeconds, sharedDependencies: [], lastBackupAt: ago(nowMs, 30) },
        ...{ lastRestoreTestAt: ago(nowMs, 60 * 24 * 3), checkedAt: ago(nowMs, 0.5) },
      }
      return looked(nowMs, id, 'readiness-feed', 'target', [ready])
    })
}

/** A source that could not be asked. */
export function unreachable(id: string, source: string, observer: string, nowMs: number): Made {
  const error = { kind: 'network', message: 'connect ETIMEDOUT' }
  return { id, source, observer, status: 'failed', observedAt: instantOf(nowMs), signals: [], error }
}

/** The alert that began it. */
export function alert(service: Service, nowMs: number, onsetMinutes: number): unknown {
  return {
    ...{ fingerprint: 'drill', name: 'ErrorsOfUsers', status: 'firing', severity: 'critical' },
    ...{ labels: { service: service.name }, startsAt: ago(nowMs, onsetMinutes - 1), source: 'alertmanager' },
  }
}

/** One piece of evidence for each source; several changes are one answer of the change feed, and no change an empty one. */
export function merged(pieces: readonly unknown[]): Made[] {
  const byId = new Map<string, Made>()
  for (const piece of pieces as readonly Made[]) {
    const known = byId.get(piece.id)
    byId.set(piece.id, known ? { ...known, signals: [...known.signals, ...piece.signals] } : piece)
  }
  const first = [...byId.values()][0]
  if (first && !byId.has('changes'))
    byId.set('changes', {
      ...first,
      id: 'changes',
      source: 'changes-feed',
      observer: 'change',
      status: 'empty',
      signals: [],
    })
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
}
