import { appendFileSync, readFileSync } from 'node:fs'
import type { PlacedStage } from '../../actions/index.ts'
import type { Stage } from '../../actions/stage.ts'
import { Fault } from '../../agent/lib/errors.ts'

/** A world that outlives its agents: a file with one line for each thing that happened, as `generation what`. */
export interface FileWorld {
  happened(): string[]
  /** Refuses an older generation, as an effector that can compare and set does; the line is durable when it returns. */
  change(generation: number, what: string): void
}

export function fileWorld(path: string): FileWorld {
  const lines = () =>
    readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => ({ generation: Number(line.split(' ', 1)[0]), what: line.slice(line.indexOf(' ') + 1) }))
  return {
    happened: () => lines().map(({ what }) => what),
    change: (generation, what) => {
      const newest = Math.max(0, ...lines().map((line) => line.generation))
      if (generation < newest) throw new Fault('conflict', `generation ${generation} is older than ${newest}`)
      appendFileSync(path, `${generation} ${what}\n`)
    },
  }
}

export interface Hooks {
  /** Right after an effect has happened, before anything is on record about it. */
  readonly afterEffect: (what: string) => void | Promise<void>
  /** Right before an effect happens, after its intent is on record. */
  readonly beforeEffect: (what: string) => void | Promise<void>
}

/** A stage on the file world, as idempotent as a real one: it looks before it does. */
export function fileStage(
  id: string,
  world: FileWorld,
  hooks: Hooks,
  options: { readonly breaks?: boolean; readonly irreversible?: boolean } = {},
): PlacedStage {
  const holds = () => {
    const happened = world.happened()
    return happened.lastIndexOf(id) > happened.lastIndexOf(`undo ${id}`)
  }
  const stage: Stage = {
    name: id,
    fencing: 'fenced',
    describe: () => `do ${id}`,
    apply: async (ctx) => {
      if (!holds())
        await ctx.effect(`do ${id}`, async () => {
          await hooks.beforeEffect(id)
          world.change(ctx.run.generation, id)
          await hooks.afterEffect(id)
        })
      if (options.breaks) throw new Fault('stage_failed', `${id} broke`)
    },
    verify: async () => {
      if (options.breaks) return { outcome: 'unclear', detail: `${id} broke`, isFinal: true }
      return holds()
        ? { outcome: 'done', detail: `${id} holds` }
        : { outcome: 'not_done', detail: `${id} does not hold`, isFinal: true }
    },
    rollback: options.irreversible
      ? 'irreversible'
      : async (ctx) => {
          if (!holds()) return
          await ctx.effect(`undo ${id}`, async () => {
            await hooks.beforeEffect(`undo ${id}`)
            world.change(ctx.run.generation, `undo ${id}`)
            await hooks.afterEffect(`undo ${id}`)
          })
        },
    verifyRollback: async () =>
      holds() ? { outcome: 'unclear', detail: `${id} still holds` } : { outcome: 'done', detail: `${id} is gone` },
  }
  return { id, timeoutMs: 20_000, stage }
}

export const SCENARIOS = {
  succeeds: { stages: ['a', 'b', 'c', 'd'], happens: ['a', 'b', 'c', 'd'], ends: 'succeeded' },
  breaks: {
    stages: ['a', 'b', 'broken'],
    happens: ['a', 'b', 'broken', 'undo broken', 'undo b', 'undo a'],
    ends: 'rolled_back',
  },
} as const
export type Scenario = keyof typeof SCENARIOS

export function stagesOfScenario(scenario: Scenario, world: FileWorld, hooks: Hooks): PlacedStage[] {
  return SCENARIOS[scenario].stages.map((id) =>
    fileStage(id, world, hooks, { breaks: id === 'broken', irreversible: id === 'd' }),
  )
}
