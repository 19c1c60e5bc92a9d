import { describe, expect, it } from 'vitest'
import { deriveFacts } from '../../agent/domain/facts.ts'
import type { GateInput } from '../../agent/policy/input.ts'
import { quietState } from '../../agent/policy/input.ts'
import { defaultPolicy } from '../../agent/policy/policy.ts'
import { RULES } from '../../agent/policy/rules.ts'
import { ago, BLIND, clearOutage, factsWith, inputWith, sureOpinion } from './inputs.ts'

/** Fields that hold what somebody wrote. */
const PROSE = [
  'title',
  'text',
  'detail',
  'summary',
  'reasoning',
  'note',
  'whyNot',
  'pattern',
  'sample',
  'annotations',
  'message',
  'unknowns',
  'notes',
  'alternatives',
]

/** The value behind a watcher that records every path that is read; list positions are written as `[]`. */
function watched<T extends object>(value: T, path: string, seen: Set<string>): T {
  return new Proxy(value, {
    get(target, key, receiver) {
      const found: unknown = Reflect.get(target, key, receiver)
      if (typeof key === 'symbol' || typeof found === 'function') return found
      if (Array.isArray(target) && key === 'length') return found
      const here = Array.isArray(target) ? `${path}[]` : path === '' ? key : `${path}.${key}`
      seen.add(here)
      return typeof found === 'object' && found !== null ? watched(found, here, seen) : found
    },
  })
}

/** Whether reading a path is covered by a declaration: it is declared, lies under one, or leads to one. */
function isDeclared(path: string, reads: readonly string[]): boolean {
  return reads.some(
    (read) =>
      path === read ||
      path.startsWith(`${read}.`) ||
      path.startsWith(`${read}[]`) ||
      read.startsWith(`${path}.`) ||
      read.startsWith(`${path}[]`),
  )
}

const inputs: GateInput[] = [
  inputWith(),
  inputWith({
    opinion: sureOpinion('dr_failover'),
    anomaly: { risk: 0.4 },
    state: { ...quietState(), cooldownUntil: ago(-5), activeRun: 'r', evaluations: [{ at: ago(1), state: 'bad' }] },
  }),
  inputWith({
    opinion: {
      ...sureOpinion(),
      verdict: null,
      abstained: { reason: 'deadline', detail: 'd' },
      calibratedConfidence: null,
    },
  }),
  inputWith({
    facts: factsWith((facts) => {
      facts.hurt.own_telemetry = BLIND
      facts.targets.secondary.signal = null
      facts.providerEvents = []
      facts.checks = []
    }),
  }),
  inputWith({
    facts: factsWith((facts) => {
      facts.changes.push({
        id: 'c',
        evidence: 'changes',
        kind: 'deploy',
        service: 'shop',
        at: ago(12),
        rolloutPercent: 5,
        minutesBeforeOnset: 2,
        ageMinutes: 12,
        relation: 'service',
      })
      facts.breakdowns.push({
        dimension: 'zone',
        family: 'f',
        split: 'some',
        members: [
          { value: 'a', series: 's', isAffected: true, current: 1 },
          { value: 'b', series: 't', isAffected: false, current: 0 },
        ],
      })
    }),
  }),
]
inputs.push(inputWith({ facts: { ...inputs[4]!.facts, checks: [] } }))
for (const category of ['third_party_service', 'cdn_infrastructure', 'network_transit', 'internal_data'] as const) {
  const opinion = sureOpinion('dr_failover')
  opinion.verdict!.rootCause = { category, provider: null, summary: 's' }
  inputs.push(inputWith({ opinion }))
}

describe.each(RULES.map((rule) => [rule.id, rule] as const))('%s', (_id, rule) => {
  const seen = new Set<string>()
  for (const input of inputs) rule.apply(watched(input, '', seen), watched(defaultPolicy(), 'policy', seen))

  it('reads what it declares and nothing else', () => {
    expect([...seen].filter((path) => !isDeclared(path, rule.reads))).toEqual([])
  })

  it('declares nothing that it never reads', () => {
    expect(
      rule.reads.filter(
        (read) =>
          ![...seen].some((path) => path === read || path.startsWith(`${read}.`) || path.startsWith(`${read}[]`)),
      ),
    ).toEqual([])
  })

  it('reads no prose', () => {
    expect([...seen].filter((path) => path.split(/[.[\]]+/).some((part) => PROSE.includes(part)))).toEqual([])
  })

  it('says what it is for', () => expect(rule.about).toMatch(/^[A-Z].*\.$/))
})

describe('deriving facts', () => {
  it('reads no prose', () => {
    const seen = new Set<string>()
    deriveFacts(watched(clearOutage(), '', seen))
    expect(seen.size).toBeGreaterThan(50)
    expect([...seen].filter((path) => path.split(/[.[\]]+/).some((part) => PROSE.includes(part)))).toEqual([])
  })
})
