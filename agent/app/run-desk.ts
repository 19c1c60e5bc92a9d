import type { Registry } from 'prom-client'
import { ProbeOptions, writeProbe } from '../../actions/probe.ts'
import { systemStagePorts } from '../../actions/shared/system-ports.ts'
import { channelOrder } from '../config/notify-settings.ts'
import type { Config, Environment } from '../config.ts'
import { deriveFacts } from '../domain/facts.ts'
import type { JournalEntry, Run } from '../domain/run.ts'
import type { Snapshot } from '../domain/snapshot.ts'
import { epochMs, instantOf } from '../domain/time.ts'
import { collectEvidence } from '../engine/collect.ts'
import type { Loop } from '../engine/loop.ts'
import type { PlanBook } from '../engine/plan-book.ts'
import { type RunnerDeps, startRunner } from '../engine/runner.ts'
import type { ServiceBook, ServiceEntry } from '../engine/service-entry.ts'
import { type Stamper, startStamper } from '../engine/stamper.ts'
import type { Clock } from '../lib/clock.ts'
import type { Http } from '../lib/http.ts'
import type { Mask } from '../lib/mask.ts'
import type { Retry } from '../lib/retry.ts'
import type { Policy } from '../policy/policy.ts'
import type { Store } from '../store/store.ts'
import { announcePlans, countEnd, countRun, runMetrics, showDrills } from './run-metrics.ts'

export interface RunDeskParts {
  readonly config: Config
  readonly environment: Environment
  readonly agentId: string
  readonly store: Store
  readonly services: ServiceBook
  readonly plans: PlanBook
  readonly policy: () => Policy
  readonly http: Http
  readonly mask: Mask
  readonly retry: Retry
  readonly clock: Clock
  readonly registry: Registry
  readonly onError: (name: string, error: unknown) => void
  readonly onEntry?: (run: Run, entry: JournalEntry) => void
}

/** What carries out runs. */
export interface RunDesk {
  /** Looks at a service now, with the alerts of its incident. */
  look(entry: ServiceEntry, incidentId: string | null, abort: AbortSignal): Promise<Snapshot>
  /** Starts carrying out what is requested, and writing stamps where plans name a probe. */
  start(): Loop[]
  /** Brings the gauges about drills up to date. */
  showDrills(): Promise<void>
}

const ROUND_MS = 1000
const POLL_MS = 1000
/** What programs of plans may see of the agent's own environment. */
const PROGRAM_VARIABLES = ['PATH', 'HOME', 'LANG', 'TZ', 'SSL_CERT_FILE', 'KUBECONFIG'] as const

/** Builds it; nothing runs before it is started. */
export function runDesk(parts: RunDeskParts): RunDesk {
  const { config, store, services, plans, http, mask, retry, clock, environment } = parts
  const { settings } = config
  const variables = PROGRAM_VARIABLES.flatMap((name) => (environment[name] ? [[name, environment[name]]] : []))
  const ports = systemStagePorts({ http, mask, environment: Object.fromEntries(variables) })
  const metrics = runMetrics(parts.registry)
  announcePlans(
    metrics,
    plans.all().map(({ plan }) => plan.name),
  )
  const stampers = new Map<string, Stamper>()
  const nameOf = (run: Run) => plans.byHash(run.planHash)?.plan.name ?? 'unknown'

  const look: RunDesk['look'] = async (entry, incidentId, abort) => {
    const nowMs = clock.now()
    const window = { from: instantOf(nowMs - settings.assess.windowMinutes * 60_000), to: instantOf(nowMs) }
    const deadlineMs = settings.assess.deadlineSeconds * 400
    const [alerts, evidence] = await Promise.all([
      incidentId === null ? [] : store.incidents.alertsOf(incidentId, 50),
      collectEvidence(
        entry.collectors,
        { service: entry.service },
        { window, http, mask, clock, retry, abort },
        deadlineMs,
      ),
    ])
    const sorted = alerts.map(({ alert }) => alert).sort((a, b) => epochMs(a.startsAt) - epochMs(b.startsAt))
    return { version: 1, takenAt: instantOf(nowMs), service: entry.service, alerts: sorted, evidence }
  }
  const runner: RunnerDeps = {
    ...{ agentId: parts.agentId, store, services, plans, ports, mask, clock, mode: settings.mode },
    channels: channelOrder(settings.notify),
    lookAt: async (entry, incidentId, abort) => {
      const snapshot = await look(entry, incidentId, abort)
      return { snapshot, facts: deriveFacts(snapshot) }
    },
    measureLoss: async ({ plan }, abort) => (await stampers.get(plan.name)?.measure(abort)) ?? null,
    maximumRunning: () => parts.policy().runs.globalCap,
    pollMs: POLL_MS,
    onError: parts.onError,
    ...(parts.onEntry && { onEntry: parts.onEntry }),
    onEnded: (run, state) => countEnd(metrics, nameOf(run), run.isDryRun, state),
    onReport: (run, report) => countRun(metrics, nameOf(run), run.isDryRun, report),
  }
  return {
    look,
    showDrills: async () => showDrills(metrics, await store.runs.list({ states: ['succeeded'], limit: 500 }), plans),
    start: () => {
      // In shadow mode nothing is written anywhere, not even a stamp.
      if (settings.mode === 'live')
        for (const { plan } of plans.all()) {
          const probe = ProbeOptions.safeParse(plan.probe)
          if (!probe.success || plan.direction === 'back') continue
          const prefix = `failwise:${parts.agentId}:${plan.name}:${clock.now().toString(36)}`
          stampers.set(plan.name, startStamper(writeProbe(probe.data), { ...ports, clock }, prefix))
        }
      return [...stampers.values(), startRunner(runner, ROUND_MS)]
    },
  }
}
