import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Action, Disposition } from '../../agent/domain/action.ts'
import { Label } from '../../evals/case.ts'
import { delayMinutes } from '../../evals/delay-cost.ts'
import {
  delay,
  exact,
  exactOrAcceptable,
  harmful,
  missed,
  needless,
  rootCause,
  SCORERS,
  scoredAs,
  tierOf,
} from '../../evals/scorers.ts'

const deploy = Label.parse({
  best: 'rollback_change',
  acceptable: [],
  tolerable: ['page_human', 'self_heal'],
  forbidden: ['no_action', 'observe', 'region_failover', 'dr_failover'],
  category: 'internal_deploy',
  alsoCategories: ['internal_config'],
  why: 'a bad release',
})
const dead = Label.parse({
  best: 'region_failover',
  acceptable: ['dr_failover'],
  tolerable: ['page_human'],
  forbidden: ['no_action', 'observe', 'self_heal', 'rollback_change'],
  category: 'aws_infrastructure',
  why: 'the region is gone',
})
const decided = (action: Action, disposition: Disposition = 'act') => ({ action, disposition, category: null })

describe('what a decision counts as', () => {
  it('is itself when it is carried out or asked for', () => {
    expect(scoredAs(decided('dr_failover', 'act'))).toBe('dr_failover')
    expect(scoredAs(decided('dr_failover', 'ask'))).toBe('dr_failover')
  })
  it('is paging people when a lever is merely notified', () => {
    for (const lever of ['self_heal', 'rollback_change', 'region_failover', 'dr_failover'] as const)
      expect(scoredAs(decided(lever, 'notify'))).toBe('page_human')
  })
  it('is nothing when a lever is merely recorded, because nobody hears of it', () => {
    expect(scoredAs(decided('self_heal', 'record'))).toBe('no_action')
  })
  it('is itself when it looks or tells', () => {
    expect(scoredAs(decided('observe', 'record'))).toBe('observe')
    expect(scoredAs(decided('page_human', 'notify'))).toBe('page_human')
  })
})

describe('needless and missed failovers', () => {
  it('counts a forbidden failover that is carried out or asked for', () => {
    expect(needless(deploy, decided('region_failover', 'act')).score).toBe(1)
    expect(needless(deploy, decided('dr_failover', 'ask')).score).toBe(1)
  })
  it('does not count one that people are only told of', () => {
    expect(needless(deploy, decided('dr_failover', 'notify')).score).toBe(0)
    expect(tierOf(deploy, decided('dr_failover', 'notify'))).toBe('tolerable')
  })
  it('does not count a failover that is not forbidden', () => {
    expect(needless(dead, decided('dr_failover')).score).toBe(0)
  })
  it('counts a failover as missed only when something forbidden was decided instead', () => {
    expect(missed(dead, decided('observe', 'record')).score).toBe(1)
    expect(missed(dead, decided('page_human', 'notify')).score).toBe(0)
    expect(missed(deploy, decided('observe', 'record')).score).toBe(0)
  })
})

describe('scorers', () => {
  it('tell exact from acceptable from harmful', () => {
    expect(exact(dead, decided('region_failover')).score).toBe(1)
    expect(exact(dead, decided('dr_failover')).score).toBe(0)
    expect(exactOrAcceptable(dead, decided('dr_failover')).score).toBe(1)
    expect(harmful(dead, decided('self_heal')).score).toBe(1)
  })
  it('accept a second defensible category, and no category when it abstained', () => {
    expect(rootCause(deploy, { ...decided('observe'), category: 'internal_config' }).score).toBe(1)
    expect(rootCause(deploy, decided('observe')).score).toBe(0)
  })
  it('give a reason with every score', () => {
    for (const score of Object.values(SCORERS)) expect(score(deploy, decided('observe')).reason).not.toBe('')
  })
})

describe('cost of delay', () => {
  it('is nothing for the best action at once, and the time of asking otherwise', () => {
    expect(delay(dead, decided('region_failover', 'act')).score).toBe(0)
    expect(delay(dead, decided('region_failover', 'ask')).score).toBeGreaterThan(0)
  })
  it('is not free for paging or watching', () => {
    expect(delayMinutes(deploy, 'page_human', 'notify')).toBeGreaterThan(0)
    expect(delayMinutes(deploy, 'observe', 'record')).toBeGreaterThan(0)
  })
  it('ranks a needless failover above a page, and silence above watching', () => {
    expect(delayMinutes(deploy, 'dr_failover', 'act')).toBeGreaterThan(delayMinutes(deploy, 'page_human', 'notify'))
    expect(delayMinutes(dead, 'no_action', 'record')).toBeGreaterThan(delayMinutes(dead, 'observe', 'record'))
  })
})

describe('any label and decision', () => {
  const anyLabel = fc
    .tuple(
      fc.shuffledSubarray(Action.options, { minLength: 7, maxLength: 7 }),
      fc.array(fc.nat(2), { minLength: 6, maxLength: 6 }),
    )
    .map(([order, tiers]) => {
      const at = (tier: number) => order.slice(1).filter((_, index) => tiers[index] === tier)
      return Label.parse({
        best: order[0],
        acceptable: at(0),
        tolerable: at(1),
        forbidden: at(2),
        category: 'none',
        why: '',
      })
    })
  const anyDecided = fc.record({
    action: fc.constantFrom(...Action.options),
    disposition: fc.constantFrom(...Disposition.options),
    category: fc.constant(null),
  })
  it('stand in exactly one tier, and needless or missed implies harmful', () => {
    fc.assert(
      fc.property(anyLabel, anyDecided, (label, one) => {
        const tier = tierOf(label, one)
        expect(harmful(label, one).score).toBe(tier === 'forbidden' ? 1 : 0)
        if (needless(label, one).score === 1 || missed(label, one).score === 1) expect(tier).toBe('forbidden')
        expect(delay(label, one).score).toBeGreaterThanOrEqual(0)
      }),
    )
  })
})
