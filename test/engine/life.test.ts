import { describe, expect, it } from 'vitest'
import { announce, type LifeDeps, startLife } from '../../agent/engine/life.ts'
import type { Buried } from '../../agent/store/keeping.ts'
import { steppingClock } from '../fakes/stepping-clock.ts'

const TIMES = { heartbeatMs: 5000, deadAfterMs: 15_000 }
const SELF = { id: 'agent-a', host: 'here', pid: 1, version: '1' }
const DEAD: Buried = { id: 'agent-b', incidents: 1, messages: 0, runs: 1 }

/** An agent over a database that does what the test says. */
function lifeUnderTest() {
  const clock = steppingClock()
  const world = {
    beat: 'known' as 'known' | 'was_taken_for_dead' | 'away',
    burials: 0,
    buried: [] as Buried[],
    told: 0,
  }
  const agents = {
    heartbeat: async () => {
      if (world.beat === 'away') throw new Error('away')
      return world.beat
    },
    bury: async () => {
      world.burials += 1
      return [DEAD]
    },
  }
  const deps: LifeDeps = {
    ...{ clock, self: SELF, isGone: async () => false, onError: () => {} },
    store: { agents: agents as unknown as LifeDeps['store']['agents'] },
    onBuried: (one) => world.buried.push(one),
    onTakenForDead: () => {
      world.told += 1
    },
  }
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 1000) {
      clock.advance(1000)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return { deps, world, clock, pass }
}

describe('an agent', () => {
  it('buries others once it has given signs of life for as long as they were silent, not before', async () => {
    const { deps, world, pass } = lifeUnderTest()
    const loop = startLife(deps, TIMES)
    await pass(14_000)
    expect(world.burials).toBe(0)
    await pass(2000)
    expect(world.buried).toEqual([DEAD])
    await loop.stop()
  })

  it('judges nobody right after the database was away, and is heard of as soon as it is back', async () => {
    const { deps, world, pass } = lifeUnderTest()
    const loop = startLife(deps, TIMES)
    await pass(16_000)
    world.beat = 'away'
    await pass(120_000)
    const before = world.burials
    world.beat = 'known'
    await pass(14_000)
    expect(world.burials).toBe(before)
    await pass(7000)
    expect(world.burials).toBeGreaterThan(before)
    await loop.stop()
  })

  it('that was asleep says that its work is with others, and judges nobody at once', async () => {
    const { deps, world, clock, pass } = lifeUnderTest()
    const loop = startLife(deps, TIMES)
    await pass(16_000)
    const before = world.burials
    world.beat = 'was_taken_for_dead'
    clock.advance(60_000)
    await pass(1000)
    world.beat = 'known'
    await pass(9000)
    expect(world.told).toBe(1)
    expect(world.burials).toBe(before)
    await loop.stop()
  })

  it('waits for one of its own name that may be dead, and refuses to be its twin', async () => {
    const { deps, clock } = lifeUnderTest()
    let asked = 0
    const other = { ...SELF, pid: 7, startedAt: '2026-03-01T12:00:00.000Z', heartbeatAt: '2026-03-01T12:00:00.000Z' }
    const register = async () => {
      asked += 1
      return asked > 3 ? null : other
    }
    const instant = steppingClock({ instantMs: 1000 })
    const store = { agents: { register } as unknown as LifeDeps['store']['agents'] }
    await announce({ ...deps, clock: instant, store }, TIMES)
    expect(instant.elapsed()).toBe(3000)
    const always = { agents: { register: async () => other } as unknown as LifeDeps['store']['agents'] }
    await expect(announce({ ...deps, clock: instant, store: always }, TIMES)).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining('pid 7'),
    })
    expect(clock.elapsed()).toBe(0)
  })
})
