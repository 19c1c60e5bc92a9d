import type { Settings } from '../config/settings.ts'
import type { Actor } from '../domain/audit.ts'
import { type ManualRunOutcome, requestManualRun } from '../engine/manual-run.ts'
import type { LoadedPlan } from '../engine/plan-book.ts'
import type { ServiceBook } from '../engine/service-entry.ts'
import type { Clock } from '../lib/clock.ts'
import { Fault } from '../lib/errors.ts'
import type { Http } from '../lib/http.ts'
import { sortableIds } from '../lib/ids.ts'
import type { Store } from '../store/store.ts'
import { probeIsolation } from './isolation-probe.ts'
import type { PolicyKeeper } from './policy-keeper.ts'
import type { RunDesk } from './run-desk.ts'

/** What ordering a run needs of an agent. */
export interface OrderedRunParts {
  readonly config: { readonly settings: Settings }
  readonly services: ServiceBook
  readonly runs: Pick<RunDesk, 'look'>
  readonly policy: PolicyKeeper
  readonly store: Store
  readonly http: Http
  readonly clock: Clock
}

export interface RunOrder {
  readonly isDryRun: boolean
  readonly acceptedDataLossSeconds: number | null
  readonly by: Actor
}

/** Looks at the plan's service and asks for a run of it, which the gate's rules about safety may refuse. */
export async function orderPlan(plan: LoadedPlan, order: RunOrder, parts: OrderedRunParts): Promise<ManualRunOutcome> {
  const { settings } = parts.config
  const entry = parts.services.find(plan.plan.service)
  if (!entry) throw new Fault('not_found', `the plan's service ${plan.plan.service} is not in services.yaml`)
  if (settings.mode === 'shadow' && !order.isDryRun)
    throw new Fault('conflict', 'this agent runs in shadow mode: it decides and records, and never acts', {
      hint: 'Set mode: live in failwise.yaml, or rehearse with `failwise drill`.',
    })
  const limit = AbortSignal.timeout(settings.assess.deadlineSeconds * 1000)
  const snapshot = await parts.runs.look(entry, null, limit)
  return requestManualRun(
    { entry, plan, snapshot, ...order },
    {
      ...{ store: parts.store, services: parts.services, policy: parts.policy.inForce(), mode: settings.mode },
      isolation: await probeIsolation(settings.isolation, parts.http, AbortSignal.timeout(5000)),
      healthScore: settings.healthScore,
      newId: sortableIds(parts.clock),
    },
  )
}
