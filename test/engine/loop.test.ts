import { describe, expect, it } from 'vitest'
import { type LoopOptions, startLoop } from '../../agent/engine/loop.ts'
import { steppingClock } from '../fakes/stepping-clock.ts'

/** A loop whose rounds a test ends one by one. */
function loopUnderTest(round: LoopOptions['round'], onError: LoopOptions['onError'] = () => {}) {
  const clock = steppingClock()
  const loop = startLoop({ name: 'test', clock, intervalMs: 1000, round, onError })
  return { clock, loop }
}

/** Lets everything run that is ready to. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

describe('a background loop', () => {
  it('starts a round at once, and the next one after the pause', async () => {
    let rounds = 0
    const { clock, loop } = loopUnderTest(async () => {
      rounds += 1
      return false
    })
    await settled()
    expect(rounds).toBe(1)
    clock.advance(999)
    await settled()
    expect(rounds).toBe(1)
    clock.advance(1)
    await settled()
    expect(rounds).toBe(2)
    await loop.stop()
  })

  it('goes on without a pause while there is more to do', async () => {
    let left = 5
    const { clock, loop } = loopUnderTest(async () => {
      left -= 1
      return left > 0
    })
    await settled()
    expect(left).toBe(0)
    expect(clock.waits).toEqual([1000])
    await loop.stop()
  })

  it('starts the next round at a nudge, also at one that came during a round', async () => {
    let rounds = 0
    let isNudging = false
    const { loop } = loopUnderTest(async () => {
      rounds += 1
      if (isNudging) {
        isNudging = false
        loop.nudge()
      }
      return false
    })
    await settled()
    loop.nudge()
    await settled()
    expect(rounds).toBe(2)
    isNudging = true
    loop.nudge()
    await settled()
    expect(rounds).toBe(4)
    await loop.stop()
  })

  it('survives rounds that fail, tells of each, and pauses longer up to a bound', async () => {
    const told: unknown[] = []
    let isBroken = true
    const { clock, loop } = loopUnderTest(
      async () => {
        if (isBroken) throw new Error('the store is away')
        return false
      },
      (name, error) => told.push([name, (error as Error).message]),
    )
    for (let round = 0; round < 5; round += 1) {
      await settled()
      clock.advance(8000)
    }
    isBroken = false
    await settled()
    clock.advance(8000)
    await settled()
    expect(clock.waits.slice(0, 5)).toEqual([2000, 4000, 8000, 8000, 8000])
    expect(clock.waits.at(-1)).toBe(1000)
    expect(told[0]).toEqual(['test', 'the store is away'])
    await loop.stop()
  })

  it('never runs two rounds at once, however often it is nudged', async () => {
    let running = 0
    let most = 0
    const ends: (() => void)[] = []
    const { loop } = loopUnderTest(async () => {
      running += 1
      most = Math.max(most, running)
      await new Promise<void>((resolve) => ends.push(resolve))
      running -= 1
      return false
    })
    for (let nudge = 0; nudge < 5; nudge += 1) {
      loop.nudge()
      await settled()
      ends.shift()?.()
      await settled()
    }
    expect(most).toBe(1)
    const stopped = loop.stop()
    for (const end of ends) end()
    await stopped
  })

  it('tells the round in progress to stop, waits for it, and starts no other', async () => {
    let rounds = 0
    let isEnded = false
    const { clock, loop } = loopUnderTest(async (abort) => {
      rounds += 1
      await new Promise<void>((resolve) => abort.addEventListener('abort', () => resolve(), { once: true }))
      await settled()
      isEnded = true
      return true
    })
    await settled()
    await loop.stop()
    expect(isEnded).toBe(true)
    clock.advance(100_000)
    await settled()
    expect(rounds).toBe(1)
  })
})
