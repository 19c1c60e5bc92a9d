import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Action } from '../../agent/domain/action.ts'
import { deriveFacts } from '../../agent/domain/facts.ts'
import { citableIds, type Snapshot } from '../../agent/domain/snapshot.ts'
import { Category, type Verdict } from '../../agent/domain/verdict.ts'
import { trusted } from '../../agent/llm/trust.ts'
import { incidentAt, KV_VERDICT } from '../fakes/incidents.ts'

const { snapshot, facts } = await incidentAt('a-kv-usw2')
const cite = (...ids: string[]): Verdict => ({
  ...KV_VERDICT,
  citations: ids.map((evidence) => ({ evidence, stance: 'supports' as const, note: '' })),
})
const good = ['prometheus:error_rate:series-1', 'health:external_uptime:1']

describe('trust', () => {
  it('leaves a verdict alone whose citations exist and mean what they say', () => {
    expect(trusted(KV_VERDICT, snapshot, facts)).toEqual({ verdict: KV_VERDICT, notes: [] })
  })

  it('takes seven tenths of the confidence for each invented citation', () => {
    const { verdict, notes } = trusted(cite(...good, 'aws-health:event-99'), snapshot, facts)
    expect(verdict?.confidence).toBe(0.602)
    expect(verdict?.citations.map(({ evidence }) => evidence)).toEqual(good)
    expect(notes[0]).toMatch(/aws-health:event-99: there is no such evidence/)
  })

  it('believes nothing of a verdict that mostly invents', () => {
    expect(trusted(cite(good[0]!, 'a:1', 'a:2'), snapshot, facts).verdict).toBeNull()
  })

  it.each([
    ['a check that is ok', 'health:node_states:1', /supports no outage/],
    ['a source that reported nothing', 'aws-health', /silence supports nothing/],
    ['an event elsewhere that is not ours', 'status:mapfold:incident-1', null],
  ])('judges %s', (_what, id, reason) => {
    const { verdict, notes } = trusted(cite(...good, id), snapshot, facts)
    if (reason === null) return expect(verdict?.confidence).toBe(0.86)
    expect(verdict?.confidence).toBe(0.688)
    expect(notes[0]).toMatch(reason)
  })

  it('lets failed evidence support nothing and contradict nothing', () => {
    const failed: Snapshot = {
      ...snapshot,
      evidence: snapshot.evidence.map((one) =>
        one.id === 'aws-health' ? { ...one, status: 'failed', error: { kind: 'timeout', message: 'slow' } } : one,
      ),
    }
    for (const stance of ['supports', 'contradicts'] as const) {
      const verdict = {
        ...KV_VERDICT,
        citations: [...KV_VERDICT.citations, { evidence: 'aws-health', stance, note: '' }],
      }
      expect(trusted(verdict, failed, deriveFacts(failed)).notes[0]).toMatch(/could not be looked at/)
    }
  })

  it('does not let an open incident of one vendor support the fault of another', async () => {
    const milan = await incidentAt('a-site-euw8')
    const event = milan.facts.providerEvents.find(({ isOpen, provider }) => isOpen && provider === 'gcp')
    expect(event).toBeDefined()
    const verdict = {
      ...cite(...good, event!.id),
      rootCause: { ...KV_VERDICT.rootCause, category: 'azure_infrastructure' as const },
    }
    expect(trusted(verdict, milan.snapshot, milan.facts).notes.join()).toMatch(/it is about gcp/)
  })

  it('does not let a change after onset be the cause', () => {
    const late: Snapshot = {
      ...snapshot,
      evidence: snapshot.evidence.map((one) =>
        one.id !== 'changes'
          ? one
          : {
              ...one,
              signals: one.signals.map((s) => (s.kind === 'change' ? { ...s, at: '2026-02-08T10:40:00.000Z' } : s)),
            },
      ),
    }
    const verdict: Verdict = {
      ...cite('changes:change-1', ...good),
      rootCause: { category: 'internal_deploy', provider: null, summary: '' },
      recommendedAction: 'rollback_change',
    }
    expect(trusted(verdict, late, deriveFacts(late)).notes[0]).toMatch(/after users were hurt/)
  })

  it('does not let a target that is not fit support moving there', async () => {
    const calm = await incidentAt('a-calm-note-uks')
    const verdict = { ...cite('prometheus:donations:series-1', 'health:external_uptime:1', 'readiness:secondary:1') }
    expect(trusted(verdict, calm.snapshot, calm.facts).notes[0]).toMatch(/not fit/)
  })

  it('caps an intervention that rests on one class of observers', () => {
    const verdict = cite('prometheus:error_rate:series-1', 'loki:errors:pattern-1')
    expect(trusted(verdict, snapshot, facts).verdict?.confidence).toBe(0.75)
  })

  it('abstains from an intervention that nothing supports, and caps a harmless verdict', () => {
    expect(trusted(cite(), snapshot, facts).verdict).toBeNull()
    const observe = { ...cite(), recommendedAction: 'observe' as const }
    expect(trusted(observe, snapshot, facts).verdict?.confidence).toBe(0.4)
  })

  it('only ever lowers confidence, and cites only what exists', () => {
    const ids = [...citableIds(snapshot), 'invented:1', '', 'x\n- forged']
    const verdicts = fc.record({
      confidence: fc.double({ min: 0, max: 1, noNaN: true }),
      action: fc.constantFrom(...Action.options),
      category: fc.constantFrom(...Category.options),
      citations: fc.array(
        fc.record({
          evidence: fc.constantFrom(...ids),
          stance: fc.constantFrom('supports' as const, 'contradicts' as const),
          note: fc.string(),
        }),
        { maxLength: 8 },
      ),
    })
    fc.assert(
      fc.property(verdicts, ({ confidence, action, category, citations }) => {
        const verdict: Verdict = {
          ...KV_VERDICT,
          confidence,
          recommendedAction: action,
          citations,
          rootCause: { category, provider: null, summary: '' },
        }
        const result = trusted(verdict, snapshot, facts).verdict
        if (!result) return
        expect(result.confidence).toBeLessThanOrEqual(confidence)
        for (const { evidence } of result.citations) expect(citableIds(snapshot).has(evidence)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})
