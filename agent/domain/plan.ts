import { z } from 'zod'
import { hashOf } from './canonical.ts'
import { Site } from './service.ts'

/** What a plan answers. `observe` moves nothing: it makes sure of what stands and tells people. */
export const PlannedAction = z.enum(['self_heal', 'rollback_change', 'region_failover', 'dr_failover', 'observe'])
export type PlannedAction = z.infer<typeof PlannedAction>

export const PlanName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,99}$/, 'use lower-case letters, digits, dots, dashes and underscores')

const StageId = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,59}$/, 'use lower-case letters, digits, dots and dashes')

/** What every stage has, whatever it does; the rest belongs to the stage. */
export const stageCommon = {
  /** Its name within the plan; the stage's own name unless given. */
  id: StageId.optional(),
  /** For all of it: looking, applying and verifying. A stage that takes longer has failed. */
  timeoutSeconds: z.number().positive().max(86_400),
} as const

/** One stage of a plan, as far as everybody needs to know; its own schema stands beside its code. */
const PlanStage = z.looseObject({ stage: z.string().min(1), ...stageCommon })
export type PlanStage = z.infer<typeof PlanStage>

/** What was promised: how long users may be without the service, and how much data may be lost. */
export const PlanObjectives = z.strictObject({
  rtoSeconds: z.number().positive(),
  rpoSeconds: z.number().min(0),
})
export type PlanObjectives = z.infer<typeof PlanObjectives>

/** A plan file without its stages' own parameters. */
export const planShape = {
  version: z.literal(1),
  kind: z.literal('DisasterRecoveryPlan'),
  name: PlanName,
  /** One sentence for people. */
  description: z.string().min(1).max(500),
  service: z.string().min(1),
  action: PlannedAction,
  /** `back` brings a service home again. It is only ever started by a person. */
  direction: z.enum(['away', 'back']).default('away'),
  /** Where it runs before, and where it runs after; null when nothing moves. */
  source: Site.nullable().default(null),
  target: Site.nullable().default(null),
  objectives: PlanObjectives,
  approval: z
    .strictObject({
      /** `policy`: the gate says whether people are asked. `always`: they are asked whatever it says. */
      required: z.enum(['policy', 'always']).default('policy'),
    })
    .prefault({}),
  /** The plan that brings it back. */
  failback: PlanName.optional(),
  /** It works on things that nobody needs, so that it may be rehearsed for real. */
  sandbox: z.boolean().default(false),
  /** Numbered writes whose fate measures the data lost. Without it the loss is not measured, which is not the same as none. */
  probe: z.looseObject({ by: z.string().min(1) }).optional(),
  /** What happens when a stage fails and everything before it can be undone: undo all of it, or stop and wait for a person. */
  onFailure: z.enum(['roll_back', 'wait_for_person']).default('roll_back'),
} as const

/** A plan as the engine carries it out: checked, with every default filled in. */
export const Plan = z.object({ ...planShape, stages: z.array(PlanStage).min(1) })
export type Plan = z.infer<typeof Plan>

/** The name of a stage within its plan. */
export function stageIdOf(stage: PlanStage): string {
  return stage.id ?? stage.stage
}

/** The longest that a plan may take when nothing fails. */
export function plannedSeconds(plan: Pick<Plan, 'stages'>): number {
  return plan.stages.reduce((sum, stage) => sum + stage.timeoutSeconds, 0)
}

/** Names that mean something else in the journal. */
const RESERVED_IDS: readonly string[] = ['run']

/** What no schema of a single field can say. Returns the place of each mistake, and what would be right. */
export function planMistakes(plan: Plan): { readonly path: (string | number)[]; readonly message: string }[] {
  const mistakes: { path: (string | number)[]; message: string }[] = []
  const ids = plan.stages.map(stageIdOf)
  for (const [index, id] of ids.entries()) {
    if (ids.indexOf(id) !== index)
      mistakes.push({ path: ['stages', index, 'stage'], message: `"${id}" stands here twice; give one of them an id` })
    if (RESERVED_IDS.includes(id)) mistakes.push({ path: ['stages', index, 'id'], message: `"${id}" is reserved` })
  }
  const planned = plannedSeconds(plan)
  const { rtoSeconds } = plan.objectives
  if (planned > rtoSeconds)
    mistakes.push({
      path: ['objectives', 'rtoSeconds'],
      message: `the stages may take ${planned} s together, which is more than the ${rtoSeconds} s that are promised`,
    })
  const moves = plan.action === 'region_failover' || plan.action === 'dr_failover'
  for (const end of ['source', 'target'] as const) {
    if (moves && plan[end] === null)
      mistakes.push({ path: [end], message: `is missing: ${plan.action} moves something` })
    if (plan.action === 'observe' && plan[end] !== null)
      mistakes.push({ path: [end], message: 'must not be there: observe moves nothing' })
  }
  if (plan.direction === 'back' && !moves)
    mistakes.push({ path: ['direction'], message: `only a failover has a way back; the action is ${plan.action}` })
  if (plan.failback === plan.name) mistakes.push({ path: ['failback'], message: 'a plan is not its own way back' })
  return mistakes
}

const SECRET_NAME = /password|secret|token|credential|authorization|^key$|api_?key|private_?key/i

/**
 * The identity of a plan, which approvals and runs are bound to: what it does, not how its file is laid out. Values whose names say that they are
 * secret stay out of it, so that a hash never stands for a password and changing one changes no plan.
 */
export function planHash(plan: Plan): string {
  return hashOf(withoutSecrets(plan))
}

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      SECRET_NAME.test(key) && typeof member === 'string' ? '<secret>' : withoutSecrets(member),
    ]),
  )
}
