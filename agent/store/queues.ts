import { sql } from 'kysely'
import { ACTIVE_RUN_STATES } from '../domain/run.ts'
import { nowOf, type StoreContext } from './context.ts'
import { reading } from './database.ts'

/** How much waits, and for how long the oldest of it has; zero when nothing does. */
export interface Queues {
  readonly openIncidents: number
  /** Incidents whose assessment is due and that nobody has taken. */
  readonly dueAssessments: number
  readonly oldestDueSeconds: number
  /** Open incidents without any decision yet. */
  readonly undecidedIncidents: number
  readonly oldestUndecidedSeconds: number
  readonly waitingNotifications: number
  readonly oldestNotificationSeconds: number
  /** Messages of the last day that every channel has given up on. */
  readonly undeliveredNotifications: number
  readonly pendingApprovals: number
  readonly oldestApprovalSeconds: number
  readonly activeRuns: number
  /** Agents that were heard of within half a minute, by the database's clock. */
  readonly liveAgents: number
  readonly auditHead: number
  /** Services by the level of their newest health score. */
  readonly servicesByLevel: Readonly<Record<string, number>>
}

/** Reads all of them in one statement. */
export async function readQueues(context: StoreContext): Promise<Queues> {
  const now = sql`${nowOf(context)}::timestamptz`
  const oldest = (column: string) => sql`extract(epoch from ${now} - min(${sql.ref(column)}))::float8`
  const active = sql.join(ACTIVE_RUN_STATES.map((state) => sql.lit(state)))
  const { rows } = await reading(context.db, (db) =>
    sql<Row>`
      select * from
        (select count(*)::int as "openIncidents",
            count(*) filter (where is_due)::int as "dueAssessments",
            extract(epoch from ${now} - min(next_assessment_at) filter (where is_due))::float8 as "oldestDueSeconds",
            count(*) filter (where assessments = 0)::int as "undecidedIncidents",
            extract(epoch from ${now} - min(opened_at) filter (where assessments = 0))::float8 as "oldestUndecidedSeconds"
          from (select *, claim_token is null and state <> 'executing' and next_assessment_at <= ${now} as is_due
            from incidents where closed_at is null) as incident) as open,
        (select count(*)::int as "waitingNotifications", ${oldest('created_at')} as "oldestNotificationSeconds"
          from notifications where state in ('waiting', 'sending')) as waiting,
        (select count(distinct payload::jsonb #>> '{notification,id}')::int as "undeliveredNotifications"
          from notifications as lost where state = 'given_up' and created_at > ${now} - interval '1 day' and not exists (
            select from notifications as other where other.state <> 'given_up'
              and other.incident_id is not distinct from lost.incident_id
              and other.payload::jsonb #>> '{notification,id}' = lost.payload::jsonb #>> '{notification,id}')) as undelivered,
        (select count(*)::int as "pendingApprovals", ${oldest('created_at')} as "oldestApprovalSeconds"
          from approvals where status = 'pending') as asked,
        (select count(*)::int as "activeRuns" from runs where state in (${active})) as running,
        (select count(*)::int as "liveAgents" from agents
          where heartbeat_at > clock_timestamp() - interval '30 seconds') as alive,
        (select coalesce(max(seq), 0)::float8 as "auditHead" from audit_log) as audit,
        (select json_object_agg(level, services)::text as levels
          from (select level, count(*) as services from score_current group by level) as counted) as scored
    `.execute(db),
  )
  const { levels, ...figures } = rows[0]!
  // Clocks of several machines disagree; what is due in a moment is not overdue by less than nothing.
  const known = Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Math.max(0, value ?? 0)]))
  const servicesByLevel = levels === null ? {} : (JSON.parse(levels) as Record<string, number>)
  return { ...(known as Omit<Queues, 'servicesByLevel'>), servicesByLevel }
}

type Row = Record<Exclude<keyof Queues, 'servicesByLevel'>, number | null> & { readonly levels: string | null }
