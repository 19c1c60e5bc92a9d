import { describe, expect, it } from 'vitest'
import type { Action } from '../../agent/domain/action.ts'
import type { Facts } from '../../agent/domain/facts.ts'
import type { Opinion } from '../../agent/domain/verdict.ts'
import { decideUnhashed } from '../../agent/policy/gate.ts'
import { type AgentState, type GateInput, quietState } from '../../agent/policy/input.ts'
import { defaultPolicy } from '../../agent/policy/policy.ts'
import { RULES } from '../../agent/policy/rules.ts'
import { ago, BLIND, clearOutage, factsWith, inputWith, NOW, sureOpinion } from './inputs.ts'

/** What one rule alone says about one action. */
function saysOf(id: string, action: Action, change: Partial<GateInput> = {}): string | undefined {
  const rule = RULES.find((one) => one.id === id)
  return rule?.apply(inputWith(change), defaultPolicy()).find((finding) => finding.action === action)?.ceiling
}
const onState = (id: string, change: Partial<AgentState>, action: Action = 'region_failover') =>
  saysOf(id, action, { state: { ...quietState(), ...change } })
const onFacts = (id: string, change: (facts: Facts) => void, action: Action = 'region_failover') =>
  saysOf(id, action, { facts: factsWith(change) })
const blaming = (category: NonNullable<Opinion['verdict']>['rootCause']['category'], provider: string | null) => {
  const opinion = sureOpinion()
  opinion.verdict!.rootCause = { category, provider, summary: '' }
  return opinion
}

describe('rules, each alone', () => {
  it('say no to every lever without a verdict', () => {
    const opinion: Opinion = { ...sureOpinion(), verdict: null, abstained: { reason: 'refused', detail: '' } }
    for (const id of [
      'opinion.present',
      'opinion.confidence',
      'opinion.cause',
      'opinion.citations',
      'place.leaves-the-blamed',
      'place.shared-with-the-blamed',
      'place.blamed-is-seen',
    ])
      expect(saysOf(id, 'dr_failover', { opinion }), id).toBe('none')
  })

  it('ask for plans that cannot be undone or fenced, and refuse what has none', () => {
    const plan = { hash: 'h', irreversible: false, unfenced: false }
    expect(onState('plan.exists', { plans: {} })).toBe('none')
    expect(onState('plan.exists', { plans: { region_failover: null } })).toBe('none')
    expect(onState('plan.reversible', { plans: { region_failover: { ...plan, irreversible: true } } })).toBe('ask')
    expect(onState('plan.reversible', { plans: { region_failover: { ...plan, alwaysAsked: true } } })).toBe('ask')
    expect(onState('plan.fenced', { plans: { region_failover: { ...plan, unfenced: true } } })).toBe('ask')
    expect(onState('plan.fenced', { plans: { region_failover: plan } })).toBe('act')
  })

  it('tell being cut off from a site that is gone', () => {
    const reach = (recoverySiteReachable: boolean | null, neutralAnchorReachable: boolean | null) =>
      onState('state.isolation', { isolation: { recoverySiteReachable, neutralAnchorReachable } })
    expect(reach(false, false)).toBe('notify')
    expect(reach(false, true)).toBe('ask')
    expect(reach(true, false)).toBe('ask')
    expect(reach(null, null)).toBe('ask')
    expect(reach(true, true)).toBe('act')
  })

  it('end a cooldown at its very moment', () => expect(onState('state.cooldown', { cooldownUntil: NOW })).toBe('act'))

  it.each([
    ['a failover', 'dr_failover', 'notify'],
    ['nobody knows what', null, 'notify'],
    ['a restart', 'self_heal', 'act'],
    ['an undone change', 'rollback_change', 'act'],
  ] as const)(
    'in the cooldown after %s hold what the store would refuse, and no failover without need',
    (_name, cooldownAfter, failover) => {
      const under = { cooldownUntil: ago(-1), cooldownAfter }
      for (const action of ['self_heal', 'rollback_change'] as const)
        expect(onState('state.cooldown', under, action), action).toBe('notify')
      for (const action of ['region_failover', 'dr_failover'] as const)
        expect(onState('state.cooldown', under, action), action).toBe(failover)
    },
  )

  it('ask before anything is moved where a run could not be undone', () => {
    for (const action of ['self_heal', 'rollback_change', 'region_failover', 'dr_failover'] as const)
      expect(onState('state.half-moved', { halfMoved: 'run-1' }, action), action).toBe('ask')
    expect(onState('state.half-moved', {})).toBe('act')
  })

  it('ask, not act, for a cause that only asking is for', () => {
    expect(saysOf('opinion.cause', 'dr_failover', { opinion: blaming('third_party_service', 'x') })).toBe('ask')
    expect(saysOf('opinion.cause', 'self_heal', { opinion: blaming('mixed', null) })).toBe('ask')
  })

  it('count kinds of observers behind citations, of evidence that answered', () => {
    const citing = (...ids: string[]) => {
      const opinion = sureOpinion()
      opinion.verdict!.citations = ids.map((evidence) => ({ evidence, stance: 'supports', note: '' }))
      return saysOf('opinion.citations', 'region_failover', { opinion })
    }
    expect(citing('prometheus:error_rate', 'health:internal_services')).toBe('ask')
    expect(citing('prometheus:error_rate:1', 'health:external_uptime')).toBe('act')
    expect(citing()).toBe('notify')
    const opinion = sureOpinion()
    for (const citation of opinion.verdict!.citations) citation.stance = 'contradicts'
    expect(saysOf('opinion.citations', 'region_failover', { opinion })).toBe('notify')
    const snapshot = clearOutage()
    for (const piece of snapshot.evidence) piece.status = 'failed'
    expect(saysOf('opinion.citations', 'region_failover', { snapshot })).toBe('notify')
  })

  it('move away from the blamed, and not towards it', () => {
    const leaves = (action: Action, opinion: Opinion) => saysOf('place.leaves-the-blamed', action, { opinion })
    expect(leaves('region_failover', blaming('network_transit', 'a carrier'))).toBe('ask')
    expect(leaves('region_failover', blaming('third_party_service', 'paymate'))).toBe('none')
    expect(leaves('dr_failover', blaming('gcp_infrastructure', null))).toBe('none')
    expect(leaves('dr_failover', blaming('aws_infrastructure', null))).toBe('act')
    expect(leaves('dr_failover', blaming('network_transit', null))).toBe('ask')
  })

  it('know what belongs to whom is blamed', () => {
    const shared = (
      opinion: Opinion,
      dependency: string,
      dependsOn = ['aws:rds', 'fastly:cdn', 'third_party:paymate'],
    ) => {
      const snapshot = clearOutage()
      snapshot.service.dependsOn = dependsOn
      const facts = factsWith((f) => {
        f.targets.dr.sharedDependencies = [dependency]
        f.dependencies = []
      })
      return saysOf('place.shared-with-the-blamed', 'dr_failover', { opinion, snapshot, facts })
    }
    expect(shared(blaming('cdn_infrastructure', null), 'fastly:cdn')).toBe('none')
    expect(shared(blaming('cdn_infrastructure', null), 'aws:rds')).toBe('act')
    expect(shared(blaming('network_transit', null), 'fastly:cdn')).toBe('act')
    expect(shared(blaming('third_party_service', null), 'fastly:cdn')).toBe('act')
    expect(shared(blaming('third_party_service', 'paymate'), 'third_party:paymate')).toBe('none')
    expect(shared(blaming('aws_infrastructure', null), 'aws:rds')).toBe('none')
    expect(shared(blaming('aws_infrastructure', null), 'aws:iam')).toBe('ask')
    expect(shared(blaming('aws_infrastructure', null), 'own:aws')).toBe('act')
  })

  it('take only an open issue of the whole provider for one', () => {
    const everywhere = (change: Partial<Facts['providerEvents'][number]>) =>
      onFacts('place.everywhere', (f) => {
        f.providerEvents = [{ ...f.providerEvents[0]!, primary: 'provider', secondary: 'provider', ...change }]
      })
    expect(everywhere({})).toBe('none')
    expect(everywhere({ isOpen: false })).toBe('act')
    expect(everywhere({ category: 'maintenance' })).toBe('act')
    expect(everywhere({ secondary: 'no' })).toBe('act')
  })

  it('ask when a provider feed could not be read, and only then', () => {
    const failed = (observer: 'provider' | 'own_telemetry') =>
      onFacts('place.event-at-target', (f) => f.evidence.failed.push({ id: 'x', observer, kind: 'timeout' }))
    expect(failed('provider')).toBe('ask')
    expect(failed('own_telemetry')).toBe('act')
  })

  it('count two classes of observers as enough, one of them outside', () => {
    const silent = (f: Facts) => {
      f.hurt.provider = BLIND
    }
    expect(onFacts('users.observers', silent)).toBe('act')
    expect(
      onFacts('users.observers', (f) => {
        f.hurt.own_telemetry = BLIND
      }),
    ).toBe('act')
    expect(
      onFacts('users.observers', (f) => {
        silent(f)
        f.hurt.own_telemetry.isRecovering = true
      }),
    ).toBe('ask')
  })

  it('count bad evaluations over more than a minute, and not those of long ago', () => {
    const history = (...secondsAgo: number[]) =>
      onState('users.sustained', {
        evaluations: secondsAgo.map((seconds) => ({ at: ago(seconds / 60), state: 'bad' as const })),
      })
    expect(history(60, 30, 0)).toBe('ask')
    expect(history(61, 30, 0)).toBe('act')
    expect(history(61, 0)).toBe('ask')
    expect(history(900, 30, 0)).toBe('act')
    expect(history(901, 30, 0)).toBe('ask')
  })

  it('let watching be when one side sees users well, or better', () => {
    const watching = (change: (f: Facts) => void) =>
      onFacts(
        'users.unattended',
        (f) => {
          f.onset.minutesAgo = 60
          change(f)
        },
        'observe',
      )
    expect(watching(() => {})).toBe('none')
    expect(watching((f) => (f.hurt.own_telemetry = BLIND))).toBe('act')
    expect(watching((f) => (f.hurt.outside_probe = BLIND))).toBe('act')
    expect(watching((f) => (f.hurt.isRecovering = true))).toBe('act')
    expect(watching((f) => (f.onset.minutesAgo = null))).toBe('act')
  })

  it('are named by what they did', () => {
    const { reasons } = decideUnhashed(
      inputWith({ state: { ...quietState(), plans: {}, frozen: true } }),
      defaultPolicy(),
    )
    const outcome = (id: string) => reasons.find((reason) => reason.rule === id)?.outcome
    expect(['plan.exists', 'state.frozen', 'state.paused', 'sla.impact'].map(outcome)).toEqual([
      'block',
      'limit',
      'pass',
      'info',
    ])
  })

  it('leave milder levers to people when nobody sees users, or users are fine', () => {
    const blind = (f: Facts) => {
      f.hurt.own_telemetry = BLIND
      f.hurt.outside_probe = BLIND
      f.hurt.overall = 'unknown'
    }
    const fine = (f: Facts) => {
      f.hurt.overall = 'no'
    }
    expect(onFacts('users.hurt', blind, 'rollback_change')).toBe('ask')
    expect(onFacts('users.hurt', blind, 'self_heal')).toBe('ask')
    expect(onFacts('users.hurt', blind)).toBe('none')
    expect(onFacts('users.hurt', fine, 'rollback_change')).toBe('ask')
    expect(onFacts('users.hurt', fine, 'self_heal')).toBe('none')
    const probesOnly = (f: Facts) => {
      f.hurt.own_telemetry = BLIND
    }
    expect(onFacts('users.hurt', probesOnly, 'rollback_change')).toBe('act')
  })

  it('say no about a target of which nothing is known, each of them', () => {
    for (const { id } of RULES.filter((rule) => rule.id.startsWith('target.'))) {
      expect(
        onFacts(id, (f) => (f.targets.secondary.signal = null)),
        id,
      ).toBe('none')
      expect(
        onFacts(id, (f) => (f.targets.secondary.exists = false)),
        id,
      ).toBe('none')
      expect(
        onFacts(id, () => {}),
        id,
      ).toBe('act')
    }
  })

  it('speak about page_human never, so that people always remain', () => {
    const spoken = RULES.flatMap((rule) => rule.apply(inputWith(), defaultPolicy()).map((finding) => finding.action))
    expect(spoken).not.toContain('page_human')
    expect(decideUnhashed(inputWith({ opinion: sureOpinion('page_human') }), defaultPolicy())).toMatchObject({
      action: 'page_human',
      disposition: 'notify',
      planHash: null,
      target: null,
    })
  })

  it('make a question expire', () => {
    const decision = decideUnhashed(inputWith({ opinion: { ...sureOpinion(), analyst: 'rules' } }), defaultPolicy())
    expect(decision).toMatchObject({ disposition: 'ask', expiresAt: '2026-03-01T12:10:00.000Z' })
  })
})
