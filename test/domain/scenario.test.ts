import { describe, expect, it } from 'vitest'
import { deriveFacts } from '../../agent/domain/facts.ts'
import { HealthScoreOptions } from '../../agent/domain/health-score.ts'
import { SCENARIOS, type Scenario, scenarioFinding, scenarioSnapshot } from '../../agent/domain/scenario.ts'
import { judge } from '../../agent/engine/judge.ts'
import { rulesAnalyst } from '../../agent/llm/rules.ts'
import { decide } from '../../agent/policy/gate.ts'
import { quietState } from '../../agent/policy/input.ts'
import { Policy } from '../../agent/policy/policy.ts'
import { clearOutage, sureOpinion } from '../policy/inputs.ts'

const NOW_MS = Date.parse('2026-03-01T12:00:00.000Z')
const { service } = clearOutage()
const POLICY = Policy.parse({ version: 1 })
const stateOf = ({ reach }: Scenario) => ({ ...quietState(), isolation: { ...reach } })
const LEVERS = ['region_failover', 'dr_failover'] as const

function decided(scenario: Scenario) {
  const snapshot = scenarioSnapshot(scenario, service, NOW_MS)
  return judge(snapshot, {
    ...{ analyst: rulesAnalyst(), policy: POLICY, healthScore: HealthScoreOptions.parse({}), anomaly: null },
    ...{ state: stateOf(scenario), now: snapshot.takenAt, abort: new AbortController().signal },
  })
}

describe('a scenario', () => {
  it.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
    '%s ends as it should with the built-in rules and the delivered policy',
    async (_name, scenario) => {
      const { decision } = await decided(scenario)
      expect(scenarioFinding(scenario, decision, LEVERS)).toBeNull()
    },
  )

  it.each(SCENARIOS.filter(({ expects }) => expects === 'no_failover').map((one) => [one.name, one] as const))(
    '%s moves nobody even when the analyst is sure that it should',
    (_name, scenario) => {
      const snapshot = scenarioSnapshot(scenario, service, NOW_MS)
      for (const lever of LEVERS) {
        const opinion = sureOpinion(lever)
        const citations = [{ evidence: snapshot.evidence[0]!.id, stance: 'supports' as const, note: 'surely' }]
        const decision = decide(
          {
            ...{ snapshot, facts: deriveFacts(snapshot), state: stateOf(scenario), now: snapshot.takenAt },
            healthScore: { score: 20, maximum: 22, level: 'dr_failover', contributions: [] },
            anomaly: { risk: 1 },
            opinion: { ...opinion, verdict: { ...opinion.verdict!, citations } },
          },
          POLICY,
        )
        expect(scenarioFinding(scenario, decision, LEVERS), lever).toBeNull()
      }
    },
  )

  it('that should move nobody is a finding when somebody would be asked to, and the other way round', () => {
    const corruption = SCENARIOS.find(({ name }) => name === 'database-corruption')!
    const region = SCENARIOS.find(({ name }) => name === 'whole-region')!
    type Decided = Parameters<typeof scenarioFinding>[1]
    const ask: Decided = { action: 'region_failover', disposition: 'ask', blocked: [] }
    const blocked: Decided['blocked'] = [{ action: 'region_failover', rules: ['target.lag'] }]
    const page: Decided = { action: 'page_human', disposition: 'notify', blocked }
    expect(scenarioFinding(corruption, ask, LEVERS)).toContain('it would ask region_failover')
    expect(scenarioFinding(corruption, { ...ask, disposition: 'notify' }, LEVERS)).toBeNull()
    expect(scenarioFinding(region, page, LEVERS)).toContain('target.lag')
    expect(scenarioFinding(region, page, [])).toContain('no failover plan')
  })

  it('is the same evidence every time, and of the service that is drilled', () => {
    for (const scenario of SCENARIOS) {
      const [one, two] = [1, 2].map(() => scenarioSnapshot(scenario, service, NOW_MS))
      expect(one).toEqual(two)
      expect(one?.service).toEqual(service)
    }
  })
})
