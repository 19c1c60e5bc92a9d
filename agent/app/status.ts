import type { Config } from '../config.ts'
import type { Approval } from '../domain/approval.ts'
import type { Incident } from '../domain/incident.ts'
import { ACTIVE_RUN_STATES, type Run } from '../domain/run.ts'
import { type Instant, instantOf } from '../domain/time.ts'
import type { Clock } from '../lib/clock.ts'
import { policyHash } from '../policy/policy.ts'
import type { AgentRecord, CurrentScore, DecisionSummary, Freeze, IncidentEvent } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import { type RunView, runView } from './run-view.ts'

/** How things stand: services, open incidents, what waits for whom, what is frozen. */
export interface Status {
  readonly at: Instant
  readonly mode: 'shadow' | 'live'
  readonly policyHash: string
  readonly agents: readonly AgentRecord[]
  readonly services: readonly {
    readonly name: string
    readonly primary: string
    readonly score: CurrentScore | null
    readonly openIncidents: number
  }[]
  readonly incidents: readonly { readonly incident: Incident; readonly latest: DecisionSummary | null }[]
  readonly events: readonly IncidentEvent[]
  readonly waiting: readonly Approval[]
  readonly runs: readonly RunView[]
  readonly frozen: readonly Freeze[]
  readonly undelivered: number
}

export interface StatusParts {
  readonly store: Store
  readonly config: Config
  readonly clock: Pick<Clock, 'now'>
}

/** Reads how things stand. */
export async function statusOf({ store, config, clock }: StatusParts): Promise<Status> {
  const [agents, open, events, waiting, runs, frozen, scores, undelivered, decisions] = await Promise.all([
    store.agents.list(),
    store.incidents.list({ open: true, limit: 200 }),
    store.incidents.events({ open: true, limit: 50 }),
    store.approvals.list({ status: 'pending', limit: 200 }),
    store.runs.list({ states: ACTIVE_RUN_STATES, limit: 100 }),
    store.freezes.active(),
    store.scores.current(),
    store.outbox.list({ state: 'waiting', limit: 1000 }),
    store.decisions.list({ limit: 200 }),
  ])
  const viewed = async (run: Run) => runView(run, await store.runs.journalOf(run.id), config.plans, clock.now())
  const scoreOf = new Map(scores.map((score) => [score.scope, score]))
  const latestOf = (incident: Incident) => decisions.find(({ incidentId }) => incidentId === incident.id) ?? null
  return {
    at: instantOf(clock.now()),
    mode: config.settings.mode,
    policyHash: policyHash(config.policy),
    agents,
    services: config.catalogue.services.map(({ name, primary }) => ({
      name,
      primary: `${primary.provider} ${primary.region}`,
      score: scoreOf.get(name) ?? null,
      openIncidents: open.filter((incident) => incident.service === name).length,
    })),
    incidents: open.map((incident) => ({ incident, latest: latestOf(incident) })),
    events,
    waiting,
    runs: await Promise.all(runs.map(viewed)),
    frozen,
    undelivered: undelivered.length,
  }
}
