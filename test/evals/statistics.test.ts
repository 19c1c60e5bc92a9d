import { describe, expect, it } from 'vitest'
import { below, pick, seeded, shuffled } from '../../evals/random.ts'
import { brier, ece, type Forecast, reliability } from '../../evals/reliability.ts'
import { bootstrapMean, mcnemar, mean, quantile, wilson } from '../../evals/statistics.ts'

describe('seeded randomness', () => {
  it('repeats with the seed and differs with another', () => {
    const draw = (seed: string) => Array.from({ length: 5 }, seeded(seed))
    expect(draw('a')).toEqual(draw('a'))
    expect(draw('a')).not.toEqual(draw('b'))
  })
  it('shuffles without losing anything', () => {
    expect(shuffled(seeded('x'), [1, 2, 3, 4]).sort()).toEqual([1, 2, 3, 4])
    expect(below(seeded('x'), 3)).toBeLessThan(3)
    expect(() => pick(seeded('x'), [])).toThrow(RangeError)
  })
})

describe('intervals', () => {
  it('follow Wilson at the known values', () => {
    expect(wilson(0, 90).high).toBeCloseTo(0.0409, 3)
    expect(wilson(45, 90).low).toBeCloseTo(0.3988, 3)
    expect(wilson(10, 10)).toEqual({ low: expect.closeTo(0.7225, 3), high: 1 })
    expect(wilson(0, 0)).toEqual({ low: 0, high: 1 })
  })
  it('span the mean, and are wider when cases hang together', () => {
    const values = Array.from({ length: 80 }, (_, i) => (i % 8 < 4 ? 1 : 0))
    const alone = bootstrapMean(
      values,
      values.map((_, i) => `${i}`),
      's',
    )
    const grouped = bootstrapMean(
      values,
      values.map((_, i) => `${Math.floor(i / 4)}`),
      's',
    )
    expect(alone.low).toBeLessThan(0.5)
    expect(alone.high).toBeGreaterThan(0.5)
    expect(grouped.high - grouped.low).toBeGreaterThan(alone.high - alone.low)
    expect(
      bootstrapMean(
        values,
        values.map((_, i) => `${i}`),
        's',
      ),
    ).toEqual(alone)
  })
  it('say nothing about nothing', () => {
    expect(bootstrapMean([], [], 's').low).toBeNaN()
    expect(mean([])).toBeNaN()
    expect(quantile([], 0.5)).toBeNaN()
  })
})

describe("McNemar's test", () => {
  it('knows the exact tail', () => {
    expect(mcnemar(0, 5)).toBeCloseTo(2 * 0.5 ** 5, 10)
    expect(mcnemar(10, 0)).toBeCloseTo(2 * 0.5 ** 10, 10)
  })
  it('finds nothing in an even split or in no difference', () => {
    expect(mcnemar(4, 4)).toBe(1)
    expect(mcnemar(0, 0)).toBe(1)
  })
})

const forecast = (confidence: number, correct: boolean, group = `${Math.random()}`): Forecast => ({
  confidence,
  correct,
  group,
})

describe('reliability', () => {
  it('scores certainty that comes true with zero and that does not with one', () => {
    expect(brier([forecast(1, true), forecast(0, false)])).toBe(0)
    expect(brier([forecast(1, false)])).toBe(1)
    expect(ece([forecast(0.9, true), forecast(0.9, false)])).toBeCloseTo(0.4)
  })
  it('counts full confidence into the last bin and keeps intervals around the value', () => {
    const many = Array.from({ length: 40 }, (_, i) => forecast(i % 2 ? 1 : 0.55, i % 4 !== 0, `${i}`))
    const of = reliability(many, 'seed')
    expect(of.bins.map(({ from, count }) => [from, count])).toEqual([
      [0.5, 20],
      [0.9, 20],
    ])
    expect(of.brierInterval.low).toBeLessThanOrEqual(of.brier)
    expect(of.brierInterval.high).toBeGreaterThanOrEqual(of.brier)
    expect(reliability(many, 'seed')).toEqual(of)
  })
  it('says how large a gap honest words would show by chance', () => {
    const honest = Array.from({ length: 90 }, (_, i) => forecast(0.7, i % 10 < 7, `${i}`))
    expect(reliability(honest, 's').eceNoise).toBeGreaterThan(0.03)
  })
})
