import type { PlacedStage, StagePorts } from '../../actions/index.ts'
import type { Check, Look, Stage, StageContext } from '../../actions/stage.ts'
import { deriveFacts, type Facts } from '../../agent/domain/facts.ts'
import { Plan } from '../../agent/domain/plan.ts'
import type { Run } from '../../agent/domain/run.ts'
import { snapshotHash } from '../../agent/domain/snapshot.ts'
import type { ExecuteDeps } from '../../agent/engine/execute.ts'
import { systemClock } from '../../agent/lib/clock.ts'
import { Fault } from '../../agent/lib/errors.ts'
import type { ManualRun } from '../../agent/store/store.ts'
import { clearOutage } from '../policy/inputs.ts'
import { ALICE, decisionOf } from '../store/samples.ts'
import type { TestStore } from '../store/test-database.ts'
import { SHOP } from './scene.ts'

/** The world that test stages change: what happened, in order, and what holds now. */
export interface World {
  readonly happened: string[]
  readonly holds: Set<string>
}

export function newWorld(): World {
  return { happened: [], holds: new Set() }
}

/** A stage with one effect on the world; single parts of it can be replaced. */
export function stageOn(world: World, id: string, changes: Partial<Stage> & { timeoutMs?: number } = {}): PlacedStage {
  const { timeoutMs = 5000, ...parts } = changes
  const stage: Stage = {
    name: id,
    fencing: 'fenced',
    describe: () => `do ${id}`,
    apply: async (ctx) => {
      await ctx.effect(`do ${id}`, async () => {
        world.happened.push(id)
        world.holds.add(id)
      })
    },
    verify: async (): Promise<Check> =>
      world.holds.has(id)
        ? { outcome: 'done', detail: `${id} holds` }
        : { outcome: 'not_done', detail: `${id} does not hold`, isFinal: true },
    rollback: async (ctx) => {
      await ctx.effect(`undo ${id}`, async () => {
        world.happened.push(`undo ${id}`)
        world.holds.delete(id)
      })
    },
    ...parts,
  }
  return { id, timeoutMs, stage }
}

/** Has its effect and then fails. */
export function failsAfterEffect(world: World, id: string): Partial<Stage> {
  return {
    apply: async (ctx: StageContext) => {
      await ctx.effect(`do ${id}`, async () => {
        world.happened.push(id)
        world.holds.add(id)
      })
      throw new Fault('stage_failed', `${id} broke`)
    },
  }
}

export function planOf(changes: Partial<Plan> = {}): Plan {
  return Plan.parse({
    version: 1,
    kind: 'DisasterRecoveryPlan',
    name: 'shop-to-secondary',
    description: 'Moves the shop.',
    service: SHOP.name,
    action: 'region_failover',
    objectives: { rtoSeconds: 900, rpoSeconds: 60 },
    stages: [{ stage: 'any', timeoutSeconds: 5 }],
    ...changes,
  })
}

/** The facts of the clear outage: users are hurt, and both targets are ready. */
export function outageLook(): Look {
  const snapshot = clearOutage()
  return { snapshot, facts: deriveFacts(snapshot) }
}

/** The same outage with single facts replaced. */
export function lookWith(change: (facts: Facts) => Facts): Look {
  const look = outageLook()
  return { ...look, facts: change(look.facts) }
}

/** Ports that nothing of a test may reach. */
export function refusing<T extends object>(): T {
  return new Proxy({} as T, {
    get: (_target, name) => () => {
      throw new Error(`${String(name)} must not be reached`)
    },
  })
}

export function executeDepsOf(
  test: Pick<TestStore, 'store' | 'clock'>,
  stages: readonly PlacedStage[],
  changes: Partial<ExecuteDeps> = {},
): ExecuteDeps {
  const ports: StagePorts = { read: refusing(), write: refusing() }
  return {
    agentId: 'agent-a',
    store: test.store,
    plan: planOf(),
    stages,
    service: SHOP,
    groupServices: [SHOP.name],
    approvers: ['bob'],
    decidedOn: outageLook().facts,
    look: async () => outageLook(),
    ports,
    measureLoss: async () => null,
    clock: { ...systemClock, now: test.clock.now },
    mask: async (text) => text,
    channels: ['chat'],
    pollMs: 5,
    ...changes,
  }
}

function shopRequest(test: Pick<TestStore, 'at'>): ManualRun {
  return {
    ...{ service: SHOP.name, group: SHOP.name, action: 'region_failover', target: 'secondary', planHash: 'plan-1' },
    ...{ factsHash: null, incidentId: null, decisionId: null, by: ALICE, startBefore: test.at(60_000) },
    ...{ cooldownSeconds: 0, isDryRun: false, dataLossConsentSeconds: null },
  }
}

/** A run of the shop, requested by alice and started by an agent. */
export async function startedRun(
  test: Pick<TestStore, 'store' | 'at'>,
  changes: Partial<ManualRun> = {},
  agentId = 'agent-a',
): Promise<Run> {
  const asked = await test.store.runs.request({ ...shopRequest(test), ...changes })
  if ('refused' in asked) throw new Error(asked.refused)
  const run = await test.store.runs.start(agentId, { maximumRunning: 9 })
  if (!run) throw new Error('did not start')
  return run
}

/** A decision on record, as a person's order leaves one; a live run is compared with its facts. */
export async function decidedOnRecord(test: Pick<TestStore, 'store' | 'at'>): Promise<string> {
  const { snapshot, facts } = outageLook()
  const decision = { action: 'region_failover', disposition: 'act', target: 'secondary', planHash: 'plan-1' } as const
  const base = decisionOf(test as TestStore, null, { service: SHOP.name, decision })
  const hashed = { ...base.decision, snapshotHash: snapshotHash(snapshot) }
  await test.store.decisions.record({ ...base, snapshot, facts: { ...facts }, decision: hashed })
  return base.id
}

/** Asks for a live run of the shop, with its decision. */
export async function requestedRun(
  test: Pick<TestStore, 'store' | 'at'>,
  changes: Partial<ManualRun> = {},
): Promise<Run> {
  const decisionId = await decidedOnRecord(test)
  const asked = await test.store.runs.request({ ...shopRequest(test), decisionId, ...changes })
  if ('refused' in asked) throw new Error(asked.refused)
  return asked.run
}

/** Kinds of the journal by stage, as `stage kind`. */
export async function journalLines(test: Pick<TestStore, 'store'>, runId: string): Promise<string[]> {
  return (await test.store.runs.journalOf(runId)).map(({ stage, kind }) => `${stage} ${kind}`)
}

export async function titlesTold(test: Pick<TestStore, 'store'>): Promise<string[]> {
  const messages = await test.store.outbox.list({ limit: 100 })
  return messages.map(({ payload }) => (payload as { notification: { title: string } }).notification.title).sort()
}
