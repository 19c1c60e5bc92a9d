import { z } from 'zod'
import { type Plan, planShape, stageIdOf } from '../agent/domain/plan.ts'
import * as confirmHealth from './confirm-health.ts'
import type { Stage } from './stage.ts'

export type { StagePorts } from './ports.ts'

/** Options of one stage, told apart by `stage`; a plan file lists them. Schemas must read their own output again (no transforms). */
export const StageOptions = z.discriminatedUnion('stage', [confirmHealth.Options])
export type StageOptions = z.infer<typeof StageOptions>

/** A plan file, with the parameters of every stage. */
export const PlanFile = z.strictObject({ ...planShape, stages: z.array(StageOptions).min(1) })
export type PlanFile = z.infer<typeof PlanFile>

function stageOf(options: StageOptions): Stage {
  switch (options.stage) {
    case 'confirm-health':
      return confirmHealth.confirmHealth(options)
  }
}

/** One stage in its place of a plan. */
export interface PlacedStage {
  readonly id: string
  readonly timeoutMs: number
  readonly stage: Stage
}

/** The stages of a plan, built, in order. */
export function stagesOf(plan: Plan): PlacedStage[] {
  return PlanFile.parse(plan).stages.map((options) => ({
    id: stageIdOf(options),
    timeoutMs: options.timeoutSeconds * 1000,
    stage: stageOf(options),
  }))
}
