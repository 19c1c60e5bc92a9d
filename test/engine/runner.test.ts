import { describe, expect, it, onTestFinished } from 'vitest'
import type { PlacedStage } from '../../actions/index.ts'
import { type RunnerDeps, startRunner } from '../../agent/engine/runner.ts'
import { systemClock } from '../../agent/lib/clock.ts'
import { AGENT, agentSelf, OTHERS_LIVE } from '../store/samples.ts'
import { type TestStore, testServer } from '../store/test-database.ts'
import { newWorld, planOf, requestedRun, stageOn, titlesTold, type World } from './run-scene.ts'
import { planBookOf, runnerDepsOf } from './runner-scene.ts'

const server = testServer()

function running(test: TestStore, stages: readonly PlacedStage[], changes: Partial<RunnerDeps> = {}) {
  const clock = { ...systemClock, now: test.clock.now }
  const errors: unknown[] = []
  const onError = (_name: string, error: unknown) => errors.push(error)
  const loop = startRunner(runnerDepsOf(test.store, stages, { clock, pollMs: 5, onError, ...changes }), 10)
  onTestFinished(() => loop.stop())
  return { loop, errors }
}

async function register(test: TestStore, ...ids: string[]): Promise<void> {
  for (const id of ids) await test.store.agents.register(agentSelf(id), OTHERS_LIVE)
}

const stateOf = async (test: TestStore, id: string) => (await test.store.runs.get(id))?.state

describe('a runner', () => {
  it('starts what was requested, once, however many agents race for it', async () => {
    const test = await server.open({ maximumConnections: 10 })
    const world = newWorld()
    await register(test, 'agent-a', 'agent-b')
    const run = await requestedRun(test)
    const stages = [stageOn(world, 'a'), stageOn(world, 'b')]
    running(test, stages, { agentId: 'agent-a' })
    running(test, stages, { agentId: 'agent-b' })
    await expect.poll(() => stateOf(test, run.id), { timeout: 5000 }).toBe('succeeded')
    expect(world.happened).toEqual(['a', 'b'])
  })

  it('goes on with the run of an agent that is gone, under a new generation', async () => {
    const test = await server.open()
    const world = newWorld()
    await register(test, 'agent-b')
    const run = await requestedRun(test)
    await test.store.runs.start('agent-a', { maximumRunning: 5 })
    running(test, [stageOn(world, 'a')], { agentId: 'agent-b' })
    await expect.poll(() => stateOf(test, run.id), { timeout: 5000 }).toBe('succeeded')
    expect(await test.store.runs.get(run.id)).toMatchObject({ agentId: 'agent-b', generation: 2 })
  })

  it('leaves the run of an agent that lives alone', async () => {
    const test = await server.open()
    const world = newWorld()
    await register(test, 'agent-a', 'agent-b')
    const run = await requestedRun(test)
    await test.store.runs.start('agent-a', { maximumRunning: 5 })
    const { loop } = running(test, [stageOn(world, 'a')], { agentId: 'agent-b' })
    await roundsOf(loop)
    expect(await test.store.runs.get(run.id)).toMatchObject({ state: 'running', agentId: 'agent-a', generation: 1 })
  })

  it('acts on nothing in shadow mode, and rehearses all the same', async () => {
    const test = await server.open()
    const world = newWorld()
    await register(test, 'agent-a')
    const live = await requestedRun(test)
    const { loop } = running(test, [stageOn(world, 'a')], { mode: 'shadow' })
    await roundsOf(loop)
    expect(await stateOf(test, live.id)).toBe('pending')
    const ending = {
      runId: live.id,
      from: 'pending',
      to: 'cancelled',
      generation: null,
      actor: AGENT,
      detail: '',
    } as const
    await test.store.runs.change(ending)
    const rehearsal = await requestedRun(test, { isDryRun: true })
    await expect.poll(() => stateOf(test, rehearsal.id), { timeout: 5000 }).toBe('succeeded')
    expect(world.happened).toEqual([])
  })

  it('refuses a plan that has changed since it was asked for, and tells people', async () => {
    const test = await server.open()
    const world = newWorld()
    await register(test, 'agent-a')
    const run = await requestedRun(test, { planHash: 'plan-0' })
    running(test, [stageOn(world, 'a')])
    await expect.poll(() => stateOf(test, run.id), { timeout: 5000 }).toBe('failed')
    await expect.poll(() => titlesTold(test)).toContainEqual(expect.stringContaining('its plan has changed or is gone'))
    expect(world.happened).toEqual([])
  })

  it('refuses a way back that no person asked for', async () => {
    const test = await server.open()
    const world = newWorld()
    await register(test, 'agent-a')
    const plans = (stages: readonly PlacedStage[]) => planBookOf(stages, 'plan-1', planOf({ direction: 'back' }))
    const byAgent = await requestedRun(test, { by: AGENT })
    running(test, [], { plans: plans([stageOn(world, 'a')]) })
    await expect.poll(() => stateOf(test, byAgent.id), { timeout: 5000 }).toBe('failed')
    const byPerson = await requestedRun(test)
    await expect.poll(() => stateOf(test, byPerson.id), { timeout: 5000 }).toBe('succeeded')
    expect(world.happened).toEqual(['a'])
  })

  it('refuses a live run when nobody can tell on which facts it was decided', async () => {
    const test = await server.open()
    const world = newWorld()
    await register(test, 'agent-a')
    const run = await requestedRun(test, { decisionId: null })
    running(test, [stageOn(world, 'a')])
    await expect.poll(() => stateOf(test, run.id), { timeout: 5000 }).toBe('failed')
    expect(world.happened).toEqual([])
  })

  it('that stops in the middle leaves the run to the next one', async () => {
    const test = await server.open()
    const world: World = newWorld()
    await register(test, 'agent-a')
    const run = await requestedRun(test)
    const slow = stageOn(world, 'b', {
      apply: async (ctx) => {
        if (world.happened.includes('restarted')) await ctx.effect('do b', async () => void world.holds.add('b'))
        else await ctx.clock.sleep(60_000, ctx.abort)
      },
      timeoutMs: 60_000,
    })
    const first = running(test, [stageOn(world, 'a'), slow])
    await expect.poll(() => world.happened, { timeout: 5000 }).toEqual(['a'])
    await first.loop.stop()
    expect(await stateOf(test, run.id)).toBe('running')
    world.happened.push('restarted')
    running(test, [stageOn(world, 'a'), slow])
    await expect.poll(() => stateOf(test, run.id), { timeout: 5000 }).toBe('succeeded')
    expect(world.happened).toEqual(['a', 'restarted'])
  })
})

/** Several rounds have passed. */
async function roundsOf(loop: { nudge(): void }): Promise<void> {
  for (let round = 0; round < 5; round++) {
    loop.nudge()
    await systemClock.sleep(20)
  }
}
