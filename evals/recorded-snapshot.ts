import type { Alert } from '../agent/domain/alert.ts'
import type { Snapshot } from '../agent/domain/snapshot.ts'
import { epochMs, instantOf } from '../agent/domain/time.ts'
import { collectEvidence } from '../agent/engine/collect.ts'
import { parseAlertmanager } from '../agent/ingest/alertmanager.ts'
import { stoppedClock } from '../agent/lib/clock.ts'
import { Fault } from '../agent/lib/errors.ts'
import { createMask, type Mask } from '../agent/lib/mask.ts'
import { collectorsFor } from '../collectors/index.ts'
import { httpOnlyPorts } from '../collectors/shared/ports.ts'
import type { RecordedIncident } from './recorded-incident.ts'
import { recordedEntry } from './recorded-scope.ts'
import { recordedUpstream } from './recorded-upstream.ts'

const WINDOW_MS = 3_600_000

export interface SnapshotOptions {
  /** A mask with a fixed key unless given, so that a recording has one snapshot and one hash everywhere. */
  readonly mask?: Mask
}

let fixedMask: Mask | undefined

function recordedMask(): Mask {
  fixedMask ??= createMask({ key: 'recorded-incident/v1' })
  return fixedMask
}

/** What the agent would have seen: the production collectors run on the recorded upstreams, at the recorded time. */
export async function snapshotOf(incident: RecordedIncident, options: SnapshotOptions = {}): Promise<Snapshot> {
  const mask = options.mask ?? recordedMask()
  const { service, collectors } = recordedEntry(incident)
  const { http, unanswered } = recordedUpstream(incident)
  const nowMs = epochMs(incident.decidedAt)
  const clock = stoppedClock(nowMs)
  const window = { from: instantOf(nowMs - WINDOW_MS), to: incident.decidedAt }
  const evidence = await collectEvidence(
    collectorsFor({ collectors }, httpOnlyPorts(clock)),
    { service },
    { window, http, mask, clock },
    WINDOW_MS,
  )
  if (unanswered.length > 0) throw new Fault('internal', unanswered[0] ?? '', { details: { unanswered } })
  const alerts = await Promise.all(parseAlertmanager(incident.alert).map((alert) => maskedAlert(alert, mask)))
  alerts.sort((a, b) => epochMs(a.startsAt) - epochMs(b.startsAt))
  return { version: 1, takenAt: incident.decidedAt, service, alerts, evidence }
}

async function maskedAlert(alert: Alert, mask: Mask): Promise<Alert> {
  const entries = Object.entries(alert.annotations).map(async ([name, text]) => [name, await mask(text)] as const)
  return { ...alert, annotations: Object.fromEntries(await Promise.all(entries)) }
}
