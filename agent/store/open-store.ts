import { sql } from 'kysely'
import { z } from 'zod'
import type { Clock } from '../lib/clock.ts'
import type { Fault } from '../lib/errors.ts'
import { sortableIds } from '../lib/ids.ts'
import { agentStore } from './agents.ts'
import { type AnchorWriter, keepAnchors } from './anchors.ts'
import { anomalyModelStore } from './anomaly-models.ts'
import { approvalStore } from './approvals.ts'
import { auditLog } from './audit-log.ts'
import { bodyStore } from './bodies.ts'
import { changeStore } from './changes.ts'
import type { StoreContext } from './context.ts'
import { openKysely, openPool, reading } from './database.ts'
import { decisionStore } from './decisions.ts'
import { freezeStore } from './freezes.ts'
import { incidentStore } from './incidents.ts'
import { maintenance } from './maintenance.ts'
import { migrate } from './migrate.ts'
import { outbox } from './outbox.ts'
import { outgoingStore } from './outgoing.ts'
import { postStore } from './posts.ts'
import { runStore } from './runs.ts'
import { scoreStore } from './scores.ts'
import { spendingStore } from './spending.ts'
import type { Store } from './store.ts'

/** What may be configured about the store; where it is comes from the environment or the data folder. */
export const StoreOptions = z
  .strictObject({
    maximumConnections: z.number().int().min(2).max(100).default(10),
    connectTimeoutMs: z.number().int().positive().default(3000),
    /** A statement that takes longer than this is stuck; the caller is told that the store is unavailable. */
    statementTimeoutMs: z.number().int().positive().default(15_000),
    /** How long "nothing to do" stands for the same alerts. Longer hides a benign alert that turned serious. */
    recurrenceCooldownMs: z.number().int().min(0).default(900_000),
    /** Longer delays the look at what is new; shorter looks again for every delivery of a storm. */
    gatherMs: z.number().int().min(0).default(5000),
    /** Longer takes a new outbreak for a late message; shorter re-opens for messages that were merely late. */
    lateMessageMs: z.number().int().min(0).default(300_000),
    /** That many groups of one provider within the window are one outage. */
    eventGroups: z.number().int().min(2).default(5),
    eventWindowMs: z.number().int().positive().default(120_000),
  })
  .prefault({})
export type StoreOptions = z.infer<typeof StoreOptions>

export interface OpenStoreOptions {
  readonly databaseUrl: string
  readonly clock: Clock
  readonly options: StoreOptions
  /** Where chain heads go, outside of the database. */
  readonly anchors: readonly AnchorWriter[]
  readonly onAnchorFailure: (fault: Fault) => void
  /** A new identifier for a kind, such as `inc`; random when not given. */
  readonly newId?: (kind: string) => string
  /** Whether what is put on record is also queued as events for a broker. */
  readonly isPublishing?: boolean
  /** An agent whose clock differs from the database's by more puts nothing on record and takes no work; any clock is trusted unless given. */
  readonly maximumSkewMs?: number
  /** Seen in the server's list of connections. */
  readonly applicationName?: string
}

/** Connects, brings the schema up to date, and hands out the store. */
export async function openStore(given: OpenStoreOptions): Promise<Store> {
  const { databaseUrl, clock, options } = given
  const applicationName = given.applicationName ?? 'failwise'
  const timeouts = { connectTimeoutMs: options.connectTimeoutMs, statementTimeoutMs: options.statementTimeoutMs }
  const owner = openKysely(
    openPool({
      databaseUrl,
      ...timeouts,
      // Two agents may start at once, and a migration may take its time.
      statementTimeoutMs: 120_000,
      maximumConnections: 1,
      role: null,
      applicationName: `${applicationName} migrations`,
    }),
  )
  const { role } = await migrate(owner).finally(() => owner.destroy())
  const maximumConnections = options.maximumConnections
  const suspicion = { sinceMs: 0 }
  const db = openKysely(openPool({ databaseUrl, ...timeouts, maximumConnections, role, applicationName }), suspicion)
  const vital = openKysely(
    openPool({
      ...{ databaseUrl, role, maximumConnections: 1, connectTimeoutMs: Math.min(options.connectTimeoutMs, 3000) },
      // Shorter than the pause between two signs of life: it is also how a dead network is noticed first.
      ...{ statementTimeoutMs: 2000, applicationName: `${applicationName} alive` },
    }),
    suspicion,
  )
  const anchors = keepAnchors(given.anchors, given.onAnchorFailure)
  const context: StoreContext = {
    db,
    clock,
    anchors,
    newId: given.newId ?? sortableIds(clock),
    isPublishing: given.isPublishing ?? false,
    maximumSkewMs: given.maximumSkewMs ?? null,
  }
  return {
    incidents: incidentStore(context, options),
    decisions: decisionStore(context),
    approvals: approvalStore(context),
    runs: runStore(context),
    freezes: freezeStore(context),
    changes: changeStore(context),
    scores: scoreStore(context),
    outbox: outbox(context),
    posts: postStore(context),
    outgoing: outgoingStore(context),
    audit: auditLog(context),
    bodies: bodyStore(context),
    anomalyModels: anomalyModelStore(context),
    spending: spendingStore(context),
    agents: agentStore(context, vital),
    maintenance: maintenance(context),
    ping: async () => {
      await reading(db, (query) => sql`select 1`.execute(query))
    },
    close: async () => {
      await anchors.settle()
      await Promise.all([db.destroy(), vital.destroy()])
    },
  }
}
