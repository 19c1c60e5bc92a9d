import { PlanFile } from '../../actions/index.ts'
import type { Plan, PlannedAction } from '../domain/plan.ts'
import type { Service } from '../domain/service.ts'

/** A plan for everything that the demonstration may decide. Its service does not exist, so there is nothing to touch: people are asked and told. */
export function demoPlans(service: Service): Plan[] {
  const plan = (action: PlannedAction, name: string, description: string, target: Service['secondary'] = null) =>
    PlanFile.parse({
      ...{ version: 1, kind: 'DisasterRecoveryPlan', name, description, service: service.name, action },
      ...(target && { source: service.primary, target }),
      objectives: { rtoSeconds: 900, rpoSeconds: 60 },
      stages: [
        { stage: 'confirm-health', timeoutSeconds: 60 },
        { stage: 'notify', timeoutSeconds: 30, title: description },
      ],
    })
  return [
    plan('self_heal', 'restart-in-place', 'Restarts the service where it is.'),
    plan('rollback_change', 'roll-back', 'Rolls the last release back.'),
    ...(service.secondary
      ? [plan('region_failover', 'to-secondary', `Moves to ${service.secondary.region}.`, service.secondary)]
      : []),
    ...(service.dr
      ? [plan('dr_failover', 'to-dr', `Moves to ${service.dr.provider} ${service.dr.region}.`, service.dr)]
      : []),
  ]
}
