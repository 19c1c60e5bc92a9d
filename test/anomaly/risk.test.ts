import { describe, expect, it } from 'vitest'
import { curveProbability, FROZEN, recurrence } from '../../agent/anomaly/risk.ts'
import { fitLogistic } from '../bench/anomaly/logistic.ts'
import { normal, uniform } from './synthetic.ts'

describe('calibration', () => {
  it('recovers the curve that made the outcomes', () => {
    const noise = normal(2)
    const chance = uniform(3)
    const truth = [-2, 1.5, -0.7, 0.4]
    const rows = 40_000
    const inputs = Float64Array.from({ length: 3 * rows }, noise)
    const outcome = Uint8Array.from({ length: rows }, (_, i) =>
      chance() < curveProbability(truth, inputs.subarray(3 * i, 3 * i + 3)) ? 1 : 0,
    )
    const fitted = fitLogistic({ inputs, outcome, width: 3 }, 1e-9)
    for (const [k, w] of truth.entries()) expect(Math.abs(fitted[k]! - w)).toBeLessThan(0.08)
    let mean = 0
    for (let i = 0; i < rows; i++) mean += curveProbability(fitted, inputs.subarray(3 * i, 3 * i + 3)) / rows
    // A fit with an intercept is right on average.
    expect(mean).toBeCloseTo(outcome.reduce((a, b) => a + b, 0) / rows, 6)
  })

  it('gives the base rate when inputs say nothing', () => {
    const outcome = Uint8Array.from({ length: 1000 }, (_, i) => (i % 10 === 0 ? 1 : 0))
    const fitted = fitLogistic({ inputs: new Float64Array(3000), outcome, width: 3 }, 1e-3)
    expect(curveProbability(fitted, [0, 0, 0])).toBeCloseTo(0.1, 6)
  })

  it('is frozen with more unusual never meaning less risk', () => {
    for (const w of FROZEN.risk30.weights.slice(1)) expect(w).toBeGreaterThanOrEqual(0)
    const calm = curveProbability(FROZEN.risk30.weights, [0, 0, 0])
    expect(calm).toBeLessThan(FROZEN.risk30.baseRate)
    expect(curveProbability(FROZEN.risk30.weights, [3, 3, 3])).toBeGreaterThan(0.5)
    expect(FROZEN.fittedOn.entities).toBeGreaterThan(1)
  })
})

describe('recurrence', () => {
  const day = 86_400
  const daily = (days: readonly number[]) =>
    days.map((d) => ({ startedAtSeconds: d * day + 44_000, endedAtSeconds: d * day + 44_300 }))

  it('grows with the days on which an incident began at this time', () => {
    const at = 8 * day + 43_000
    expect(recurrence(daily([1, 2, 3, 4, 5, 6, 7]), at, 0)).toBeCloseTo(6 / 8, 9)
    expect(recurrence(daily([6, 7]), at, 0)).toBeCloseTo(1 / 8, 9)
  })

  it('takes one coincidence for chance, and other times of the day for nothing', () => {
    expect(recurrence(daily([7]), 8 * day + 43_000, 0)).toBe(0)
    expect(recurrence(daily([1, 2, 3, 4, 5, 6, 7]), 8 * day + 50_000, 0)).toBe(0)
    expect(recurrence([], 8 * day, 0)).toBe(0)
  })

  it('does not know an incident that has not ended an hour ago', () => {
    const long = [5, 6, 7].map((d) => ({ startedAtSeconds: d * day + 44_000, endedAtSeconds: 8 * day + 42_000 }))
    expect(recurrence(long, 8 * day + 43_000, 0)).toBe(0)
  })

  it('counts only days that were watched', () => {
    expect(recurrence(daily([6, 7]), 8 * day + 43_000, 6 * day)).toBeCloseTo(1 / 3, 9)
  })
})
