import { describe, expect, it } from 'vitest'
import { SCALAR } from '../../agent/anomaly/model.ts'
import { counterIncrease, METRIC_KINDS } from '../../agent/anomaly/normaliser.ts'
import { createScorer } from '../../agent/anomaly/scorer.ts'
import type { History } from '../../agent/anomaly/train.ts'
import { trainModel } from '../../agent/anomaly/train.ts'
import { largest, scores, trained } from './stream.ts'
import { DAY_ROWS, edit, normal, rowAt, STEP, serviceHistory, slice } from './synthetic.ts'

const days = 8
const history = serviceHistory({ days: days + 3 })
const split = days * DAY_ROWS
const end = history.atSeconds.length
const learn = (h: History) => trained(slice(h, 0, split))
const live = (h: History) => slice(h, split, end)

function withColumn(name: string, value: (i: number) => number): History {
  return {
    ...history,
    metrics: [...history.metrics, name],
    columns: [...history.columns, Float64Array.from({ length: end }, (_, i) => value(i))],
  }
}

/** No alarm in a quiet stretch, however ugly the data. */
function expectQuiet(h: History, from = 0): void {
  const model = learn(h)
  const all = scores(model, live(h))
  expect(all.every((s) => Number.isFinite(s))).toBe(true)
  expect(largest(all, from)).toBeLessThan(model.thresholds.alarm)
}

describe('ugly data', () => {
  it('an ordinary stretch raises no alarm, an outage does', () => {
    expectQuiet(history)
    const outage = edit(history, (v, i, j) => (i >= split + 300 && i < split + 320 ? v + (j % 2 ? -4 : 4) : v))
    const model = learn(outage)
    expect(largest(scores(model, live(outage)), 300, 320)).toBeGreaterThan(model.thresholds.alarm)
  })

  it('gaps and NaN, in history and live, neither poison nor alarm', () => {
    const noise = normal(3)
    expectQuiet(edit(history, (v, i, j) => (Math.abs(noise()) > 2 || (j === 2 && i % 700 < 90) ? Number.NaN : v)))
  })

  it('infinite readings count as missing', () => {
    expectQuiet(
      edit(history, (v, i, j) =>
        j === 0 && i % 50 === 0 ? (i % 100 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY) : v,
      ),
    )
  })

  it('a silence of the whole scope is no jump when it ends', () => {
    const model = learn(history)
    const scorer = createScorer(model)
    for (let i = split; i < split + 50; i++) scorer.score(history.atSeconds[i]!, rowAt(history, i))
    const after: number[] = []
    for (let i = split + 200; i < end; i++) after.push(scorer.score(history.atSeconds[i]!, rowAt(history, i)))
    expect(largest(after)).toBeLessThan(model.thresholds.alarm)
  })

  it('a counter is read as its rate, and its reset is no event', () => {
    const noise = normal(5)
    let total = 0
    const counter = withColumn('requests_total', (i) => {
      if (i === split - 500 || i === split + 333) total = 0
      total += 1000 + 20 * noise()
      return total
    })
    const model = learn(counter)
    expect(model.table.kind[4]).toBe(METRIC_KINDS.counter)
    expectQuiet(counter)
    expect(counterIncrease(5, 1000, 1)).toBe(5)
    expect(counterIncrease(1030, 1000, 3)).toBe(10)
    expect(counterIncrease(7, Number.NaN, 1)).toBeNaN()
  })

  it('a counter that stops counting is noticed', () => {
    const noise = normal(5)
    let total = 0
    const stalled = withColumn('requests_total', (i) => {
      if (i < split + 100) total += 1000 + 20 * noise()
      return total
    })
    const model = learn(stalled)
    expect(largest(scores(model, live(stalled)), 100, 110)).toBeGreaterThan(model.thresholds.alarm)
  })

  it('a constant series is harmless while it stays, and its first move is noticed', () => {
    expectQuiet(withColumn('version', () => 3.1e9))
    const moved = withColumn('errors', (i) => (i >= split + 200 && i < split + 230 ? 1 : 0))
    const model = learn(moved)
    const all = scores(model, live(moved))
    expect(largest(all, 0, 200)).toBeLessThan(model.thresholds.alarm)
    expect(largest(all, 200, 210)).toBeGreaterThan(model.thresholds.alarm)
  })

  it('a constant at a large offset with rounding noise is still a constant', () => {
    const model = learn(withColumn('bytes', (i) => 0.1 + 1e12 + (i % 2) * 1e-5))
    expect(model.table.scale[4]).toBe(0)
  })

  it('a series that vanishes is no anomaly by itself', () => {
    expectQuiet(edit(history, (v, i, j) => (j === 3 && i >= split + 100 ? Number.NaN : v)))
  })

  it('a series that is too new to be known is left out until the next training', () => {
    const fresh = withColumn('canary', (i) => (i < split - 20 ? Number.NaN : (i * 7919) % 1000))
    expect(learn(fresh).table.kind[4]).toBe(METRIC_KINDS.absent)
    expectQuiet(fresh)
  })

  it('one absurd reading in the history does not blind the metric', () => {
    const spiked = edit(history, (v, i, j) => (j === 0 && i === 1000 ? 1e15 : v))
    const outage = edit(spiked, (v, i, j) => (i >= split + 300 && i < split + 320 && j === 0 ? v + 8 : v))
    const model = learn(outage)
    expect(largest(scores(model, live(outage)), 300, 320)).toBeGreaterThan(model.thresholds.alarm)
  })

  it('a step change is reported, and is the new normal within a day', () => {
    const stepped = edit(history, (v, i, j) => (i >= split + 100 && j === 2 ? v + 6 : v))
    const model = learn(stepped)
    const { alarm } = model.thresholds
    const all = scores(model, live(stepped))
    expect(largest(all, 100, 115)).toBeGreaterThan(alarm)
    expect(largest(all, 100 + DAY_ROWS)).toBeLessThan(alarm)
    expect(Number.isNaN(model.state.scalars[SCALAR.alarmSince]!)).toBe(true)
  })

  it('scales from nanoseconds to exabytes live side by side', () => {
    expectQuiet(edit(history, (v, _, j) => v * [1e-9, 1, 1e9, 1e18][j]!))
  })
})

describe('seasons', () => {
  const rhythm = (height: number, inSeason: (i: number) => boolean, rows: number, surprise: number): History => {
    const noise = normal(11)
    const value = (i: number): number => (inSeason(i) !== (i >= surprise && i < surprise + 12) ? height : 0) + noise()
    return {
      metrics: ['jobs', 'other'],
      columns: [Float64Array.from({ length: rows }, (_, i) => value(i)), Float64Array.from({ length: rows }, noise)],
      atSeconds: Float64Array.from({ length: rows }, (_, i) => i * STEP),
      stepSeconds: STEP,
    }
  }

  it('a nightly peak is expected at night, and missed or out of place it is not', () => {
    const nightly = (i: number): boolean => i % DAY_ROWS >= 24 && i % DAY_ROWS < 48
    const rows = 15 * DAY_ROWS
    const from = 14 * DAY_ROWS
    const usual = rhythm(6, nightly, rows, -99)
    const noon = rhythm(6, nightly, rows, from + 150)
    const peakOf = (h: History, a: number, b: number): number =>
      largest(scores(trained(slice(h, 0, from)), slice(h, from, rows)), a, b)
    const night = peakOf(usual, 20, 52)
    expect(peakOf(noon, 150, 162)).toBeGreaterThan(2 * night)
    expect(peakOf(rhythm(6, nightly, rows, from + 30), 30, 42)).toBeGreaterThan(2 * night)
  })

  it('a weekly peak is learned from whole weeks', () => {
    const week = 7 * DAY_ROWS
    const weekly = (i: number): boolean => i % week >= 3 * DAY_ROWS + 120 && i % week < 3 * DAY_ROWS + 144
    const rows = 5 * week
    const h = rhythm(8, weekly, rows, -99)
    const model = trained(slice(h, 0, 4 * week))
    expect(model.week.offsets.some((v) => v !== 0)).toBe(true)
    const all = scores(model, slice(h, 4 * week, rows))
    const flat = trained(slice(h, 0, 4 * week), { parameters: { ...model.parameters, seasonShare: 2 } })
    const without = scores(flat, slice(h, 4 * week, rows))
    const a = 3 * DAY_ROWS + 118
    expect(largest(all, a, a + 28)).toBeLessThan(0.6 * largest(without, a, a + 28))
  })

  it('noise is given no season', () => {
    const h = rhythm(0, () => false, 8 * DAY_ROWS, -99)
    const model = trained(h)
    expect(model.day.offsets.every((v) => v === 0)).toBe(true)
    expect(model.week.offsets.every((v) => v === 0)).toBe(true)
  })
})

describe('too little to learn from', () => {
  const reasonOf = (h: History): string => {
    const training = trainModel(h)
    return training.status === 'abstained' ? training.reason : 'trained'
  }

  it('abstains and says why', () => {
    expect(reasonOf(slice(history, 0, 100))).toMatch(/hours of history, at least 24/)
    expect(reasonOf({ ...history, metrics: [], columns: [] })).toMatch(/no metrics/)
    expect(reasonOf(edit(history, () => Number.NaN))).toMatch(/enough readings/)
    expect(reasonOf(edit(history, () => 7))).toMatch(/varied/)
    expect(reasonOf({ ...history, columns: history.columns.map((c, j) => c.slice(j)) })).toMatch(/equally long/)
    expect(reasonOf(serviceHistory({ days: 2, metrics: 200 }))).toMatch(/too few for 200 metrics/)
  })
})
