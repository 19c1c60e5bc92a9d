import type { People } from '../approval/people.ts'
import type { Config, Environment } from '../config.ts'
import type { Alert } from '../domain/alert.ts'
import type { Instant } from '../domain/time.ts'
import type { AssessDeps, Assessment } from '../engine/assess.ts'
import type { PlanBook } from '../engine/plan-book.ts'
import type { Progress } from '../engine/progress.ts'
import type { ServiceBook } from '../engine/service-entry.ts'
import type { Clock } from '../lib/clock.ts'
import type { Http } from '../lib/http.ts'
import type { Log } from '../lib/log.ts'
import type { Mask } from '../lib/mask.ts'
import type { AnalystPrompt } from '../llm/analyst-prompt.ts'
import type { Store } from '../store/store.ts'
import type { Intake } from './intake.ts'
import type { AgentMetrics } from './metrics.ts'
import type { PolicyKeeper } from './policy-keeper.ts'
import type { RunDesk } from './run-desk.ts'
import type { UpstreamHealth } from './upstream-board.ts'

import type { WaitingParts } from './waiting.ts'

export interface AgentOptions {
  readonly config: Config
  readonly environment: Environment
  readonly log: Log
  readonly version: string
  /** `serve` owns the data folder; `command` works beside it. */
  readonly purpose: 'serve' | 'command'
  /** The machine's clock unless given. */
  readonly clock?: Clock
  /** `auto` unless given: every configured model, then the rules. */
  readonly analyst?: string
  readonly progress?: Progress
  readonly onAssessed?: (assessment: Assessment) => void
  /** Its name among the agents; the configured one, or a new one, unless given. */
  readonly id?: string
}

/** Everything that was built, for those who answer requests and commands. */
export interface Agent {
  readonly id: string
  readonly config: Config
  readonly store: Store
  readonly services: ServiceBook
  readonly plans: PlanBook
  readonly runs: RunDesk
  readonly policy: PolicyKeeper
  readonly people: People
  readonly metrics: AgentMetrics
  readonly clock: Clock
  readonly log: Log
  readonly http: Http
  readonly mask: Mask
  readonly prompt: AnalystPrompt | null
  readonly assessDeps: AssessDeps
  /** Starts the background work: assessing, watching, telling people, keeping house. */
  start(): Promise<void>
  /** Only carries out runs, for a command where no agent is alive. */
  startRuns(): Promise<void>
  /** Stores alerts under their services; resolves only when they are durable. */
  intake(alerts: readonly Alert[], receivedAt: Instant): Promise<Intake>
  /** How the newest tries went with everything that this agent asks of others. */
  upstreams(): UpstreamHealth[]
  /** What is needed to take what a person answers or wants, wherever it comes from. */
  readonly answering: WaitingParts
  /** Something was ingested; look now. */
  nudge(): void
  /** Something was answered; carry it out and show it now. */
  nudgeAll(): void
  /** Assesses one incident now, outside of the background work; null when another agent holds it or it failed. */
  assessNow(incidentId: string): Promise<Assessment | null>
  /** Finishes what is in progress and closes everything, newest first. */
  stop(): Promise<void>
}
