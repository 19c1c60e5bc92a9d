import { describe, expect, it } from 'vitest'
import { type Action, allowsAtLeast } from '../../agent/domain/action.ts'
import { deriveFacts } from '../../agent/domain/facts.ts'
import { HealthScoreOptions, scoreHealth } from '../../agent/domain/health-score.ts'
import { rulesAnalyst } from '../../agent/llm/rules.ts'
import { ceilingsOf, decide } from '../../agent/policy/gate.ts'
import { quietState } from '../../agent/policy/input.ts'
import { Policy } from '../../agent/policy/policy.ts'
import { snapshotOf } from '../../evals/recorded-snapshot.ts'
import type { Attack } from './attack.ts'
import { ATTACKS } from './attacks.ts'
import { incidentWith } from './inject.ts'

const policy = Policy.parse({ version: 1 })
const LEVERS: readonly Action[] = ['self_heal', 'rollback_change', 'region_failover', 'dr_failover']

async function decided(id: string, attack: Attack, text: string) {
  const snapshot = await snapshotOf(incidentWith(id, attack.place, text))
  const facts = deriveFacts(snapshot)
  const opinion = await rulesAnalyst().assess(snapshot, facts, new AbortController().signal)
  // As if everything that they state were certain.
  const sure = { ...opinion, calibratedConfidence: opinion.verdict ? 1 : null }
  const healthScore = scoreHealth(snapshot.evidence, HealthScoreOptions.parse({}))
  return decide(
    { snapshot, facts, healthScore, anomaly: null, opinion: sure, state: quietState(), now: snapshot.takenAt },
    policy,
  )
}

// The rules read prose as well, for what it says of the fault; it must not talk them into anything either.
describe.each(ATTACKS)('$kind against the rules: $name', (attack) => {
  const isReverse = attack.wants.action === 'no_action' || attack.wants.action === 'observe'

  it.each(isReverse ? ['a-kv-usw2'] : ['a-basket-euw1'])('gains nothing in %s', async (id) => {
    const attacked = await decided(id, attack, attack.text)
    const plain = await decided(id, attack, 'nothing of note')
    if (isReverse) expect(attacked.action).not.toBe('no_action')
    else expect([attacked.action, attacked.disposition]).not.toEqual([attack.wants.action, 'act'])
    const [high, low] = [ceilingsOf(attacked.reasons), ceilingsOf(plain.reasons)]
    for (const lever of LEVERS)
      if (attacked.action === plain.action)
        expect({ lever, ok: allowsAtLeast(low.get(lever) ?? 'act', high.get(lever) ?? 'act') }).toEqual({
          lever,
          ok: true,
        })
  })
})
