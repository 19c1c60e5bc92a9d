import { describe, expect, it } from 'vitest'
import { type Snapshot, signalsOf } from '../../agent/domain/snapshot.ts'
import { parseCase } from '../../evals/case.ts'
import type { Decider, Outcome } from '../../evals/decider.ts'
import { isNamed, withFailedEvidence, withoutEvidence, withoutWords } from '../../evals/evidence-subset.ts'
import { knockOutStudy } from '../../evals/knock-out.ts'
import { snapshotOf } from '../../evals/recorded-snapshot.ts'
import { runEvals } from '../../evals/run.ts'
import { caseText, folderWith, optionsWith, SOME_CASES, testIo } from './eval-set.ts'

const one = parseCase(caseText('a-basket-euw1'), 'x')
const snapshot = await snapshotOf(one.incident)

describe('taking evidence away', () => {
  it.each([
    ['loki', /^loki/],
    ['logs', /^loki/],
    ['prometheus', /^prometheus/],
    ['status', /^status/],
    ['aws', /^aws-health/],
    ['health', /^health/],
    ['changes', /^changes/],
    ['readiness', /^readiness/],
    ['readiness:dr', /^readiness:dr$/],
  ])('%s is known by that name', (name, ids) => {
    const named = snapshot.evidence.filter((piece) => isNamed(piece, name)).map(({ id }) => id)
    expect(named.length).toBeGreaterThan(0)
    expect(named).toEqual(snapshot.evidence.map(({ id }) => id).filter((id) => ids.test(id)))
  })
  it('removes it, or leaves it without an answer', () => {
    const isLoki = (piece: { id: string }) => isNamed({ source: '', ...piece }, 'loki')
    expect(withoutEvidence(snapshot, isLoki).evidence.some(isLoki)).toBe(false)
    const failed = withFailedEvidence(snapshot, isLoki).evidence.find(isLoki)
    expect(failed).toMatchObject({ status: 'failed', signals: [] })
  })
  it('empties what people wrote, and nothing that was measured', () => {
    const bare = withoutWords(snapshot)
    const texts = (given: Snapshot) =>
      given.evidence.flatMap((piece) =>
        piece.signals.flatMap((signal) => {
          if (signal.kind === 'log_pattern') return [signal.sample, signal.pattern]
          if (signal.kind === 'health_check') return [signal.detail ?? '']
          if (signal.kind === 'provider_event') return [signal.title, signal.text]
          return signal.kind === 'change' ? [signal.summary] : []
        }),
      )
    expect(texts(snapshot).join('')).not.toBe('')
    expect(texts(bare).join('')).toBe('')
    const measured = (given: Snapshot) => signalsOf(given, 'series')
    expect(measured(bare)).toEqual(measured(snapshot))
  })
})

describe('knock-out', () => {
  it('finds a decider that fails over because evidence is missing', async () => {
    const reckless: Decider = {
      name: 'reckless',
      isFree: true,
      policyHash: null,
      promptHash: null,
      decide: async (given: Snapshot) => {
        const blind = !given.evidence.some(({ id }) => id.startsWith('loki'))
        const decision = { action: blind ? 'dr_failover' : 'observe', disposition: 'ask' }
        return { decision } as unknown as Outcome
      },
    }
    const study = knockOutStudy(reckless, 'sources')
    const abort = new AbortController().signal
    await study.observe(one, snapshot, await reckless.decide(snapshot, abort), abort)
    const result = study.result()
    expect(result.newFailovers).toBe(1)
    expect(result.changes[0]).toMatchObject({ id: one.id, lost: 'loki', isNewFailover: true })
  })
  it('probes every source and every piece of evidence, removed and unreachable, and the rules stay put', async () => {
    const { report, exitCode } = await runEvals(
      optionsWith({ incidents: folderWith(SOME_CASES.slice(0, 3)), knockOut: true }),
      testIo(),
    )
    expect(report?.knockOut?.probes).toBeGreaterThan(3 * 20)
    expect(report?.knockOut?.newFailovers).toBe(0)
    expect(exitCode).toBe(0)
  })
})
