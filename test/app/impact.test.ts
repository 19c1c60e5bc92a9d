import { describe, expect, it } from 'vitest'
import { impactSentences } from '../../agent/app/impact.ts'
import { deriveFacts, Facts } from '../../agent/domain/facts.ts'
import { Service } from '../../agent/domain/service.ts'
import type { Opinion } from '../../agent/domain/verdict.ts'

const NOTHING = {
  extent: 'none',
  evidence: [],
  since: null,
  sustainedSeconds: null,
  worstRatio: null,
  isRecovering: false,
}
const hurt = { ...NOTHING, state: 'yes', basis: 'series', extent: 'partial' }
const fine = { ...NOTHING, state: 'no', basis: 'checks' }
const silent = { ...NOTHING, state: 'unknown', basis: 'none' }

/** Facts of which only those about users matter here. */
function facts(own: object, outside: object, overall: string): unknown {
  const service = Service.parse({ name: 'pay', primary: { provider: 'aws', region: 'eu-west-1' } })
  const kept = deriveFacts({ version: 1, takenAt: '2026-03-01T12:00:00.000Z', service, alerts: [], evidence: [] })
  const views = { own_telemetry: own, outside_probe: outside, provider: silent }
  const all = { ...kept, hurt: { ...views, overall, isRecovering: false } }
  expect(Facts.safeParse(all).error).toBeUndefined()
  return all
}

const opinion = (category: string, recommendedAction: string) =>
  ({ verdict: { rootCause: { category, summary: '' }, recommendedAction } }) as unknown as Opinion

describe('whether users are hurt', () => {
  it('is told by who looked, and by what it was read from', () => {
    expect(impactSentences(facts(hurt, silent, 'yes'), null)).toEqual([
      'Are users hurt? Own telemetry: yes, in part (by the curves that show what users feel); outside probes: unknown (with nothing to go by).',
    ])
  })

  it('is explained where measurements are red and the analyst holds that users are served', () => {
    const [, why = ''] = impactSentences(facts(hurt, fine, 'yes'), opinion('monitoring_fault', 'no_action'))
    expect(why).toContain('they do not show what users get')
    const [, later = ''] = impactSentences(facts(hurt, fine, 'yes'), opinion('aws_infrastructure', 'observe'))
    expect(later).toContain('users are served by now')
    for (const text of [why, later]) expect(text).toContain('Both can be true')
  })

  it('is explained where measurements are fine and the analyst sees trouble', () => {
    const [, why = ''] = impactSentences(facts(fine, fine, 'no'), opinion('internal_data', 'page_human'))
    expect(why).toContain('something that these do not measure')
  })

  it('needs no explanation where both say the same', () => {
    expect(impactSentences(facts(hurt, hurt, 'yes'), opinion('aws_infrastructure', 'region_failover'))).toHaveLength(1)
    expect(impactSentences(facts(fine, fine, 'no'), opinion('none', 'no_action'))).toHaveLength(1)
    expect(impactSentences({ version: 0 }, null)).toEqual([])
  })
})
