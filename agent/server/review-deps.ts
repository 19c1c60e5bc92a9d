import { z } from 'zod'
import { KeptBrief, KeptReport } from '../../evals/kept-reports.ts'
import type { ShadowReport } from '../../evals/shadow-report.ts'
import { Exchange } from '../app/exchange.ts'
import { Action } from '../domain/action.ts'
import { JournalEntry, Run } from '../domain/run.ts'
import { RunReport } from '../domain/run-report.ts'
import { Site } from '../domain/service.ts'
import { Instant } from '../domain/time.ts'

const Side = z.object({
  failovers: z.number(),
  needless: z.number(),
  missed: z.number(),
  agreedWithPeople: z.number(),
})

/** What the agent decided, beside what thresholds would have done and what people did. */
export const ReportBody = z.object({
  incidents: z.number(),
  judged: z.number(),
  agent: Side,
  thresholds: Side,
  needlessAvoided: z.number(),
  minutesSaved: z.number(),
  minutesLost: z.number(),
  rows: z.array(
    z.object({
      incident: z.string(),
      decision: z.string(),
      service: z.string(),
      decidedAt: z.string(),
      agent: Action,
      thresholds: Action,
      people: Action.nullable(),
      right: Action.nullable(),
      minutesSaved: z.number().nullable(),
    }),
  ),
})

const PlanBody = z.object({
  name: z.string(),
  hash: z.string(),
  service: z.string(),
  action: Action,
  direction: z.enum(['away', 'back']),
  description: z.string(),
  source: Site.nullable(),
  target: Site.nullable(),
  objectives: z.object({ rtoSeconds: z.number(), rpoSeconds: z.number() }),
  failback: z.string().nullable(),
  sandbox: z.boolean(),
  isLossMeasured: z.boolean(),
  plannedSeconds: z.number(),
  warnings: z.array(z.string()),
  stages: z.array(
    z.object({
      id: z.string(),
      stage: z.string(),
      timeoutSeconds: z.number(),
      fencing: z.string(),
      rollback: z.string(),
      does: z.string(),
    }),
  ),
  history: z.array(z.object({ run: Run, report: RunReport.nullable(), isThisVersion: z.boolean() })),
})
export const PlansBody = z.object({ plans: z.array(PlanBody) })

/** A run with its stages, each with what it does and how far it got. */
export const RunBody = z.object({
  run: Run,
  plan: z.object({ name: z.string(), rtoSeconds: z.number(), rpoSeconds: z.number() }).nullable(),
  stages: z
    .array(
      z.object({
        id: z.string(),
        does: z.string(),
        timeoutSeconds: z.number(),
        phase: z.string(),
        spentMs: z.number(),
        detail: z.string(),
      }),
    )
    .readonly(),
  journal: z.array(JournalEntry).readonly(),
  report: RunReport.nullable(),
})

export const EvalsBody = z.object({ reports: z.array(KeptBrief) })
export const EvalBody = KeptReport.extend({ id: z.string(), at: Instant })
export { Exchange as ExchangeBody }

/** What those who look back ask of the agent. */
export interface ReviewDeps {
  readonly report: (since: Instant, until: Instant | null) => Promise<ShadowReport>
  readonly listPlans: () => Promise<z.infer<typeof PlansBody>>
  readonly getRun: (id: string) => Promise<z.infer<typeof RunBody> | null>
  readonly listEvals: () => Promise<z.infer<typeof EvalsBody>>
  readonly getEval: (id: string) => Promise<z.infer<typeof EvalBody> | null>
  /** The prompt and the reply of a decision's analyst. */
  readonly getExchange: (id: string) => Promise<Exchange | null>
}
