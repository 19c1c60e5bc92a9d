import { describe, expect, it } from 'vitest'
import type { AnomalyOpinion } from '../../agent/domain/anomaly.ts'
import { anomalyRiskOf, recordedAnomalyRisk } from '../../agent/policy/input.ts'

const at = '2026-03-01T12:00:00.000Z'
const opinion: AnomalyOpinion = {
  ...{ status: 'ok', scope: 'shop', at, score: 3, percentile: 0.99, threshold: 2, isAnomalous: true, since: at },
  ...{ contributions: [{ metric: 'errors', share: 0.8, since: at }], missing: [], modelVersion: 'v1' },
  risk30: { probability: 0.61, baseRate: 0.055 },
  trainedOn: { from: at, to: at, rows: 2000 },
}
const abstained: AnomalyOpinion = {
  ...{ status: 'abstained', scope: 'shop', at, reason: 'too little', modelVersion: null, trainedOn: null },
}

describe('what the gate reads of the anomaly model', () => {
  it('is its calibrated risk, and nothing of an abstention', () => {
    expect(anomalyRiskOf(opinion)).toEqual({ risk: 0.61 })
    expect(anomalyRiskOf({ ...opinion, risk30: null })).toEqual({ risk: null })
    expect(anomalyRiskOf(abstained)).toEqual({ risk: null })
    expect(anomalyRiskOf(null)).toBeNull()
  })

  it('is the same from the record, also from an older one that held the bare risk', () => {
    for (const one of [opinion, abstained, null])
      expect(recordedAnomalyRisk(JSON.parse(JSON.stringify(one)))).toEqual(anomalyRiskOf(one))
    expect(recordedAnomalyRisk({ risk: 0.4 })).toEqual({ risk: 0.4 })
    expect(recordedAnomalyRisk({ risk: null })).toEqual({ risk: null })
    expect(recordedAnomalyRisk({ something: 'else' })).toEqual({ risk: null })
  })
})
