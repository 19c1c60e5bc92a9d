import { describe, expect, it } from 'vitest'
import type { Action, Disposition } from '../../agent/domain/action.ts'
import type { ScoreLevel } from '../../agent/domain/health-score.ts'
import { type HumanOutcome, type ShadowDecision, shadowReport, shadowReportText } from '../../evals/shadow-report.ts'

const at = (minute: number) => `2026-03-01T10:${String(minute).padStart(2, '0')}:00.000Z`
function decision(
  incident: string,
  minute: number,
  action: Action,
  disposition: Disposition,
  level: ScoreLevel,
): ShadowDecision {
  return {
    id: `${incident}-${minute}`,
    incident,
    service: 'shop',
    decision: { action, disposition, decidedAt: at(minute) },
    healthScore: { level, score: 9 },
  }
}
const people = (
  incident: string,
  action: Action,
  minute: number | null,
  right: Action | null = null,
): HumanOutcome => ({
  incident,
  action,
  actedAt: minute === null ? null : at(minute),
  right,
})

describe('shadow report', () => {
  it('counts a needless failover of the thresholds that the agent avoided', () => {
    const report = shadowReport(
      [decision('i', 0, 'rollback_change', 'ask', 'dr_failover')],
      [people('i', 'rollback_change', 30)],
    )
    expect(report).toMatchObject({ needlessAvoided: 1, minutesSaved: 26, minutesLost: 0 })
    expect(report.thresholds).toMatchObject({ failovers: 1, needless: 1 })
    expect(report.agent).toMatchObject({ failovers: 0, needless: 0, agreedWithPeople: 1 })
  })
  it('charges the agent for a failover that people found needless', () => {
    const report = shadowReport([decision('i', 0, 'region_failover', 'act', 'none')], [people('i', 'no_action', null)])
    expect(report.agent.needless).toBe(1)
    expect(report.minutesLost).toBeGreaterThan(0)
    expect(report.needlessAvoided).toBe(0)
    expect(shadowReportText(report)).toContain(`, ${report.minutesLost} min lost`)
  })
  it('takes the first lever of an incident, not a later or merely notified one', () => {
    const report = shadowReport(
      [
        decision('i', 5, 'dr_failover', 'ask', 'none'),
        decision('i', 0, 'observe', 'record', 'none'),
        decision('i', 2, 'self_heal', 'notify', 'none'),
      ],
      [],
    )
    expect(report.rows[0]).toMatchObject({
      agent: 'dr_failover',
      thresholds: 'no_action',
      people: null,
      minutesSaved: null,
    })
  })
  it('judges by hindsight where somebody judged, and says what nobody has judged yet', () => {
    const decisions = [
      decision('i', 0, 'dr_failover', 'act', 'self_heal'),
      decision('j', 1, 'observe', 'record', 'none'),
    ]
    const report = shadowReport(decisions, [people('i', 'page_human', 40, 'dr_failover')])
    expect(report).toMatchObject({ incidents: 2, judged: 1, minutesSaved: 40 })
    expect(report.thresholds.missed).toBe(1)
    expect(shadowReportText(report)).toContain('1 incidents have no outcome yet')
  })
  it('has something to say about nothing', () => {
    expect(shadowReport([], [])).toMatchObject({ incidents: 0, judged: 0, needlessAvoided: 0 })
  })
})
