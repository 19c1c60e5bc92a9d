import { z } from 'zod'
import { type Plan, planMistakes, planShape, stageIdOf } from '../agent/domain/plan.ts'
import * as confirmHealth from './confirm-health.ts'
import * as deployServices from './deploy-services.ts'
import * as dumpAndRestore from './dump-and-restore.ts'
import * as fenceSource from './fence-source.ts'
import * as httpCall from './http-call.ts'
import * as notify from './notify.ts'
import { ProbeOptions } from './probe.ts'
import * as promoteDatabase from './promote-database.ts'
import * as promoteRds from './promote-rds.ts'
import * as provisionInfrastructure from './provision-infrastructure.ts'
import * as rebuildStandby from './rebuild-standby.ts'
import * as replicateDatabase from './replicate-database.ts'
import * as restartWorkload from './restart-workload.ts'
import * as rollbackRelease from './rollback-release.ts'
import * as runCommand from './run-command.ts'
import * as scaleWorkload from './scale-workload.ts'
import * as shiftTraffic from './shift-traffic.ts'
import type { Stage } from './stage.ts'
import * as stopWrites from './stop-writes.ts'
import * as switchDns from './switch-dns.ts'
import * as syncStorage from './sync-storage.ts'
import * as triggerPipeline from './trigger-pipeline.ts'
import * as verify from './verify.ts'
import * as waitForApproval from './wait-for-approval.ts'

export type { StagePorts } from './ports.ts'

/** Options of one stage, told apart by `stage`; a plan file lists them. Schemas must read their own output again (no transforms). */
export const StageOptions = z.discriminatedUnion('stage', [
  confirmHealth.Options,
  deployServices.Options,
  dumpAndRestore.Options,
  fenceSource.Options,
  httpCall.Options,
  notify.Options,
  promoteDatabase.Options,
  promoteRds.Options,
  provisionInfrastructure.Options,
  rebuildStandby.Options,
  replicateDatabase.Options,
  restartWorkload.Options,
  rollbackRelease.Options,
  runCommand.Options,
  scaleWorkload.Options,
  shiftTraffic.Options,
  stopWrites.Options,
  switchDns.Options,
  syncStorage.Options,
  triggerPipeline.Options,
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
    case 'deploy-services':
      return deployServices.deployServices(options)
    case 'dump-and-restore':
      return dumpAndRestore.dumpAndRestore(options)
    case 'fence-source':
      return fenceSource.fenceSource(options)
    case 'http-call':
      return httpCall.httpCall(options)
    case 'notify':
      return notify.notify(options)
    case 'promote-database':
      return promoteDatabase.promoteDatabase(options)
    case 'promote-rds':
      return promoteRds.promoteRds(options)
    case 'provision-infrastructure':
      return provisionInfrastructure.provisionInfrastructure(options)
    case 'rebuild-standby':
      return rebuildStandby.rebuildStandby(options)
    case 'replicate-database':
      return replicateDatabase.replicateDatabase(options)
    case 'restart-workload':
      return restartWorkload.restartWorkload(options)
    case 'rollback-release':
      return rollbackRelease.rollbackRelease(options)
    case 'run-command':
      return runCommand.runCommand(options)
    case 'scale-workload':
      return scaleWorkload.scaleWorkload(options)
    case 'shift-traffic':
      return shiftTraffic.shiftTraffic(options)
    case 'stop-writes':
      return stopWrites.stopWrites(options)
    case 'switch-dns':
      return switchDns.switchDns(options)
    case 'sync-storage':
      return syncStorage.syncStorage(options)
    case 'trigger-pipeline':
      return triggerPipeline.triggerPipeline(options)
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
