import type { PlanBook } from '../engine/plan-book.ts'
import { startDueDrills } from '../engine/scheduled-drills.ts'
import { cronTimes } from '../lib/cron.ts'
import { asFault } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'
import { type OrderedRunParts, orderPlan } from './ordered-runs.ts'

export interface DrillCalendarParts extends OrderedRunParts {
  readonly agentId: string
  readonly plans: PlanBook
  readonly log: Log
}

/** Starts the drills of the configuration when their time comes; each is asked for by the agent, and a refusal is told in the log. */
export function drillCalendar(parts: DrillCalendarParts): (abort: AbortSignal) => Promise<number> {
  const drills = parts.config.settings.drills.map(({ plan, schedule, timeZone, live }) => ({
    ...{ plan, isLive: live, times: cronTimes(schedule, timeZone) },
  }))
  const by = { kind: 'agent', id: parts.agentId, via: null } as const
  return (abort) =>
    startDueDrills(
      {
        ...{ store: parts.store, drills, nowMs: parts.clock.now() },
        start: async ({ plan, isLive }) => {
          const loaded = parts.plans.byName(plan)
          if (!loaded) return { refused: 'there is no such plan any more' }
          try {
            const outcome = await orderPlan(loaded, { isDryRun: !isLive, acceptedDataLossSeconds: null, by }, parts)
            return { refused: outcome.outcome === 'refused' ? outcome.why : null }
          } catch (error) {
            return { refused: asFault(error).message }
          }
        },
        onStarted: ({ plan, isLive }, at, refused) => {
          const fields = { plan, isLive, dueAt: at, ...(refused !== null && { refused }) }
          if (refused === null) parts.log.info(fields, 'scheduled drill started')
          else parts.log.warn(fields, 'scheduled drill refused')
        },
      },
      abort,
    )
}
