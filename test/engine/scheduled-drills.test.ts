import { describe, expect, it } from 'vitest'
import { type ScheduledDrill, startDueDrills } from '../../agent/engine/scheduled-drills.ts'
import { cronTimes } from '../../agent/lib/cron.ts'
import { testServer } from '../store/test-database.ts'

const server = testServer()
const abort = new AbortController().signal
const DRILL: ScheduledDrill = { plan: 'shop-away', times: cronTimes('0 10 * * *', 'UTC'), isLive: false }

async function agents(count: number) {
  const { store } = await server.open()
  const started: string[] = []
  const told: string[] = []
  const round = (nowMs: number, refused: string | null = null) =>
    startDueDrills(
      {
        ...{ store, drills: [DRILL], nowMs },
        start: async ({ plan }) => {
          started.push(plan)
          return { refused }
        },
        onStarted: ({ plan }, at, why) => told.push(`${plan} ${at} ${why ?? 'started'}`),
      },
      abort,
    )
  return {
    started,
    told,
    at: (text: string) => Promise.all(Array.from({ length: count }, () => round(Date.parse(text)))),
    round,
  }
}

describe('a scheduled drill', () => {
  it('starts once when its time comes, however many agents look at the clock', async () => {
    const { at, started, told } = await agents(3)
    await at('2026-03-01T09:59:50Z')
    expect(started).toEqual([])
    await at('2026-03-01T10:00:05Z')
    await at('2026-03-01T10:00:20Z')
    expect(started).toEqual(['shop-away'])
    expect(told).toEqual(['shop-away 2026-03-01T10:00:00.000Z started'])
    await at('2026-03-02T10:00:05Z')
    expect(started).toHaveLength(2)
  })

  it('that nobody was there for is not made up for at another hour', async () => {
    const { at, started } = await agents(1)
    await at('2026-03-01T10:06:00Z')
    expect(started).toEqual([])
  })

  it('that is refused is told, and not tried again until its next time', async () => {
    const { round, started, told } = await agents(1)
    await round(Date.parse('2026-03-01T10:00:05Z'), 'another run of this group is under way')
    await round(Date.parse('2026-03-01T10:01:05Z'))
    expect(started).toHaveLength(1)
    expect(told).toEqual(['shop-away 2026-03-01T10:00:00.000Z another run of this group is under way'])
  })
})
