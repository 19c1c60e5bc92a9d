import { describe, expect, it } from 'vitest'
import { restoreModel, serialiseModel } from '../../agent/anomaly/model-file.ts'
import { createScorer } from '../../agent/anomaly/scorer.ts'
import { Fault } from '../../agent/lib/errors.ts'
import { trained } from './stream.ts'
import { DAY_ROWS, edit, rowAt, serviceHistory, slice } from './synthetic.ts'

const history = edit(serviceHistory({ days: 8 }), (v, i, j) => (i % 97 === 0 && j === 1 ? Number.NaN : v))
const split = 7 * DAY_ROWS
const model = () => trained(slice(history, 0, split))

describe('a saved model', () => {
  it('continues with identical scores, contributions and instants, wherever the stream is cut', () => {
    const straight = createScorer(model())
    let saved = createScorer(restoreModel(serialiseModel(model())))
    for (let i = split; i < history.atSeconds.length; i++) {
      const row = rowAt(history, i)
      if (i % 60 === 5) row[0] = 500
      expect(saved.score(history.atSeconds[i]!, row)).toBe(straight.score(history.atSeconds[i]!, row))
      if (i % 50 === 0) {
        expect(saved.contributions()).toEqual(straight.contributions())
        saved = createScorer(restoreModel(serialiseModel(saved.model)))
      }
    }
    expect(saved.model).toEqual(straight.model)
  })

  it('is refused when it is cut short, of another version, or not a model', () => {
    const bytes = serialiseModel(model())
    const text = new TextDecoder('latin1').decode(bytes)
    const at = text.indexOf('anomaly-model/v1')
    const other = bytes.slice()
    other[at + 15] = '2'.charCodeAt(0)
    const grown = bytes.slice()
    const digit = text.indexOf('"bins":') + 7
    grown[digit] = grown[digit]! === 57 ? 56 : grown[digit]! + 1
    for (const bad of [
      new Uint8Array(0),
      bytes.subarray(0, bytes.length - 8),
      other,
      grown,
      bytes.map((b) => b ^ 0x55),
    ])
      expect(() => restoreModel(bad)).toThrow(Fault)
  })

  it('stays small: 38 metrics fit into a megabyte', () => {
    const wide = trained(serviceHistory({ days: 3, metrics: 38 }))
    expect(serialiseModel(wide).length).toBeLessThan(2 ** 20)
  })
})
