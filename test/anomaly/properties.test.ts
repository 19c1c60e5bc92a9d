import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createScorer } from '../../agent/anomaly/scorer.ts'
import type { History } from '../../agent/anomaly/train.ts'
import { scores, trained } from './stream.ts'
import { DAY_ROWS, edit, serviceHistory, slice } from './synthetic.ts'

const history = serviceHistory({ days: 6 })
const split = 5 * DAY_ROWS

function run(h: History): Float64Array {
  return scores(trained(slice(h, 0, split)), slice(h, split, h.atSeconds.length))
}

const reference = run(history)

function expectSame(a: Float64Array, b: Float64Array, digits: number): void {
  expect(a.length).toBe(b.length)
  a.forEach((v, i) => {
    expect(v).toBeCloseTo(b[i]!, digits)
  })
}

describe('the score', () => {
  it('does not depend on units: any positive scale and any offset per metric', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({ min: 1e-6, max: 1e9, noNaN: true }), fc.integer({ min: -1000, max: 1000 })), {
          minLength: 4,
          maxLength: 4,
        }),
        (units) => {
          const changed = edit(history, (v, _, j) => units[j]![0] * (v + units[j]![1]))
          expectSame(run(changed), reference, 4)
        },
      ),
      { numRuns: 5 },
    )
  })

  it('does not depend on the order of the metrics', () => {
    const order = [2, 0, 3, 1]
    const changed = {
      ...history,
      metrics: order.map((j) => history.metrics[j]!),
      columns: order.map((j) => history.columns[j]!),
    }
    expectSame(run(changed), reference, 5)
  })

  it('does not look ahead: changing a later row changes no earlier score', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: DAY_ROWS - 1 }),
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        (at, junk) => {
          const changed = edit(history, (v, i) => (i >= split + at ? junk : v))
          expect([...run(changed).subarray(0, at)]).toEqual([...reference.subarray(0, at)])
        },
      ),
      { numRuns: 5 },
    )
  })

  it('is the same whether it is read at once or in pieces, and ignores repeated and late rows', () => {
    const scorer = createScorer(trained(slice(history, 0, split)))
    const row = (i: number): number[] => history.columns.map((c) => c[i]!)
    for (let i = split; i < history.atSeconds.length; i++) {
      const at = history.atSeconds[i]!
      const score = scorer.score(at, row(i))
      expect(score).toBe(reference[i - split])
      expect(scorer.score(at, row(0))).toBe(score)
      expect(scorer.score(at - 3600, row(0))).toBe(score)
    }
  })

  it('is high for a broken correlation that no single metric shows', () => {
    const at = split + 66
    // Metric 0 stays where its load had been, while the others follow the load.
    const broken = edit(history, (v, i, j) => (j === 1 && i >= at && i < at + 12 ? 20 + (20 - v) : v))
    const usual = Math.max(...reference)
    expect(Math.max(...run(broken).subarray(66, 78))).toBeGreaterThan(1.3 * usual)
  })
})
