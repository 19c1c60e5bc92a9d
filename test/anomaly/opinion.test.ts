import { describe, expect, it } from 'vitest'
import { alignSeries, rowOf } from '../../agent/anomaly/align.ts'
import { backtest } from '../../agent/anomaly/backtest.ts'
import { currentOpinion, percentileOf } from '../../agent/anomaly/opinion.ts'
import { createScorer } from '../../agent/anomaly/scorer.ts'
import { AnomalyOpinion } from '../../agent/domain/anomaly.ts'
import { Fault } from '../../agent/lib/errors.ts'
import { trained } from './stream.ts'
import { DAY_ROWS, edit, rowAt, STEP, serviceHistory, slice } from './synthetic.ts'

const split = 8 * DAY_ROWS
const broken = split + 200
const calm = serviceHistory({ days: 10 })
const history = edit(calm, (v, i, j) => (i >= broken && i < broken + 24 && j === 2 ? v + 9 : v))
const scope = 'checkout/eu-west-1'

function opinionAt(row: number, missing: readonly string[] = []) {
  const scorer = createScorer(trained(slice(history, 0, split)))
  for (let i = split; i <= row; i++) scorer.score(history.atSeconds[i]!, rowAt(history, i))
  const opinion = currentOpinion(scorer, { scope, atSeconds: history.atSeconds[row]!, missing })
  return AnomalyOpinion.parse(opinion)
}

describe('the opinion on a scope', () => {
  it('is calm on an ordinary row', () => {
    const opinion = opinionAt(broken - 1)
    if (opinion.status !== 'ok') expect.fail(opinion.reason)
    expect(opinion.isAnomalous).toBe(false)
    expect(opinion.since).toBeNull()
    if (!opinion.risk30) expect.fail('the default detector has a calibrated risk')
    expect(opinion.risk30.probability).toBeLessThan(2 * opinion.risk30.baseRate)
    expect(opinion.trainedOn.rows).toBe(split)
  })

  it('names the metric that broke, and since when', () => {
    const opinion = opinionAt(broken + 6)
    if (opinion.status !== 'ok') expect.fail(opinion.reason)
    expect(opinion.isAnomalous).toBe(true)
    expect(opinion.score).toBeGreaterThan(opinion.threshold * 0.5)
    expect(opinion.percentile).toBeGreaterThan(0.99)
    expect(opinion.contributions[0]?.metric).toBe('m2')
    const began = new Date(history.atSeconds[broken]! * 1000).toISOString()
    expect(opinion.contributions[0]?.since).toBe(began)
    expect(Math.abs(Date.parse(opinion.since ?? '') - Date.parse(began))).toBeLessThanOrEqual(2 * STEP * 1000)
    if (!opinion.risk30) expect.fail('the default detector has a calibrated risk')
    expect(opinion.risk30.probability).toBeGreaterThan(3 * opinion.risk30.baseRate)
    const shares = opinion.contributions.map((c) => c.share)
    expect(shares.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(1.000001)
    expect([...shares].sort((a, b) => b - a)).toEqual(shares)
  })

  it('is withdrawn when readings are missing or old', () => {
    const partial = opinionAt(broken, ['m0', 'm1', 'm3'])
    expect(partial.status === 'abstained' && partial.reason).toMatch(/3 of 4 metrics/)
    const scorer = createScorer(trained(slice(history, 0, split)))
    const old = currentOpinion(scorer, { scope, atSeconds: history.atSeconds[split]! + 3600 })
    expect(old.status === 'abstained' && old.reason).toMatch(/no recent reading/)
  })

  it('ranks a score against the history', () => {
    const model = trained(slice(history, 0, split))
    const { scoreQuantiles, scoreTop } = model
    expect(percentileOf(model, scoreQuantiles[128]!)).toBeCloseTo(0.5, 2)
    expect(percentileOf(model, Number.NEGATIVE_INFINITY)).toBe(0)
    expect(percentileOf(model, scoreTop.at(-1)! + 1)).toBeCloseTo(1 - 1 / (split + 1), 9)
    for (let q = 1; q < 257; q++)
      expect(percentileOf(model, scoreQuantiles[q]!)).toBeGreaterThanOrEqual(
        percentileOf(model, scoreQuantiles[q - 1]!),
      )
  })
})

describe('a backtest', () => {
  it('finds the broken stretch, and nothing else', () => {
    const result = backtest(history, history.atSeconds[split]!)
    expect(result.rows).toBe(2 * DAY_ROWS)
    const first = result.episodes[0]!
    expect(Math.abs(first.sinceSeconds - history.atSeconds[broken]!)).toBeLessThanOrEqual(2 * STEP)
    expect(first.untilSeconds).toBeGreaterThan(first.sinceSeconds)
    expect(first.contributions[0]?.metric).toBe('m2')
    // The return to normal may be a second episode; nothing lies outside.
    for (const e of result.episodes) expect(e.sinceSeconds).toBeLessThan(history.atSeconds[broken + 40]!)
    expect(backtest(calm, calm.atSeconds[split]!).episodes).toEqual([])
  })

  it('says what to do when there is nothing to train on', () => {
    expect(() => backtest(history, history.atSeconds[50]!)).toThrow(Fault)
    expect(() => backtest(history, 1e12)).toThrow(/after the last row/)
  })
})

describe('alignment', () => {
  it('puts series on one grid and leaves holes as holes', () => {
    const grid = alignSeries(
      [
        { metric: 'a', atSeconds: [0, 61, 119, 500], values: [1, 2, 3, 9] },
        { metric: 'b', atSeconds: [60], values: [Number.POSITIVE_INFINITY] },
      ],
      { fromSeconds: 0, toSeconds: 180, stepSeconds: 60 },
    )
    expect(grid.columns.map((c) => [...c])).toEqual([
      [1, 2, 3, Number.NaN],
      [Number.NaN, Number.NaN, Number.NaN, Number.NaN],
    ])
  })

  it('orders named readings as the model wants them', () => {
    const { row, missing, unknown } = rowOf(
      ['a', 'b'],
      new Map([
        ['b', 2],
        ['c', 3],
      ]),
    )
    expect([...row]).toEqual([Number.NaN, 2])
    expect({ missing, unknown }).toEqual({ missing: ['a'], unknown: ['c'] })
  })
})
