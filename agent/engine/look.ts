import type { Evidence } from '../domain/evidence.ts'
import type { Incident } from '../domain/incident.ts'
import type { Snapshot } from '../domain/snapshot.ts'
import { epochMs, instantOf } from '../domain/time.ts'
import type { Clock } from '../lib/clock.ts'
import type { Http } from '../lib/http.ts'
import type { Mask } from '../lib/mask.ts'
import type { Retry } from '../lib/retry.ts'
import type { RawBody } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import { collectEvidence } from './collect.ts'
import { rawBodyOf } from './kept-exchange.ts'
import type { Progress } from './progress.ts'
import type { ServiceEntry } from './service-entry.ts'

/** Collectors get this share of the deadline, so that time remains for the model, the gate and the record. */
const COLLECT_SHARE = 0.4

export interface LookDeps {
  readonly store: { readonly incidents: Pick<Store['incidents'], 'alertsOf'> }
  readonly http: Http
  readonly mask: Mask
  readonly retry: Retry
  readonly clock: Clock
  /** Of the whole assessment. */
  readonly deadlineMs: number
  readonly windowMs: number
}

/** What was seen, and the raw bodies that it was read from, by evidence. */
export interface Look {
  readonly snapshot: Snapshot
  readonly bodies: Readonly<Record<string, readonly RawBody[]>>
}

/** Runs every collector of the incident's service, each within its share of the deadline, and freezes what they saw. */
export async function look(
  incident: Incident,
  entry: ServiceEntry,
  deps: LookDeps,
  abort: AbortSignal,
  progress: Progress,
): Promise<Look> {
  const { clock } = deps
  const nowMs = clock.now()
  const bodies: Record<string, RawBody[]> = {}
  progress('collect', `${entry.collectors.length} sources`, { service: entry.service.name })
  const [alerts, evidence] = await Promise.all([
    deps.store.incidents.alertsOf(incident.id, 50),
    collectEvidence(
      entry.collectors,
      { service: entry.service },
      {
        window: { from: instantOf(nowMs - deps.windowMs), to: instantOf(nowMs) },
        http: deps.http,
        mask: deps.mask,
        retry: deps.retry,
        clock,
        abort,
        keep: (exchange) => {
          const kept = bodies[exchange.evidenceId] ?? []
          kept.push(rawBodyOf(exchange))
          bodies[exchange.evidenceId] = kept
        },
      },
      deps.deadlineMs * COLLECT_SHARE,
    ),
  ])
  progress('collect', countText(evidence), {
    failed: evidence.filter((one) => one.status === 'failed').map((one) => one.id),
  })
  const sorted = alerts.map(({ alert }) => alert).sort((a, b) => epochMs(a.startsAt) - epochMs(b.startsAt))
  return {
    snapshot: Object.freeze({
      version: 1,
      takenAt: instantOf(nowMs),
      service: entry.service,
      alerts: sorted,
      evidence,
    }),
    bodies,
  }
}

function countText(evidence: readonly Evidence[]): string {
  const of = (status: Evidence['status']) => evidence.filter((one) => one.status === status).length
  return `${of('ok')} with something to say, ${of('empty')} empty, ${of('failed')} failed`
}
