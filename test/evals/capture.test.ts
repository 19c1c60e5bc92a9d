import { describe, expect, it } from 'vitest'
import { epochMs, instantOf } from '../../agent/domain/time.ts'
import { collectEvidence } from '../../agent/engine/collect.ts'
import type { KeptExchange } from '../../agent/engine/kept-exchange.ts'
import { stoppedClock } from '../../agent/lib/clock.ts'
import { rulesAnalyst } from '../../agent/llm/rules.ts'
import { defaultPolicy } from '../../agent/policy/policy.ts'
import { collectorsFor } from '../../collectors/index.ts'
import { httpOnlyPorts } from '../../collectors/shared/ports.ts'
import { captureCase, type GivenLabel } from '../../evals/capture.ts'
import { parseCase } from '../../evals/case.ts'
import { HEALTH_SCORE } from '../../evals/deciders.ts'
import { productionDecider } from '../../evals/production-decider.ts'
import { recordedEntry } from '../../evals/recorded-scope.ts'
import { snapshotOf } from '../../evals/recorded-snapshot.ts'
import { recordedUpstream } from '../../evals/recorded-upstream.ts'
import { caseText, SOME_CASES } from './eval-set.ts'

const label: GivenLabel = {
  best: 'observe',
  acceptable: [],
  tolerable: ['page_human', 'no_action'],
  forbidden: ['self_heal', 'rollback_change', 'region_failover', 'dr_failover'],
  category: 'none',
  why: 'it went away',
}
const about = { title: 'Captured', tags: ['captured'], difficulty: 'medium', minutesSinceOnset: null }

/** A decision's record as production keeps it: the snapshot, and every exchange with an upstream. */
async function recordOf(id: string) {
  const { incident } = parseCase(caseText(id), id)
  const snapshot = await snapshotOf(incident)
  const bodies: KeptExchange[] = []
  const nowMs = epochMs(incident.decidedAt)
  const clock = stoppedClock(nowMs)
  const { service, collectors } = recordedEntry(incident)
  await collectEvidence(
    collectorsFor({ collectors }, httpOnlyPorts(clock)),
    { service },
    {
      window: { from: instantOf(nowMs - 3_600_000), to: incident.decidedAt },
      http: recordedUpstream(incident).http,
      mask: async (text) => text,
      clock,
      keep: (exchange) => bodies.push(exchange),
    },
    3_600_000,
  )
  return { id: `captured-${id}`, snapshot, bodies, alertBodies: [incident.alert] }
}

describe('capturing a decision', () => {
  it.each([...SOME_CASES, 'b-blind-desk', 'c-quotes-euw3-blind'])(
    '%s: becomes a case that decides the same',
    async (id) => {
      const record = await recordOf(id)
      const captured = captureCase(record, label, about)
      const one = parseCase(JSON.stringify(captured), 'captured.json')
      const again = await snapshotOf(one.incident)
      const status = (of: typeof again) => of.evidence.map((piece) => [piece.id, piece.status, piece.signals.length])
      expect(status(again)).toEqual(status(record.snapshot))
      const decider = productionDecider({
        analyst: rulesAnalyst(),
        policy: defaultPolicy(),
        healthScore: HEALTH_SCORE,
        promptHash: null,
        isFree: true,
      })
      const abort = new AbortController().signal
      const answer = async (of: typeof again) => (await decider.probe!(of, abort)).action
      expect(await answer(again)).toBe(await answer(record.snapshot))
      expect(one.label.why).toBe('it went away')
    },
  )
  it('refuses when a body was pruned', async () => {
    const record = await recordOf('a-site-euw8')
    const pruned = { ...record, bodies: record.bodies.filter(({ evidenceId }) => !evidenceId.startsWith('prometheus')) }
    expect(() => captureCase(pruned, label, about)).toThrow(/prometheus:.* is no longer kept/)
  })
  it('refuses a label that leaves an action out', async () => {
    const record = await recordOf('a-site-euw8')
    expect(() => captureCase(record, { ...label, tolerable: [] }, about)).toThrow(/stands in no tier/)
  })
})
