import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from '../../agent/domain/canonical.ts'
import { SeriesSummary, summariseSeries } from '../../agent/domain/series.ts'
import type { SeriesSignal } from '../../agent/domain/signal.ts'

const NOW = '2026-03-01T12:00:00.000Z'
const END = Date.parse(NOW) / 1000

/** A series of an hour at 30 s whose value is given by minutes before now. */
function hour(value: (minutesAgo: number) => number | null, sli: SeriesSignal['sli'] = null): SeriesSignal {
  return {
    kind: 'series',
    id: 's',
    name: 's',
    unit: '',
    query: 'q',
    labels: {},
    sli,
    stepSeconds: 30,
    points: Array.from({ length: 121 }, (_, index) => [END - (120 - index) * 30, value((120 - index) / 2)]),
  }
}
const summary = (value: (minutesAgo: number) => number | null, sli: SeriesSignal['sli'] = null) =>
  summariseSeries(hour(value, sli), NOW)
const errors = { role: 'errors', badWhen: 'high', objective: 0.01 } as const
const success = { role: 'success', badWhen: 'low', objective: 0.99 } as const
const traffic = { role: 'traffic', badWhen: 'low' } as const
const wobble = (minutes: number) => 1 + 0.03 * Math.sin(minutes * 3)

describe('a series', () => {
  it('tells its past level, its present one, and when it changed', () => {
    const one = summary((m) => wobble(m) * (m <= 12 ? 300 : 900))
    expect(one).toMatchObject({
      state: 'fresh',
      direction: 'down',
      isAbnormal: true,
      changedAt: '2026-03-01T11:48:00.000Z',
      isBad: null,
    })
    expect(one.baseline).toBeCloseTo(900, -2)
    expect(one.current).toBeCloseTo(300, -2)
    expect(one.ratio).toBeCloseTo(1 / 3, 1)
  })

  it('that only wobbles has not changed', () =>
    expect(summary((m) => wobble(m) * 900)).toMatchObject({
      changedAt: null,
      direction: 'flat',
      trend: 'flat',
      isAbnormal: false,
    }))

  it('is bad against its objective, for as long as no good value came', () => {
    expect(summary((m) => (m <= 5 ? 0.4 : 0.001), errors)).toMatchObject({
      isBad: true,
      badForSeconds: 300,
      firstBadAt: '2026-03-01T11:55:00.000Z',
    })
    expect(summary((m) => (m <= 5 && m !== 2 ? 0.4 : 0.001), errors).badForSeconds).toBe(90)
    expect(summary(() => 0.001, errors)).toMatchObject({ isBad: false, badForSeconds: 0, firstBadAt: null })
    // Half an hour that nobody measured is no half an hour of trouble.
    const gap = (m: number) => (m > 0.5 && m < 30 ? null : m <= 31 ? 0.4 : 0.001)
    expect(summary(gap, errors)).toMatchObject({ isBad: true, badForSeconds: 30 })
    expect(summary((m) => (m > 0.5 && m < 2 ? null : m <= 5 ? 0.4 : 0.001), errors).badForSeconds).toBe(300)
  })

  it('of success is as bad as what fails is many times what may', () =>
    expect(summary((m) => (m <= 5 ? 0.6 : 1), success).badness).toBeCloseTo(40))

  it('without an objective is bad against its own past', () => {
    expect(summary((m) => wobble(m) * (m <= 10 ? 100 : 900), traffic)).toMatchObject({ isBad: true })
    expect(summary((m) => wobble(m) * (m <= 10 ? 850 : 900), traffic)).toMatchObject({ isBad: false })
    expect(summary((m) => wobble(m) * (m <= 10 ? 1900 : 900), traffic)).toMatchObject({
      isBad: false,
      isAbnormal: true,
    })
  })

  it('recovers when it comes back steadily, not when it goes in waves', () => {
    expect(summary((m) => (m > 30 ? 0.6 : 0.02 + 0.019 * m), errors)).toMatchObject({ isBad: true, isRecovering: true })
    expect(summary((m) => (m > 2 && m < 20 ? 0.6 : 0.001), errors)).toMatchObject({ isBad: false, isRecovering: true })
    expect(summary((m) => (Math.floor(m / 5) % 2 === 0 ? 0.001 : 0.6), errors)).toMatchObject({
      isIntermittent: true,
      isRecovering: false,
    })
    expect(summary((m) => (m <= 20 ? 0.6 : 0.001), errors).isRecovering).toBe(false)
    expect(summary((m) => (m <= 20 ? 0.3 + m / 100 : 0.001), errors).isRecovering).toBe(false)
  })

  it('that stopped says nothing of now', () => {
    expect(summary((m) => (m > 3 ? 1 : null)).state).toBe('stale')
    expect(summary((m) => (m > 15 ? 1 : null))).toMatchObject({ state: 'vanished', ageSeconds: 930 })
    expect(summary(() => null)).toMatchObject({ state: 'empty', isBad: null, missingShare: 1 })
  })

  it('ignores points of the future and order', () => {
    const one = hour((m) => (m <= 5 ? 0.4 : 0.001), errors)
    const shuffled = { ...one, points: [...one.points].reverse() }
    const future = { ...one, points: [...one.points, [END + 3600, 0] as [number, number]] }
    expect(summariseSeries(shuffled, NOW)).toEqual(summariseSeries(one, NOW))
    expect(summariseSeries(future, NOW).current).toBeCloseTo(0.4)
  })

  it('of any shape gives a summary that can be stored and hashed', () => {
    const value = fc.oneof(fc.double(), fc.constantFrom(1e308, -1e308, 0, -0))
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.oneof(fc.integer({ min: END - 4000, max: END + 100 }), fc.double()), fc.option(value)), {
          maxLength: 60,
        }),
        fc.option(
          fc.record({
            role: fc.constantFrom('errors', 'traffic'),
            badWhen: fc.constantFrom('high', 'low'),
            objective: fc.oneof(fc.double({ noNaN: true }), fc.constantFrom(0, 1, -1)),
          }),
        ),
        (points, sli) => {
          const one = summariseSeries(
            { ...hour(() => 1), points: points as SeriesSignal['points'], sli: sli as SeriesSignal['sli'] },
            NOW,
          )
          expect(SeriesSummary.parse(one)).toEqual(one)
          canonicalJson(one)
        },
      ),
      { numRuns: 500 },
    )
  })
})
