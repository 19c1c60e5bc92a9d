import type { Collector } from '../../collectors/collector.ts'
import type { Action } from '../domain/action.ts'
import { groupOf, type Service } from '../domain/service.ts'

/** What would run for an action, as far as deciding needs to know. */
export interface PlanRef {
  readonly name: string
  readonly hash: string
  /** Stages that cannot be undone; the gate always asks for such a plan. */
  readonly isIrreversible: boolean
  /** Effectors that cannot refuse an older generation. */
  readonly isUnfenced: boolean
  /** The plan itself says that people are always asked. */
  readonly isAlwaysAsked?: boolean
}

/** One service of the catalogue, ready to be looked at. */
export interface ServiceEntry {
  readonly service: Service
  readonly collectors: readonly Collector[]
  readonly plans: Readonly<Partial<Record<Action, PlanRef>>>
  /** Who may answer an approval; empty means nobody, and then nothing that needs one can happen. */
  readonly approvers: readonly string[]
  /** How many different people those names and groups stand for; their number when not given. */
  readonly approverCount?: number
  readonly approvalsNeeded: number
}

/** The catalogue as the engine sees it; it may be reloaded underneath. */
export interface ServiceBook {
  find(service: string): ServiceEntry | undefined
  all(): readonly ServiceEntry[]
}

/** Every service of a failover group: what moves together is also held together. */
export function servicesOfGroup(services: ServiceBook, group: string): string[] {
  return services
    .all()
    .filter(({ service }) => groupOf(service) === group)
    .map(({ service }) => service.name)
}
