import { PlanFile } from '../../actions/index.ts'
import type { Plan, PlannedAction } from '../domain/plan.ts'
import type { Service } from '../domain/service.ts'

/**
 * A plan for everything that the demonstration may decide. With a site on this machine a failover moves that; without one there is nothing to touch,
 * and people are asked and told.
 */
export function demoPlans(service: Service, siteUrl: string | null): Plan[] {
  const plan = (action: PlannedAction, name: string, description: string, target: Service['secondary'] = null) =>
    PlanFile.parse({
      ...{ version: 1, kind: 'DisasterRecoveryPlan', name, description, service: service.name, action },
      ...(target && { source: service.primary, target }),
      objectives: { rtoSeconds: 900, rpoSeconds: 60 },
      stages: [
        { stage: 'confirm-health', timeoutSeconds: 60 },
        ...(target && siteUrl !== null ? siteStages(siteUrl) : []),
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

/** Each can be looked at, and undone. */
function siteStages(siteUrl: string) {
  const set = (id: string, name: string, value: string) => ({
    ...{ stage: 'http-call', id, timeoutSeconds: 60, fenced: true },
    call: { method: 'PUT', url: `${siteUrl}/${name}/${value}` },
    check: { url: `${siteUrl}/${name}`, contains: `"${value}"` },
    rollback: { method: 'PUT', url: `${siteUrl}/${name}/primary` },
  })
  return [
    set('stop-writes', 'writes', 'stopped'),
    set('promote-database', 'database', 'target'),
    set('move-traffic', 'traffic', 'target'),
    set('allow-writes', 'writes', 'target'),
    { stage: 'verify', timeoutSeconds: 60, write: false, healthy: [`${siteUrl}/`] },
  ]
}
