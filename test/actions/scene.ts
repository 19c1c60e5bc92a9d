import type { z } from 'zod'
import type { ReadPorts, StagePorts, WritePorts } from '../../actions/ports.ts'
import type { Check, Claim, Stage, StageContext, StageRun } from '../../actions/stage.ts'
import { Plan } from '../../agent/domain/plan.ts'
import type { Clock } from '../../agent/lib/clock.ts'
import { Fault } from '../../agent/lib/errors.ts'

export interface SceneOptions {
  readonly read?: Partial<ReadPorts>
  readonly write?: Partial<WritePorts>
  readonly run?: Partial<StageRun>
  readonly clock?: Clock
  readonly abort?: AbortSignal
  readonly objectives?: { readonly rtoSeconds: number; readonly rpoSeconds: number }
  /** Thrown before the effect of that number (1 is the first), as if the agent died there. */
  readonly dieBeforeEffect?: number
  readonly dieAfterEffect?: number
}

/** A run in memory that stages can be carried out in, one after the other; what they remember and prove is kept, as the journal does. */
export interface Scene {
  context(stageId: string, overrides?: SceneOptions): StageContext
  /** Identify, apply, verify. */
  carryOut(stage: Stage, stageId?: string, overrides?: SceneOptions): Promise<Check>
  undo(stage: Stage, stageId?: string, overrides?: SceneOptions): Promise<void>
  /** Every effect that was carried out, or would have been. */
  readonly effects: string[]
  readonly notes: string[]
  memory(stageId: string): Readonly<Record<string, unknown>>
  setProof(claim: Claim, detail: string): void
  readonly proofs: ReadonlyMap<Claim, string>
}

const PLAN = Plan.parse({
  version: 1,
  kind: 'DisasterRecoveryPlan',
  name: 'checkout-dr',
  description: 'Moves checkout.',
  service: 'checkout',
  action: 'dr_failover',
  objectives: { rtoSeconds: 300, rpoSeconds: 5 },
  stages: [{ stage: 'notify', timeoutSeconds: 10 }],
})

export const sceneClock: Clock = (() => {
  let passed = 0
  return {
    now: () => Date.parse('2026-05-04T10:00:00Z') + passed,
    elapsed: () => passed,
    sleep: async (ms: number, abort?: AbortSignal) => {
      abort?.throwIfAborted()
      passed += ms
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
})()

export function scene(options: SceneOptions = {}): Scene {
  const memories = new Map<string, Record<string, unknown>>()
  const proofs = new Map<Claim, string>()
  const effects: string[] = []
  const notes: string[] = []

  const context = (stageId: string, overrides: SceneOptions = {}): StageContext => {
    const given = { ...options, ...overrides }
    const ports = portsOf(options, overrides)
    const run: StageRun = { ...RUN, ...options.run, ...overrides.run }
    let count = 0
    return {
      run,
      plan: given.objectives ? { ...PLAN, objectives: given.objectives } : PLAN,
      stageId,
      abort: given.abort ?? new AbortController().signal,
      clock: given.clock ?? sceneClock,
      idempotencyKey: `${run.id}:${stageId}`,
      read: ports.read,
      effect: async (what, apply) => {
        count += 1
        given.abort?.throwIfAborted()
        if (count === given.dieBeforeEffect) throw new Fault('internal', 'the agent died before an effect')
        effects.push(what)
        if (run.isDryRun) return null
        const result = await apply(ports.write)
        if (count === given.dieAfterEffect) throw new Fault('internal', 'the agent died after an effect')
        return result
      },
      note: async (text) => {
        notes.push(text)
      },
      remember: async (key, value) => {
        // Through JSON, as the journal keeps it.
        memories.set(stageId, { ...memories.get(stageId), [key]: JSON.parse(JSON.stringify(value)) })
      },
      recall: <T extends z.ZodType>(key: string, schema: T, from = stageId) => {
        const parsed = schema.safeParse(memories.get(from)?.[key])
        return parsed.success ? parsed.data : undefined
      },
      prove: async (claim, detail) => {
        proofs.set(claim, detail)
      },
      proof: (claim) => proofs.get(claim) ?? null,
      look: refuse('look'),
      checkpoint: async (watch) => watch?.(),
      tell: async () => {},
    }
  }
  return {
    context,
    effects,
    notes,
    proofs,
    memory: (stageId) => memories.get(stageId) ?? {},
    setProof: (claim, detail) => proofs.set(claim, detail),
    async carryOut(stage, stageId = stage.name, overrides = {}) {
      const ctx = context(stageId, overrides)
      await stage.identify?.(ctx)
      await stage.apply(ctx)
      for (let look = 1; ; look++) {
        const check = await stage.verify(ctx)
        if (check.outcome === 'done' || check.isFinal || look === 12) return check
        await ctx.clock.sleep(1000, ctx.abort)
      }
    },
    async undo(stage, stageId = stage.name, overrides = {}) {
      if (typeof stage.rollback === 'function') await stage.rollback(context(stageId, overrides))
    },
  }
}

const RUN: StageRun = {
  id: 'run_1',
  service: 'checkout',
  group: 'checkout',
  action: 'dr_failover',
  target: 'dr',
  generation: 3,
  isDryRun: false,
  requestedBy: 'person:ada',
  requestedAt: '2026-05-04T10:00:00.000Z',
  incidentId: null,
  consentedDataLossSeconds: null,
}

function refuse(what: string) {
  return async (): Promise<never> => {
    throw new Error(`the stage called ${what}, which this test does not expect`)
  }
}

/** Ports that fail a test for every call that it did not set up. */
function portsOf(options: SceneOptions, overrides: SceneOptions): StagePorts {
  return {
    read: {
      httpGet: refuse('read.httpGet'),
      httpAsk: refuse('read.httpAsk'),
      queryPostgres: refuse('read.queryPostgres'),
      runProgram: refuse('read.runProgram'),
      resolveDns: refuse('read.resolveDns'),
      askSocket: refuse('read.askSocket'),
      readText: refuse('read.readText'),
      ...options.read,
      ...overrides.read,
    },
    write: {
      http: refuse('write.http'),
      executePostgres: refuse('write.executePostgres'),
      runProgram: refuse('write.runProgram'),
      tellSocket: refuse('write.tellSocket'),
      exchangeDns: refuse('write.exchangeDns'),
      ...options.write,
      ...overrides.write,
    },
  }
}
