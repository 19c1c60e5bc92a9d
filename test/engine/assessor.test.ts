import { describe, expect, it } from 'vitest'
import type { AssessDeps } from '../../agent/engine/assess.ts'
import { startAssessor } from '../../agent/engine/assessor.ts'
import { Fault } from '../../agent/lib/errors.ts'
import type { Claim } from '../../agent/store/records.ts'
import { steppingClock } from '../fakes/stepping-clock.ts'
import { assessDepsOf } from './scene.ts'

/** Incidents that can be claimed one at a time; each assessment ends when the test says so. */
function scene(ids: readonly string[], concurrency = 3) {
  const clock = steppingClock()
  const due = [...ids]
  const held = new Set<string>()
  const seen: string[] = []
  const released: string[] = []
  const errors: string[] = []
  const ends = new Map<string, (error: Error) => void>()
  let isAway = false
  let most = 0
  const claimAssessment = async (): Promise<Claim | null> => {
    if (isAway) throw new Fault('store_unavailable', 'the database is away')
    const incidentId = due.find((id) => !held.has(id))
    if (incidentId === undefined) return null
    due.splice(due.indexOf(incidentId), 1)
    held.add(incidentId)
    most = Math.max(most, held.size)
    seen.push(incidentId)
    return { incidentId, token: incidentId, attempt: 1, takenOverFrom: null, isAfterFailure: false }
  }
  const store = {
    incidents: {
      claimAssessment,
      releaseClaim: async ({ incidentId }: Claim) => void released.push(incidentId),
      // The first thing an assessment asks for; it hangs there until the test ends it.
      get: (id: string) =>
        new Promise((_resolve, reject) => {
          ends.set(id, (error) => {
            held.delete(id)
            reject(error)
          })
        }),
    },
  } as unknown as AssessDeps['store']
  const deps = { ...assessDepsOf({ store: store as never, clock }), store, clock }
  const onError = (name: string, error: unknown) => errors.push(`${name}: ${(error as Error).message}`)
  const assessor = startAssessor(deps, { concurrency, pollMs: 500, onError, finishWithinMs: 10_000 })
  /** Ends the assessment; it fails, and so does saying so. */
  const end = async (id: string) => {
    ends.get(id)?.(new Fault('store_unavailable', `${id} ended`))
    await settled()
    ends.get(id)?.(new Fault('store_unavailable', `${id} could not be told`))
    await settled()
  }
  return {
    ...{ clock, due, seen, released, errors, assessor, end },
    most: () => most,
    setAway: (value: boolean) => {
      isAway = value
    },
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

describe('the assessor', () => {
  it('works on several incidents at once, and on no more than it may', async () => {
    const { seen, most, end, assessor } = scene(['a', 'b', 'c', 'd', 'e'])
    await settled()
    expect(seen).toEqual(['a', 'b', 'c'])
    await end('b')
    expect(seen).toEqual(['a', 'b', 'c', 'd'])
    expect(most()).toBe(3)
    const stopped = assessor.stop()
    for (const id of ['a', 'c', 'd', 'e']) await end(id)
    await stopped
  })

  it('lets others begin when those in progress only wait, up to a limit', async () => {
    const ids = Array.from({ length: 30 }, (_, index) => `slow-${index}`)
    const { seen, clock, assessor } = scene(ids)
    for (const count of [3, 6, 9, 12, 15, 18, 21, 24, 24]) {
      await settled()
      expect(seen).toHaveLength(count)
      for (let passed = 0; passed < 2000; passed += 500) {
        clock.advance(500)
        await settled()
      }
    }
    const stopped = assessor.stop()
    await settled()
    clock.advance(10_000)
    await stopped
  })

  it('that is stopped hands over what it cannot finish in time', async () => {
    const { released, end, clock, assessor } = scene(['a', 'b'])
    await settled()
    const stopped = assessor.stop()
    await end('a')
    await settled()
    clock.advance(10_000)
    await stopped
    expect(released).toEqual(['b'])
  })

  it('looks for due incidents again after a pause, or at once at a nudge', async () => {
    const { seen, due, clock, end, assessor } = scene([])
    await settled()
    due.push('a')
    clock.advance(500)
    await settled()
    expect(seen).toEqual(['a'])
    due.push('b')
    assessor.nudge()
    await settled()
    expect(seen).toEqual(['a', 'b'])
    const stopped = assessor.stop()
    await end('a')
    await end('b')
    await stopped
  })

  it('goes on after an assessment that failed altogether, and tells of it', async () => {
    const { seen, due, errors, end, assessor } = scene(['a'])
    await settled()
    await end('a')
    expect(errors).toEqual(['assess: a could not be told'])
    due.push('b')
    assessor.nudge()
    await settled()
    expect(seen).toEqual(['a', 'b'])
    const stopped = assessor.stop()
    await end('b')
    await stopped
  })

  it('waits for a database that is away', async () => {
    const { seen, due, errors, clock, setAway, end, assessor } = scene([])
    await settled()
    setAway(true)
    due.push('a')
    clock.advance(500)
    await settled()
    expect(errors).toEqual(['assessor: the database is away'])
    setAway(false)
    clock.advance(1000)
    await settled()
    expect(seen).toEqual(['a'])
    const stopped = assessor.stop()
    await end('a')
    await stopped
  })

  it('finishes what is in progress before it has stopped', async () => {
    const { end, assessor } = scene(['a'])
    await settled()
    let isStopped = false
    const stopped = assessor.stop().then(() => {
      isStopped = true
    })
    await settled()
    expect(isStopped).toBe(false)
    await end('a')
    await stopped
    expect(isStopped).toBe(true)
  })
})
