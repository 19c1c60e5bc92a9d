import { z } from 'zod'
import { type Plan, planMistakes, planShape, stageIdOf } from '../agent/domain/plan.ts'
import * as confirmHealth from './confirm-health.ts'
import * as httpCall from './http-call.ts'
import * as notify from './notify.ts'
import { ProbeOptions } from './probe.ts'
import * as runCommand from './run-command.ts'
import * as shiftTraffic from './shift-traffic.ts'
import type { Stage } from './stage.ts'
import * as verify from './verify.ts'
import * as waitForApproval from './wait-for-approval.ts'

export type { StagePorts } from './ports.ts'

/** Options of one stage, told apart by `stage`; a plan file lists them. Schemas must read their own output again (no transforms). */
export const StageOptions = z.discriminatedUnion('stage', [
  confirmHealth.Options,
  httpCall.Options,
  notify.Options,
  runCommand.Options,
  shiftTraffic.Options,
  verify.Options,
  waitForApproval.Options,
])
export type StageOptions = z.infer<typeof StageOptions>

/** A plan file, with the parameters of every stage. */
export const PlanFile = z
  .strictObject({ ...planShape, probe: ProbeOptions.optional(), stages: z.array(StageOptions).min(1) })
  .superRefine((plan, context) => {
    for (const mistake of planMistakes(plan)) context.addIssue({ code: 'custom', ...mistake })
  })
export type PlanFile = z.infer<typeof PlanFile>

function stageOf(options: StageOptions): Stage {
  switch (options.stage) {
    case 'confirm-health':
      return confirmHealth.confirmHealth(options)
    case 'http-call':
      return httpCall.httpCall(options)
    case 'notify':
      return notify.notify(options)
    case 'run-command':
      return runCommand.runCommand(options)
    case 'shift-traffic':
      return shiftTraffic.shiftTraffic(options)
    case 'verify':
      return verify.verify(options)
    case 'wait-for-approval':
      return waitForApproval.waitForApproval(options)
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
