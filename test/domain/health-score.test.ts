import { describe, expect, it } from 'vitest'
import type { Evidence } from '../../agent/domain/evidence.ts'
import { HealthScoreOptions, scoreHealth } from '../../agent/domain/health-score.ts'
import type { CheckStatus } from '../../agent/domain/signal.ts'

const options = HealthScoreOptions.parse({})
const AT = '2026-03-01T12:00:00.000Z'

function evidenceOf(check: string, status: CheckStatus | 'failed'): Evidence {
  const about = { id: `health:${check}`, source: 'health-http', observer: 'own_telemetry' as const, observedAt: AT }
  if (status === 'failed') return { ...about, status, signals: [], error: { kind: 'timeout', message: 'no answer' } }
  const signal = {
    kind: 'health_check' as const,
    id: `health:${check}:1`,
    check,
    status,
    latencyMs: null,
    detail: null,
    checkedAt: AT,
  }
  return { ...about, status: 'ok', signals: [signal] }
}

const ALL = Object.keys(options.weights)

describe('scoreHealth', () => {
  it('counts nothing when all is well, and everything when all has failed', () => {
    expect(
      scoreHealth(
        ALL.map((check) => evidenceOf(check, 'ok')),
        options,
      ),
    ).toMatchObject({ score: 0, maximum: 22, level: 'none' })
    expect(
      scoreHealth(
        ALL.map((check) => evidenceOf(check, 'error')),
        options,
      ),
    ).toMatchObject({ score: 22, level: 'dr_failover' })
  })

  it('counts a check that gave no answer half, and shows it as unknown', () => {
    const score = scoreHealth([evidenceOf('node_states', 'failed')], options)
    expect(score).toMatchObject({
      score: 2,
      contributions: [{ check: 'node_states', status: 'unknown', points: 2, signal: null }],
    })
  })

  it('counts nothing for a check that nobody configured', () => {
    expect(scoreHealth([evidenceOf('internal_services', 'ok')], options)).toMatchObject({ score: 0, maximum: 5 })
    expect(scoreHealth([], options)).toMatchObject({ score: 0, maximum: 0, contributions: [] })
  })

  it('takes the worst of several answers about one check', () => {
    const score = scoreHealth([evidenceOf('node_states', 'ok'), evidenceOf('node_states', 'degraded')], options)
    expect(score.contributions[0]).toMatchObject({ status: 'degraded', points: 2 })
  })

  it('never lets two degraded checks weigh less than one of their weight that failed', () => {
    for (const weight of [1, 2, 3, 4, 5]) {
      const own = HealthScoreOptions.parse({ weights: { a: weight } })
      const half = scoreHealth([evidenceOf('a', 'degraded')], own).score
      expect(half * 2).toBeGreaterThanOrEqual(weight)
      expect(half).toBeLessThanOrEqual(weight)
    }
  })
})
