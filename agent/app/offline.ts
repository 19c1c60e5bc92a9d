import { systemPorts } from '../../collectors/shared/system-ports.ts'
import { type Config, recordingsFolderOf } from '../config.ts'
import type { Alert } from '../domain/alert.ts'
import type { Snapshot } from '../domain/snapshot.ts'
import { instantOf } from '../domain/time.ts'
import { collectEvidence } from '../engine/collect.ts'
import type { ServiceBook, ServiceEntry } from '../engine/service-entry.ts'
import { systemClock } from '../lib/clock.ts'
import { Fault } from '../lib/errors.ts'
import { HttpClientOptions, httpClient } from '../lib/http-client.ts'
import { createMask, type Mask } from '../lib/mask.ts'
import { retrying } from '../lib/retry.ts'
import { type BuiltAnalyst, buildAnalyst } from './analyst.ts'
import { readCalibrations } from './calibrations.ts'
import { planBook } from './plan-book.ts'
import { ephemeralKey } from './secret-key.ts'
import { serviceBook } from './service-book.ts'

/** What a command needs that decides without a store. */
export interface Offline {
  readonly services: ServiceBook
  readonly mask: Mask
  analystNamed(name: string): BuiltAnalyst
  /** Looks at a service once, now. */
  look(entry: ServiceEntry, alerts: readonly Alert[]): Promise<Snapshot>
}

/** Builds the parts of a decision that leaves no record. */
export function offline(config: Config, environment: Readonly<Record<string, string | undefined>>): Offline {
  const { settings, catalogue } = config
  const key = settings.maskKey ?? ephemeralKey()
  const mask = createMask({ key })
  const http = httpClient(HttpClientOptions.parse({}))
  const retry = retrying({ clock: systemClock, random: Math.random })
  const services = serviceBook(
    catalogue,
    planBook(config.plans),
    systemPorts({ clock: systemClock, recentChanges: noStore }),
  )
  return {
    services,
    mask,
    analystNamed: (name) =>
      buildAnalyst(name, {
        settings: settings.analyst,
        environment,
        boundaryKey: key,
        mask,
        clock: systemClock,
        random: Math.random,
        calibrations: readCalibrations(),
        recordingsFolder: recordingsFolderOf(config),
      }),
    look: async (entry, alerts) => {
      const nowMs = systemClock.now()
      const window = { from: instantOf(nowMs - settings.assess.windowMinutes * 60_000), to: instantOf(nowMs) }
      const base = { window, http, mask, clock: systemClock, retry }
      const deadlineMs = settings.assess.deadlineSeconds * 400
      const evidence = await collectEvidence(entry.collectors, { service: entry.service }, base, deadlineMs)
      return { version: 1, takenAt: instantOf(nowMs), service: entry.service, alerts: [...alerts], evidence }
    },
  }
}

/** Changes that people reported are in the store of a running agent; without it nobody looked, which is not the same as none. */
async function noStore(): Promise<never> {
  throw new Fault('store_unavailable', 'reported changes are known to a running agent only')
}
