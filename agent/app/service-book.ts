import { collectorsFor } from '../../collectors/index.ts'
import type { CollectorPorts } from '../../collectors/shared/ports.ts'
import { type Catalogue, type CatalogueService, collectorOptionsOf } from '../config/catalogue.ts'
import type { Action } from '../domain/action.ts'
import { Service } from '../domain/service.ts'
import { isIrreversible, isUnfenced, type PlanBook } from '../engine/plan-book.ts'
import type { PlanRef, ServiceBook, ServiceEntry } from '../engine/service-entry.ts'

const PLANNED = ['self_heal', 'rollback_change', 'region_failover', 'dr_failover'] as const

/** The catalogue with its collectors built. */
export function serviceBook(catalogue: Catalogue, plans: PlanBook, ports: CollectorPorts): ServiceBook {
  const entries = new Map(
    catalogue.services.map((service) => [service.name, entryOf(service, catalogue, plans, ports)]),
  )
  return { find: (name) => entries.get(name), all: () => [...entries.values()] }
}

function entryOf(service: CatalogueService, catalogue: Catalogue, book: PlanBook, ports: CollectorPorts): ServiceEntry {
  const plans: Partial<Record<Action, PlanRef>> = {}
  for (const action of PLANNED) {
    const name = service.plans[action]
    const loaded = name === undefined ? undefined : book.byName(name)
    if (loaded)
      plans[action] = {
        name: loaded.plan.name,
        hash: loaded.hash,
        isIrreversible: isIrreversible(loaded),
        isUnfenced: isUnfenced(loaded),
        isAlwaysAsked: loaded.plan.approval.required === 'always',
      }
  }
  return {
    service: Service.parse(service),
    collectors: collectorsFor({ collectors: collectorOptionsOf(service, catalogue) }, ports),
    plans,
    approvers: service.approvers ?? catalogue.defaults.approvers,
    approvalsNeeded: service.approvalsNeeded ?? catalogue.defaults.approvalsNeeded,
  }
}
