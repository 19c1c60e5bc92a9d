import { describe, expect, it } from 'vitest'
import { backtestText, opinionText, scopesText } from '../../agent/cli/anomaly-text.ts'
import type { AnomalyOpinion } from '../../agent/domain/anomaly.ts'
import type { AnomalyScope } from '../../agent/store/records.ts'

const at = '2026-03-01T12:00:00.000Z'
const trainedOn = { from: '2026-02-15T00:00:00.000Z', to: at, rows: 2000 }

describe('what people read about anomaly models', () => {
  it('explains an opinion, and shows control characters instead of obeying them', () => {
    const opinion: AnomalyOpinion = {
      ...{ status: 'ok', scope: 'shop', at, score: 3.14, percentile: 0.9991, threshold: 2, isAnomalous: true },
      ...{
        since: at,
        missing: ['queue'],
        risk30: { probability: 0.6, baseRate: 0.055 },
        modelVersion: 'v1',
        trainedOn,
      },
      contributions: [
        { metric: 'errors\u001b[2J', share: 0.8, since: at },
        { metric: 'latency', share: 0.15, since: null },
      ],
    }
    expect(opinionText(opinion)).toMatchInlineSnapshot(`
      "shop at 2026-03-01T12:00:00.000Z: anomalous since 2026-03-01T12:00:00.000Z
        score 3.14, alarm from 2.00; 99.91 % of its past scored lower
        risk of trouble now or within 30 min 0.60, on an average minute 0.06

      What makes it unusual, largest part first:
         80 %  errors\\u001b[2J  since 2026-03-01T12:00:00.000Z
         15 %  latency          not unusual by itself

      Without a reading: queue

      Trained on 2000 rows, 2026-02-15T00:00:00.000Z to 2026-03-01T12:00:00.000Z (v1)."
    `)
  })

  it('says why there is no opinion', () => {
    const reason = '3.0 hours of history, at least 24 are needed'
    const opinion: AnomalyOpinion = {
      status: 'abstained',
      scope: 'shop',
      at,
      reason,
      modelVersion: null,
      trainedOn: null,
    }
    expect(opinionText(opinion)).toBe(`shop at ${at}: no opinion. 3.0 hours of history, at least 24 are needed.`)
  })

  it('lists alarms of a backtest with alarms a day', () => {
    const episode = { sinceSeconds: 0, untilSeconds: 3600, peakAtSeconds: 600, peakScore: 2.5, peakRisk: 0.4 }
    const contributions = [{ metric: 'errors', share: 0.8, sinceSeconds: 0 }]
    const figures = {
      version: 'v1',
      rows: 2880,
      days: 2,
      threshold: 1.5,
      episodesPerDay: 1,
      scores: new Float64Array(),
    }
    const episodes = [
      { ...episode, contributions },
      { ...episode, sinceSeconds: 7200, untilSeconds: null, peakRisk: null, contributions: [] },
    ]
    const text = backtestText('shop', { ...figures, episodes })
    expect(text).toContain('2 alarms in 2.0 days, 1.00 a day')
    expect(text).toContain('1970-01-01T00:00:00.000Z  60 min')
    expect(text).toContain('errors 80 %')
    expect(text).toContain('goes on')
    expect(backtestText('shop', { ...figures, episodes: [] })).not.toContain('\n')
  })

  it('lists models, and services that have none with the reason', () => {
    const scope: AnomalyScope = {
      ...{ service: 'shop', streamAt: at, attemptedAt: at, refusal: null },
      model: {
        id: 'm',
        service: 'shop',
        version: 'v1',
        trainedAt: at,
        metadata: { rows: 9, metrics: ['a'], detector: 'best' },
      },
    }
    const lines = scopesText(
      [scope, { ...scope, service: 'young', model: null, refusal: 'too little history' }],
      Date.parse(at) + 3 * 86_400_000,
    ).split('\n')
    expect(lines[0]).toBe(`shop   best      9 rows of 1 metrics             3 days old          read to ${at}`)
    expect(lines[1]).toContain('too little history')
    expect(scopesText([], 0)).toMatch(/no models yet/)
  })
})
