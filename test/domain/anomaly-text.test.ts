import { describe, expect, it } from 'vitest'
import { type AnomalyOpinion, metricNameOf } from '../../agent/domain/anomaly.ts'
import { opinionLine, percentText, recordedOpinion } from '../../agent/domain/anomaly-text.ts'

const at = '2026-03-01T12:00:00.000Z'
const ok: AnomalyOpinion = {
  ...{ status: 'ok', scope: 'shop', at, score: 3, percentile: 0.99996, threshold: 2, isAnomalous: true, since: at },
  ...{ contributions: [{ metric: 'errors{pod="a"}', share: 0.8, since: null }], missing: [], modelVersion: 'v1' },
  risk30: { probability: 0.61, baseRate: 0.055 },
  trainedOn: { from: at, to: at, rows: 2000 },
}

describe('an anomaly opinion in words', () => {
  it('tells state, cause, and the risk beside its usual', () => {
    expect(opinionLine(ok)).toBe(
      `unusual since ${at} (99.99 % of its past scored lower), most of all errors{pod="a"}; risk of trouble now or within 30 min 0.61, on an average minute 0.06`,
    )
    expect(opinionLine({ ...ok, isAnomalous: false, since: null, percentile: 0.5, risk30: null })).toBe(
      'as usual (50 % of its past scored lower); this detector has no calibrated risk',
    )
  })

  it('never rounds up to everything', () => {
    expect([0, 0.004, 0.98, 0.99, 0.999999, 1].map(percentText)).toEqual([
      '0 %',
      '0 %',
      '98 %',
      '99.00 %',
      '99.99 %',
      '100 %',
    ])
  })

  it('is read from a record only when it is one', () => {
    expect(recordedOpinion(JSON.parse(JSON.stringify(ok)))).toEqual(ok)
    for (const other of [null, undefined, { risk: 0.4 }, 'text']) expect(recordedOpinion(other)).toBeNull()
  })
})

describe('the name of a metric', () => {
  it('does not depend on the order of labels, and tells quotes from names', () => {
    expect(metricNameOf('errors', {})).toBe('errors')
    expect(metricNameOf('errors', { b: '2', a: '1' })).toBe('errors{a="1",b="2"}')
    expect(metricNameOf('errors', { a: '1",b="2' })).not.toBe(metricNameOf('errors', { a: '1', b: '2' }))
  })
})
