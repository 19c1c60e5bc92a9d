import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it, type TestContext } from 'vitest'
import type { Run } from '../../agent/domain/run.ts'
import { instantOf } from '../../agent/domain/time.ts'
import { requestedRun } from '../engine/run-scene.ts'
import { openFolder, type TestStore, testServer } from '../store/test-database.ts'
import { fileWorld, SCENARIOS, type Scenario } from './file-world.ts'

const server = testServer()
const NODE = path.resolve('node_modules/.bin/node')
const ENDS = ['succeeded', 'rolled_back', 'rollback_failed', 'failed', 'cancelled']

interface Scene {
  readonly test: TestStore
  readonly run: Run
  readonly world: ReturnType<typeof fileWorld>
  start(agentId: string, ...death: string[]): ChildProcess
  end(): Promise<Run>
}

/** The test's own context is handed in: several of these tests run at once. */
async function scene(scenario: Scenario, { expect, onTestFinished }: TestContext): Promise<Scene> {
  const test = await server.open({ maximumConnections: 2 })
  test.clock.set(instantOf(Date.now()))
  const folder = await openFolder()
  const file = path.join(folder, 'world')
  await writeFile(file, '')
  const run = await requestedRun(test)
  const children: ChildProcess[] = []
  onTestFinished(async () => {
    for (const child of children) child.kill('SIGKILL')
    await test.close()
    await rm(folder, { recursive: true })
  })
  return {
    ...{ test, run, world: fileWorld(file) },
    start: (agentId, ...death) => {
      const args = ['test/crash/agent.program.ts', test.url, agentId, file, scenario, ...death]
      const child = spawn(NODE, args, { stdio: 'inherit' })
      children.push(child)
      return child
    },
    end: async () => {
      const isOver = async () => ENDS.includes((await test.store.runs.get(run.id))?.state ?? '')
      await expect.poll(isOver, { timeout: 40_000, interval: 100 }).toBe(true)
      return (await test.store.runs.get(run.id))!
    },
  }
}

/** Journal lines and effects of the undisturbed run, which every point of death is one of. */
const POINTS: Readonly<Record<Scenario, { readonly line: number; readonly effect: number }>> = {
  succeeds: { line: 19, effect: 4 },
  breaks: { line: 22, effect: 6 },
}

describe.each(Object.keys(SCENARIOS) as Scenario[])('a plan that %s', (scenario) => {
  const { happens, ends } = SCENARIOS[scenario]

  it('writes as many lines as points of death are tried', { timeout: 60_000 }, async (context) => {
    const { expect } = context
    const { start, end, test, run, world } = await scene(scenario, context)
    start('agent-a')
    expect((await end()).state).toBe(ends)
    expect(world.happened()).toEqual(happens)
    expect(await test.store.runs.journalOf(run.id)).toHaveLength(POINTS[scenario].line)
  })

  const deaths = (['line', 'effect'] as const).flatMap((kind) =>
    Array.from({ length: POINTS[scenario][kind] }, (_, index) => [kind, index + 1] as const),
  )
  it.concurrent.for(deaths)(
    'whose agent is killed right after %s %i has each effect once, in order',
    { timeout: 90_000 },
    async ([kind, at], context) => {
      const { expect } = context
      const { start, end, world } = await scene(scenario, context)
      const dead = start('agent-a', kind, String(at))
      await once(dead, 'exit')
      expect(dead.signalCode).toBe('SIGKILL')
      // Restarted under its own name, or taken over by another agent.
      start(at % 2 === 0 ? 'agent-a' : 'agent-b')
      expect((await end()).state).toBe(ends)
      expect(world.happened()).toEqual(happens)
    },
  )
})

describe('two agents', () => {
  it('that race for one run carry it out once', { timeout: 60_000 }, async (context) => {
    const { expect } = context
    const { start, end, world } = await scene('succeeds', context)
    start('agent-a')
    start('agent-b')
    expect((await end()).state).toBe('succeeded')
    expect(world.happened()).toEqual(['a', 'b', 'c', 'd'])
  })

  it('of which one hangs in the middle of an effect: the other goes on, and the late effect is refused where it lands', {
    timeout: 90_000,
  }, async (context) => {
    const { expect } = context
    const { start, end, world, test, run } = await scene('succeeds', context)
    // Alive again after it was taken for dead: nothing on its side says that it should not go on.
    const hangs = start('agent-a', 'before', '2')
    await expect.poll(() => world.happened(), { timeout: 30_000 }).toEqual(['a'])
    await expect
      .poll(async () => (await test.store.runs.journalOf(run.id)).at(-1)?.detail, { timeout: 30_000 })
      .toBe('do b')
    start('agent-b')
    expect((await end()).state).toBe('succeeded')
    hangs.kill('SIGCONT')
    // It wakes up and tries; stopping in order waits until it has seen that the run is no longer its own.
    hangs.kill('SIGTERM')
    await once(hangs, 'exit')
    expect(world.happened()).toEqual(['a', 'b', 'c', 'd'])
    expect((await test.store.runs.get(run.id))?.agentId).toBe('agent-b')
  })
})
