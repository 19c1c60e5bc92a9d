import { type HealthScore, type HealthScoreOptions, scoreHealth } from '../domain/health-score.ts'
import { groupOf } from '../domain/service.ts'
import { instantOf } from '../domain/time.ts'
import type { Clock } from '../lib/clock.ts'
import type { Http } from '../lib/http.ts'
import type { Mask } from '../lib/mask.ts'
import type { Retry } from '../lib/retry.ts'
import type { Store } from '../store/store.ts'
import { collectEvidence } from './collect.ts'
import type { ServiceBook, ServiceEntry } from './service-entry.ts'

export interface WatchDeps {
  readonly store: Pick<Store, 'scores' | 'incidents'>
  readonly services: ServiceBook
  readonly http: Http
  readonly mask: Mask
  readonly retry: Retry
  readonly clock: Clock
  readonly healthScore: HealthScoreOptions
  /** A score at this level or above for long enough opens an incident. */
  readonly openAtScore: number
  readonly sustained: { readonly evaluations: number; readonly seconds: number }
  readonly deadlineMs: number
  readonly concurrency: number
}

/** Which incidents a round of watching opened. */
export interface WatchRound {
  readonly scored: number
  readonly opened: readonly string[]
}

/**
 * Scores every service once from its health checks, keeps the scores, and opens an incident where a score has stayed high without any
 * outside alert. A service without health checks is not scored: nothing is known of it, and that is not health.
 */
export async function watchOnce(deps: WatchDeps, abort: AbortSignal): Promise<WatchRound> {
  const watched = deps.services.all().filter((entry) => checksOf(entry).length > 0)
  const scores = await mapLimited(watched, deps.concurrency, abort, (entry) => scoreOf(entry, deps, abort))
  const at = instantOf(deps.clock.now())
  await deps.store.scores.append(
    scores.map(({ entry, score }) => ({
      scope: entry.service.name,
      at,
      score: score.score,
      maximum: score.maximum,
      level: score.level,
      unknownWeight: score.contributions
        .filter((part) => part.status === 'unknown')
        .reduce((sum, part) => sum + part.weight, 0),
      contributions: score.contributions.map((part) => ({ ...part })),
    })),
  )
  const opened: string[] = []
  for (const { entry, score } of scores) {
    if (score.score < deps.openAtScore) continue
    const incidentId = await openIfSustained(entry, deps)
    if (incidentId) opened.push(incidentId)
  }
  return { scored: scores.length, opened }
}

function checksOf(entry: ServiceEntry) {
  return entry.collectors.filter((collector) => collector.name.startsWith('health:'))
}

async function scoreOf(entry: ServiceEntry, deps: WatchDeps, abort: AbortSignal) {
  const nowMs = deps.clock.now()
  const window = { from: instantOf(nowMs - 300_000), to: instantOf(nowMs) }
  const { http, mask, clock, retry } = deps
  const base = { window, http, mask, clock, retry, abort }
  const evidence = await collectEvidence(checksOf(entry), { service: entry.service }, base, deps.deadlineMs)
  const score: HealthScore = scoreHealth(evidence, deps.healthScore)
  return { entry, score }
}

async function openIfSustained(entry: ServiceEntry, deps: WatchDeps): Promise<string | null> {
  const { service } = entry
  const nowMs = deps.clock.now()
  const span = Math.max(deps.sustained.seconds * 2, 300) * 1000
  const history = await deps.store.scores.history(service.name, {
    from: instantOf(nowMs - span),
    to: instantOf(nowMs + 1),
  })
  const recent = history.slice(-deps.sustained.evaluations)
  const first = recent[0]
  const isLong = first !== undefined && nowMs - Date.parse(first.at) >= deps.sustained.seconds * 1000
  // One good evaluation in between resets it.
  if (recent.length < deps.sustained.evaluations || !isLong || recent.some((one) => one.minimum < deps.openAtScore))
    return null
  const open = await deps.store.incidents.list({ open: true, group: groupOf(service), limit: 1 })
  if (open.length > 0) return null
  const incident = await deps.store.incidents.openFromWatch({
    service: service.name,
    group: groupOf(service),
    provider: service.primary.provider,
    severity: 'critical',
  })
  return incident.id
}

async function mapLimited<T, R>(
  items: readonly T[],
  limit: number,
  abort: AbortSignal,
  run: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const worker = async () => {
    while (next < items.length && !abort.aborted) {
      const item = items[next++] as T
      results.push(await run(item))
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker))
  return results
}
