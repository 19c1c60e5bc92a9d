import { describe, expect, it } from 'vitest'
import { ALICE, asked, claimed, decisionOf, QUESTION } from './samples.ts'
import { type TestStore, testServer } from './test-database.ts'

const server = testServer()

function answer(test: TestStore, approvalId: string, person = 'alice', changes: object = {}) {
  const given = {
    approvalId,
    person,
    answer: 'approve' as const,
    via: 'slack',
    comment: null,
    factsHash: 'facts-1',
    planHash: 'plan-1',
  }
  return test.store.approvals.answer({ ...given, ...changes }, 60_000)
}

describe('an approval', () => {
  it('turns one yes into one run request, and is used up', async () => {
    const test = await server.open()
    const { approvalId, incidentId } = await asked(test)
    expect((await test.store.incidents.get(incidentId))?.state).toBe('awaiting_approval')
    const outcome = await answer(test, approvalId)
    expect(outcome).toMatchObject({
      outcome: 'approved',
      approval: { status: 'approved', votes: [{ person: 'alice' }] },
      run: { state: 'pending', planHash: 'plan-1', requestedBy: 'alice', dataLossConsentSeconds: 4 },
    })
    expect(await answer(test, approvalId, 'bob')).toMatchObject({ outcome: 'rejected', reason: 'not_pending' })
    expect(await test.store.runs.list()).toHaveLength(1)
    expect((await test.store.incidents.get(incidentId))?.state).toBe('executing')
    const kinds = (await test.store.audit.list()).map((one) => one.entry.kind).reverse()
    const path = ['decision_made', 'approval_requested', 'approval_voted', 'run_requested', 'approval_closed']
    expect(kinds).toEqual([...path, 'administrative_act'])
    expect((await test.store.audit.list())[0]!.entry).toMatchObject({
      ...{ act: 'approval_answer_rejected', reason: 'not_pending', actor: { id: 'bob', via: 'slack' } },
      details: { approvalId, answer: 'approve' },
    })
    expect(await test.store.audit.verify(test.anchors)).toMatchObject({ ok: true })
  })

  it('counts each person once and needs as many as policy says', async () => {
    const test = await server.open()
    const { approvalId } = await asked(test, 'checkout', { needed: 2 })
    expect(await answer(test, approvalId)).toMatchObject({ outcome: 'voted', missing: 1 })
    expect(await answer(test, approvalId, 'alice', { via: 'cli' })).toMatchObject({ reason: 'already_voted' })
    expect(await answer(test, approvalId, 'bob')).toMatchObject({ outcome: 'approved' })
  })

  it('given twice at the same moment makes one run', async () => {
    const test = await server.open()
    const { approvalId } = await asked(test)
    const outcomes = await Promise.all([answer(test, approvalId, 'alice'), answer(test, approvalId, 'bob')])
    expect(outcomes.map((one) => one.outcome).sort()).toEqual(['approved', 'rejected'])
    expect(await test.store.runs.list()).toHaveLength(1)
  })

  it('refused by one person is refused', async () => {
    const test = await server.open()
    const { approvalId, incidentId } = await asked(test, 'checkout', { needed: 2 })
    expect(await answer(test, approvalId, 'bob', { answer: 'refuse' })).toMatchObject({ outcome: 'refused' })
    expect(await answer(test, approvalId)).toMatchObject({ reason: 'not_pending' })
    expect((await test.store.incidents.get(incidentId))?.state).toBe('open')
  })

  const refused: [string, string, object, string][] = [
    ['by a stranger', 'mallory', {}, 'not_an_approver'],
    ['of other facts', 'alice', { factsHash: 'facts-0' }, 'facts_changed'],
    ['of another plan', 'alice', { planHash: 'plan-0' }, 'plan_changed'],
    ['of nothing that is known', 'alice', { approvalId: 'apr_none' }, 'not_found'],
  ]
  it.each(refused)('%s does not count', async (_name, person, changes, reason) => {
    const test = await server.open()
    const { approvalId } = await asked(test)
    expect(await answer(test, approvalId, person, changes)).toMatchObject({ outcome: 'rejected', reason })
    expect(await test.store.runs.list()).toEqual([])
  })

  it('says beforehand what an answer would come to, in the same words, and leaves no trace', async () => {
    const test = await server.open()
    const { approvalId, decisionId } = await asked(test, 'checkout', { needed: 2 })
    const policyHash = (await test.store.decisions.get(decisionId))!.decision.policyHash
    await answer(test, approvalId, 'bob')
    await test.store.freezes.set({ service: 'search', kind: 'freeze', reason: 'x', by: ALICE, until: null })
    const frozen = await asked(test, 'search')
    const late = await asked(test, 'ledger', { expiresAt: '2026-03-01T12:01:00.000Z' })
    const taken = await asked(test, 'basket')
    await answer(test, taken.approvalId)
    test.clock.advance(120_000)
    const tries = [
      [approvalId, 'mallory', {}],
      [approvalId, 'bob', {}],
      [approvalId, 'alice', { factsHash: 'facts-0' }],
      [approvalId, 'alice', { planHash: 'plan-0' }],
      [approvalId, 'alice', { policyHash: 'other' }],
      ['apr_none', 'alice', {}],
      [frozen.approvalId, 'alice', {}],
      [late.approvalId, 'alice', {}],
      [taken.approvalId, 'bob', {}],
      [taken.approvalId, 'mallory', { answer: 'refuse' }],
      [taken.approvalId, 'bob', { answer: 'refuse' }],
      [frozen.approvalId, 'alice', { answer: 'refuse' }],
      [approvalId, 'alice', { policyHash }],
    ] as const
    const told: (string | null)[] = []
    for (const [id, person, changes] of tries) {
      const given = { approvalId: id, person, answer: 'approve', via: 'console', comment: null } as const
      const seen = { factsHash: 'facts-1', planHash: 'plan-1' }
      const head = await test.store.audit.head()
      const before = await test.store.approvals.refusalOf({ ...given, ...seen, ...changes })
      expect(await test.store.audit.head()).toEqual(head)
      const after = await answer(test, id, person, { via: 'console', ...changes })
      if (after.outcome === 'rejected') expect(before).toEqual({ reason: after.reason, detail: after.detail })
      else expect(before).toBeNull()
      told.push(before?.reason ?? null)
    }
    expect(told).toEqual([
      ...['not_an_approver', 'already_voted', 'facts_changed', 'plan_changed', 'policy_changed', 'not_found'],
      ...['frozen', 'expired', 'not_pending', 'not_pending', null, null, null],
    ])
  })

  it('with an empty list of approvers can be given by nobody, nor by who asked', async () => {
    const test = await server.open()
    const nobody = await asked(test, 'a', { approvers: [] })
    expect(await answer(test, nobody.approvalId)).toMatchObject({ reason: 'not_an_approver' })
    const self = await asked(test, 'b', { approvers: ['agent-a'] })
    expect(await answer(test, self.approvalId, 'agent-a')).toMatchObject({ reason: 'is_requester' })
  })

  it('is answered by whoever is in an asked group at that moment, once', async () => {
    const test = await server.open()
    const { approvalId } = await asked(test, 'checkout', { approvers: ['on-call'], needed: 2 })
    expect(await answer(test, approvalId, 'carol')).toMatchObject({ reason: 'not_an_approver' })
    expect(await answer(test, approvalId, 'carol', { groups: ['on-call'] })).toMatchObject({ outcome: 'voted' })
    expect(await answer(test, approvalId, 'carol', { groups: ['on-call'], via: 'cli' })).toMatchObject({
      reason: 'already_voted',
    })
  })

  it('counts only under the policy that it was asked under, but a no always does', async () => {
    const test = await server.open()
    const { approvalId, decisionId } = await asked(test)
    const policyHash = (await test.store.decisions.get(decisionId))!.decision.policyHash
    expect(await answer(test, approvalId, 'alice', { policyHash: 'other' })).toMatchObject({ reason: 'policy_changed' })
    expect(await answer(test, approvalId, 'alice', { policyHash })).toMatchObject({ outcome: 'approved' })
    const other = await asked(test, 'search')
    expect(await answer(test, other.approvalId, 'alice', { policyHash: 'other', answer: 'refuse' })).toMatchObject({
      outcome: 'refused',
    })
  })

  it('turns to no when one takes the own yes back, or refuses before anybody began', async () => {
    const test = await server.open()
    const one = await asked(test, 'checkout', { needed: 2 })
    await answer(test, one.approvalId)
    expect(await answer(test, one.approvalId, 'alice', { answer: 'refuse' })).toMatchObject({
      outcome: 'refused',
      approval: { votes: [{ person: 'alice', answer: 'refuse' }] },
    })
    const two = await asked(test, 'search')
    expect(await answer(test, two.approvalId)).toMatchObject({ outcome: 'approved' })
    expect(await answer(test, two.approvalId, 'bob', { answer: 'refuse' })).toMatchObject({ outcome: 'refused' })
    expect(await test.store.runs.list()).toMatchObject([{ state: 'cancelled' }])
    const three = await asked(test, 'ledger')
    await answer(test, three.approvalId)
    await test.store.runs.start('agent-a', { maximumRunning: 3 })
    expect(await answer(test, three.approvalId, 'bob', { answer: 'refuse' })).toMatchObject({ reason: 'not_pending' })
    expect(await test.store.audit.verify(test.anchors)).toMatchObject({ ok: true })
  })

  it('ends later, or asks more people, while it is open; on the record', async () => {
    const test = await server.open()
    const { approvalId } = await asked(test)
    expect(await test.store.approvals.extend(approvalId, ALICE, '2026-03-01T12:15:00.000Z')).toMatchObject({
      expiresAt: '2026-03-01T12:15:00.000Z',
    })
    expect(await test.store.approvals.extend(approvalId, ALICE, '2026-03-01T12:14:00.000Z')).toBeNull()
    const widened = await test.store.approvals.widen(approvalId, ALICE, ['bob', 'managers'], 'no answer')
    expect(widened?.approvers).toEqual(['alice', 'bob', 'managers'])
    expect(await test.store.approvals.widen(approvalId, ALICE, ['managers'], 'no answer')).toBeNull()
    const acts = (await test.store.audit.list({ kinds: ['administrative_act'] })).map(({ entry }) => entry)
    expect(acts).toMatchObject([
      { act: 'approval_escalated', details: { added: ['managers'] } },
      { act: 'approval_extended' },
    ])
    await answer(test, approvalId)
    expect(await test.store.approvals.extend(approvalId, ALICE, '2026-03-01T12:20:00.000Z')).toBeNull()
  })

  it('expires to no, by the sweep or by the click that came too late', async () => {
    const test = await server.open()
    const [one, two] = [await asked(test, 'a'), await asked(test, 'b')]
    test.clock.set(QUESTION.expiresAt)
    expect(await answer(test, one.approvalId)).toMatchObject({ outcome: 'rejected', reason: 'expired' })
    expect(await test.store.approvals.get(one.approvalId)).toMatchObject({ status: 'expired' })
    expect(await test.store.approvals.expire()).toMatchObject([{ id: two.approvalId, status: 'expired' }])
    expect(await test.store.approvals.expire()).toEqual([])
    expect(await test.store.runs.list()).toEqual([])
  })

  it('is worth nothing while frozen, and the freeze is on the record', async () => {
    const test = await server.open()
    const { approvalId } = await asked(test)
    await test.store.freezes.set({ service: null, kind: 'freeze', reason: 'migration', by: ALICE, until: null })
    expect(await test.store.freezes.active('search')).toHaveLength(1)
    expect(await answer(test, approvalId)).toMatchObject({ reason: 'frozen' })
    expect(await test.store.freezes.lift(null, ALICE, 'done')).toHaveLength(1)
    expect(await answer(test, approvalId)).toMatchObject({ outcome: 'approved' })
    expect(
      (await test.store.audit.list({ kinds: ['freeze_set', 'freeze_lifted'] })).map((one) => one.entry.actor.id),
    ).toEqual(['alice', 'alice'])
  })

  it('is kept by a decision that asks the same and replaced by one with other facts', async () => {
    const test = await server.open()
    const { approvalId, incidentId } = await asked(test)
    const again = async (factsHash: string) => {
      await test.store.incidents.scheduleAssessment(incidentId, test.at())
      const claim = await test.store.incidents.claimAssessment('agent-a', 60_000)
      const decision = {
        action: 'region_failover',
        disposition: 'ask',
        target: 'secondary',
        planHash: 'plan-1',
        factsHash,
      } as const
      return test.store.decisions.record(decisionOf(test, claim, { decision, approval: QUESTION }))
    }
    expect((await again('facts-1')).approvalId).toBe(approvalId)
    const other = await again('facts-2')
    expect(other.approvalId).not.toBe(approvalId)
    expect(await answer(test, approvalId)).toMatchObject({ reason: 'superseded' })
    expect(await answer(test, other.approvalId!, 'alice', { factsHash: 'facts-2' })).toMatchObject({
      outcome: 'approved',
    })
  })

  it('is not asked once more by a look that was under way when it was approved', async () => {
    const test = await server.open()
    const { approvalId, incidentId } = await asked(test)
    const claim = (await test.store.incidents.claimAssessment('agent-a', 60_000, incidentId))!
    expect(await answer(test, approvalId)).toMatchObject({ outcome: 'approved' })
    const asking = { action: 'region_failover', disposition: 'ask', target: 'secondary', planHash: 'plan-1' } as const
    const decision = { ...asking, factsHash: 'facts-1' }
    const recorded = await test.store.decisions.record(decisionOf(test, claim, { decision, approval: QUESTION }))
    expect(recorded.approvalId).toBeNull()
    expect(await test.store.approvals.list({ status: 'pending' })).toEqual([])
    expect((await test.store.incidents.get(incidentId))?.state).toBe('executing')
  })

  it('is asked anew when the policy changed, since no answer to it would count', async () => {
    const test = await server.open()
    const { approvalId } = await asked(test)
    await test.sql(`update incidents set next_assessment_at = opened_at`)
    const claim = (await test.store.incidents.claimAssessment('agent-a', 60_000))!
    const asking = { action: 'region_failover', disposition: 'ask', target: 'secondary', planHash: 'plan-1' } as const
    const decision = { ...asking, factsHash: 'facts-1', policyHash: 'another-policy' }
    const recorded = await test.store.decisions.record(decisionOf(test, claim, { decision, approval: QUESTION }))
    expect(recorded.approvalId).not.toBe(approvalId)
    expect(await answer(test, recorded.approvalId!, 'alice', { policyHash: 'another-policy' })).toMatchObject({
      outcome: 'approved',
    })
  })

  it('lapses when its incident closes', async () => {
    const test = await server.open()
    const { approvalId, incidentId } = await asked(test)
    for (const offset of [1, 2, 3])
      await test.store.incidents.recordEvaluation(incidentId, {
        at: test.at(offset),
        good: true,
        fresh: true,
        score: 0,
        detail: '',
      })
    expect(await answer(test, approvalId)).toMatchObject({ reason: 'superseded' })
  })
})

describe('a decision', () => {
  it('is read back with everything it was made from', async () => {
    const test = await server.open()
    const bytes = new TextEncoder().encode('{"events":[]}')
    const sha256 = '7e1a8a4a2c2f4a5c7fd76e2c8d3c4c6bde7f5f0fd9e8e7c5d2c9f66d0c9a2f10'
    const body = { sha256, source: 'aws-health', contentType: 'application/json', bytes }
    const claim = await claimed(test)
    await expect(
      test.store.decisions.record(decisionOf(test, claim, { bodies: { 'aws-health': [body] } })),
    ).rejects.toMatchObject({ code: 'internal' })
    const { createHash } = await import('node:crypto')
    const right = { ...body, sha256: createHash('sha256').update(bytes).digest('hex') }
    const given = decisionOf(test, claim, { bodies: { 'aws-health': [right] } })
    const { id, recordHash } = await test.store.decisions.record(given)
    const record = await test.store.decisions.get(id)
    expect(record).toMatchObject({
      snapshot: given.snapshot,
      decision: given.decision,
      policyText: 'version: 1\n',
      recordHash,
    })
    expect(record?.bodies).toEqual({ 'aws-health': [right.sha256] })
    expect(Buffer.from((await test.store.bodies.get(right.sha256))!.bytes).toString()).toBe('{"events":[]}')
    expect(await test.store.decisions.latestOf(claim.incidentId)).toEqual(record)
    expect(await test.store.decisions.list({ service: 'checkout' })).toMatchObject([{ id, decision: given.decision }])
    await test.sql(`update snapshots set body = replace(body, 'us-east-1', 'us-east-2')`)
    await expect(test.store.decisions.get(id)).rejects.toMatchObject({ code: 'store_corrupt' })
  })

  it('leaves no trace when one part of it is refused', async () => {
    const test = await server.open()
    const claim = await claimed(test)
    const impossible = { ...QUESTION, needed: 0 }
    const decision = { action: 'region_failover', disposition: 'ask', planHash: 'plan-1' } as const
    const notifications = [{ dedupeKey: 'k', channel: 'webhook', payload: {} }]
    await expect(
      test.store.decisions.record(decisionOf(test, claim, { decision, approval: impossible, notifications })),
    ).rejects.toThrow()
    expect(await test.store.decisions.list()).toEqual([])
    expect(await test.store.outbox.list()).toEqual([])
    expect(await test.store.audit.head()).toBeNull()
    expect((await test.store.incidents.get(claim.incidentId))?.state).toBe('assessing')
  })

  it('that was not reached in time pages once and is on the record', async () => {
    const test = await server.open()
    const claim = await claimed(test)
    const notifications = [{ dedupeKey: 'missed-1', channel: 'webhook', payload: { text: 'decide by hand' } }]
    const failure = { claim, actor: ALICE, reason: 'deadline', nextAssessmentAt: test.at(60_000), notifications }
    await test.store.decisions.recordFailure(failure)
    await expect(test.store.decisions.recordFailure(failure)).rejects.toMatchObject({ code: 'conflict' })
    expect(await test.store.outbox.list()).toHaveLength(1)
    expect((await test.store.audit.list())[0]!.entry).toMatchObject({ kind: 'assessment_failed', paged: true })
  })
})
