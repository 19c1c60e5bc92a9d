import type { Snapshot } from '../agent/domain/snapshot.ts'
import { epochMs, instantOf } from '../agent/domain/time.ts'
import { collectEvidence } from '../agent/engine/collect.ts'
import { parseAlertmanager } from '../agent/ingest/alertmanager.ts'
import { stoppedClock } from '../agent/lib/clock.ts'
import { Fault } from '../agent/lib/errors.ts'
import type { Mask } from '../agent/lib/mask.ts'
import { collectorsFor } from '../collectors/index.ts'
import { httpOnlyPorts } from '../collectors/shared/ports.ts'
import type { RecordedIncident } from './recorded-incident.ts'
import { recordedEntry } from './recorded-scope.ts'
import { recordedUpstream } from './recorded-upstream.ts'

const WINDOW_MS = 3_600_000

export interface SnapshotOptions {
  /** Recordings hold no secrets, so nothing is masked unless asked for. */
  readonly mask?: Mask
}

/** What the agent would have seen: the production collectors run on the recorded upstreams, at the recorded time. */
export async function snapshotOf(incident: RecordedIncident, options: SnapshotOptions = {}): Promise<Snapshot> {
  const { service, collectors } = recordedEntry(incident)
  const { http, unanswered } = recordedUpstream(incident)
  const nowMs = epochMs(incident.decidedAt)
  const clock = stoppedClock(nowMs)
  const window = { from: instantOf(nowMs - WINDOW_MS), to: incident.decidedAt }
  const evidence = await collectEvidence(
    collectorsFor({ collectors }, httpOnlyPorts(clock)),
    { service },
    { window, http, mask: options.mask ?? (async (text) => text), clock },
    WINDOW_MS,
  )
  if (unanswered.length > 0) throw new Fault('internal', unanswered[0] ?? '', { details: { unanswered } })
  const alerts = parseAlertmanager(incident.alert).sort((a, b) => epochMs(a.startsAt) - epochMs(b.startsAt))
  return { version: 1, takenAt: incident.decidedAt, service, alerts, evidence }
}
