import { describe, expect, it } from 'vitest'
import { averagePath, trainIsolationForest } from '../../agent/anomaly/isolation-forest.ts'
import { createNoveltyScorer, slowDeviation } from '../../agent/anomaly/novelty.ts'
import { quantileOfSorted } from '../../agent/anomaly/quantile.ts'
import { rankStream } from '../../agent/anomaly/rank.ts'
import { reservoir } from '../../agent/anomaly/reservoir.ts'
import { normal, uniform } from './synthetic.ts'

describe('the isolation forest', () => {
  const noise = normal(1)
  const columns = [0, 1, 2].map((j) => Float64Array.from({ length: 3000 }, () => 100 * j + 10 ** j * noise()))

  it('knows the mean path of a search that fails', () => {
    expect(averagePath(1)).toBe(0)
    expect(averagePath(2)).toBe(1)
    expect(averagePath(256)).toBeCloseTo(10.2448, 3)
  })

  it('isolates an outlier sooner than the crowd, in any unit', () => {
    const forest = trainIsolationForest(columns)
    const inlier = forest.score([0, 100, 200])
    const outlier = forest.score([8, 180, 1000])
    expect(inlier).toBeLessThan(0.45)
    expect(outlier).toBeGreaterThan(0.65)
  })

  it('flags the contamination share of what it was trained on', () => {
    const forest = trainIsolationForest(columns, { contamination: 0.1 })
    let flagged = 0
    for (let i = 0; i < 3000; i++) if (forest.score(columns.map((c) => c[i]!)) > forest.threshold) flagged++
    expect(flagged / 3000).toBeGreaterThan(0.08)
    expect(flagged / 3000).toBeLessThanOrEqual(0.1)
  })

  it('is repeatable by its seed, and survives constants and gaps', () => {
    const odd = [columns[0]!, new Float64Array(3000).fill(5), columns[2]!.map((v, i) => (i % 3 ? v : Number.NaN))]
    const a = trainIsolationForest(odd, { seed: 4 })
    const b = trainIsolationForest(odd, { seed: 4 })
    expect(a.score([1, 5, Number.NaN])).toBe(b.score([1, 5, Number.NaN]))
    expect(trainIsolationForest(odd, { seed: 5 }).score([1, 5, 1])).not.toBe(a.score([1, 5, 1]))
  })
})

describe('the rank of a stream', () => {
  it('is the log share of earlier values at least as large', () => {
    const rank = rankStream()
    for (let i = 1; i <= 99; i++) rank(1.1 ** i)
    expect(rank(1.1 ** 200)).toBeCloseTo(-Math.log10(1 / 100), 9)
    expect(rank(1.1 ** 50)).toBeCloseTo(-Math.log10(52 / 101), 9)
    expect(rank(0)).toBeCloseTo(0, 2)
  })
})

describe('the reservoir', () => {
  it('measures the distance to the nearest remembered stretch', () => {
    const distance = reservoir({ window: 2, capacity: 10, least: 1, seed: 1 })
    for (const v of [0, 0, 0, 0, 0]) distance(v)
    distance(3)
    expect(distance(4)).toBe(5)
  })

  it('remembers what it saw in the same place of a repeating series', () => {
    const distance = reservoir({ window: 4, capacity: 100, least: 8, seed: 1 })
    let last = 1
    for (let i = 0; i < 200; i++) last = distance(i % 10)
    expect(last).toBe(0)
  })
})

describe('novelty of a lone series', () => {
  const noise = normal(9)
  const chance = uniform(8)
  const series = Float64Array.from({ length: 3000 }, (_, i) => 50 + 10 * Math.sin(i / 20) + noise())
  series.set([200, 210, 205], 2000)
  const read = (values: Float64Array): number[] => {
    const scorer = createNoveltyScorer()
    return Array.from(values, (v) => scorer.score(v))
  }

  it('peaks at the surprise, within [0, 1)', () => {
    const scores = read(series)
    const top = scores.indexOf(Math.max(...scores.slice(500)))
    expect(top).toBeGreaterThanOrEqual(2000)
    expect(top).toBeLessThan(2003)
    for (const s of scores) expect(s >= 0 && s < 1).toBe(true)
  })

  it('does not repeat itself', () => {
    const twice = series.slice()
    twice.set([200, 210, 205], 2100)
    expect(read(twice)[2101]).toBe(0)
  })

  it('does not depend on units', () => {
    const a = read(series)
    read(series.map((v) => 1024 * v - 4096)).forEach((s, i) => {
      expect(s).toBeCloseTo(a[i]!, 1)
    })
  })

  it('does not look ahead, and takes a gap for silence', () => {
    const later = series.map((v, i) => (i > 1500 ? 1e6 * chance() : v))
    expect(read(later).slice(0, 1500)).toEqual(read(series).slice(0, 1500))
    expect(read(series.map((v, i) => (i % 7 === 0 ? Number.NaN : v))).every(Number.isFinite)).toBe(true)
    expect(createNoveltyScorer().score(Number.NaN)).toBe(0)
  })

  it('knows a slow deviation', () => {
    const far = slowDeviation(100)
    for (let i = 0; i < 500; i++) far(i % 2)
    expect(far(0.5 + 5)).toBeCloseTo(10, 0)
  })
})

describe('quantiles', () => {
  it('interpolate', () => {
    expect(quantileOfSorted(Float64Array.of(1, 2, 4), 0.75)).toBe(3)
    expect(quantileOfSorted(Float64Array.of(), 0.5)).toBeNaN()
  })
})
