import { describe, expect, it } from 'vitest'
import { sha256 } from '../../agent/domain/canonical.ts'
import { testServer } from '../store/test-database.ts'
import { slackScene, textOf, USERS, until } from './scene.ts'

const databases = testServer()

describe('a question in Slack', () => {
  it('is asked once, counts two people, and becomes one run', async () => {
    const scene = await slackScene(databases)
    const { approvalId, incidentId, message } = await scene.ask('checkout', { needed: 2 })
    expect(textOf(message.blocks)).toContain('0 of 2 approved, 2 more people needed.')
    expect(await scene.approve('alice', message)).toContain('Your approval counts. Still needed: 1 more.')
    await scene.show()
    expect(textOf((await scene.message(incidentId)).blocks)).toContain('1 of 2 approved, one more person needed.')
    expect(await scene.approve('alice', message)).toContain('alice has answered already')
    expect(await scene.approve('bob', message)).toContain('Approved. Run')
    await scene.show()
    const shown = await scene.message(incidentId)
    expect(textOf(shown.blocks)).toContain('Approved 2 of 2, waiting to start.')
    expect(shown.place).toBe(message.place)
    expect(scene.workspace.messages()).toHaveLength(1)
    expect(await scene.test.store.runs.list()).toMatchObject([{ approvalId, dataLossConsentSeconds: 4 }])
    expect(await scene.acts()).toEqual(['alice approval_answer_rejected already_voted'])
    expect(await scene.test.store.audit.verify(scene.test.anchors)).toMatchObject({ ok: true })
  })

  it('needs the exact loss typed out, and repeats the target', async () => {
    const scene = await slackScene(databases)
    const { message, approvalId } = await scene.ask()
    const { view } = await scene.press('alice', message, 'failwise_approve')
    expect(textOf(view)).toContain('Data loss: up to 4 s of writes')
    expect(JSON.stringify(view)).toContain('Type “lose 4 s” to accept')
    for (const typed of ['', 'yes', 'lose 3 s', 'lose unknown'])
      expect(await scene.approve('alice', message, typed)).toContain('Type exactly: lose 4 s')
    expect(await scene.test.store.approvals.get(approvalId)).toMatchObject({ status: 'pending', votes: [] })
    expect(await scene.acts()).toHaveLength(4)
    expect(await scene.approve('alice', message, ' LOSE 4s ')).toContain('Approved')
  })

  it('can be refused by one, with a reason, and is not approved after that', async () => {
    const scene = await slackScene(databases)
    const { message, incidentId } = await scene.ask('checkout', { needed: 2 })
    await scene.approve('alice', message)
    expect(await scene.refuse('bob', message, '   ')).toContain('A refusal needs a reason')
    expect(await scene.refuse('bob', message, 'that was our deploy')).toContain('Refused. Nothing is done.')
    expect(await scene.approve('alice', message)).toContain('out of date, or the question is closed')
    await scene.show()
    const text = textOf((await scene.message(incidentId)).blocks)
    expect(text).toContain('✗ refused by bob')
    expect(text).toContain('“that was our deploy”')
    expect(await scene.test.store.runs.list()).toEqual([])
  })

  it('takes no answer from strangers, other workspaces or the wrong people, and keeps each on record', async () => {
    const scene = await slackScene(databases)
    const { message, approvalId } = await scene.ask()
    expect(await scene.approve('mallory', message)).toContain('not among the people')
    expect(await scene.approve('carol', message)).toContain('carol is not among the approvers')
    const whispers = scene.workspace.state.ephemeral.length
    await scene.workspace.click(USERS.alice, message, 'failwise_approve', { teamId: 'T0OTHER' })
    await until(() => scene.workspace.state.ephemeral.length > whispers, 'the answer to a foreign click')
    expect(await scene.test.store.approvals.get(approvalId)).toMatchObject({ votes: [] })
    expect(await scene.acts()).toEqual([
      'slack:U0MALLORY slack_click_rejected failwise_approve by somebody who is not in the list of people',
      'carol approval_answer_rejected not_an_approver',
      'slack:U0ALICE slack_click_rejected failwise_approve by somebody who is not in the list of people',
    ])
  })

  it('cannot be answered by who asked', async () => {
    const scene = await slackScene(databases)
    const { message, approvalId } = await scene.ask()
    await scene.test.sql(`update approvals set requested_by = 'alice' where id = '${approvalId}'`)
    expect(await scene.approve('alice', message)).toContain('who asks for something cannot approve it')
    expect(await scene.approve('bob', message)).toContain('Approved')
  })

  it('asks Slack at the click who is in a user group', async () => {
    const scene = await slackScene(databases)
    const { message } = await scene.ask('checkout', { approvers: ['on-call'], needed: 2 })
    expect(await scene.approve('alice', message)).toContain('not among the approvers')
    expect(await scene.approve('dora', message)).toContain('Your approval counts')
    scene.workspace.state.userGroups = { S0ONCALL: [USERS.alice] }
    expect(await scene.approve('alice', message)).toContain('Approved')
    const other = await scene.ask('search', { approvers: ['on-call'] })
    scene.workspace.setTrouble((method) => (method === 'usergroups.users.list' ? 'error' : null))
    expect(await scene.approve('alice', other.message)).toContain('Slack could not say who is in on-call')
  })

  it('takes nothing from made-up buttons, values and places', async () => {
    const scene = await slackScene(databases)
    const one = await scene.ask('checkout')
    const two = await scene.ask('search')
    const { click, submit, state } = scene.workspace
    await click(USERS.alice, one.message, 'failwise_approve_all')
    await until(async () => (await scene.acts()).length === 1, 'the made-up action on record')
    const said = async (forgery: object) => {
      const before = state.ephemeral.length
      await click(USERS.alice, one.message, 'failwise_approve', forgery)
      await until(() => state.ephemeral.length > before, 'an answer')
      return state.ephemeral.at(-1)?.text
    }
    expect(await said({ value: 'apr_x' })).toContain('not one of ours')
    expect(await said({ value: '{"v":1}' })).toContain('not one of ours')
    // The right value under somebody else's message.
    expect(await said({ place: two.message.place })).toContain('out of date')
    expect(await said({ place: '1.000001' })).toContain('out of date')
    const { view } = await scene.press('alice', one.message, 'failwise_approve')
    const value = JSON.parse(String(view?.private_metadata)) as Record<string, unknown>
    const forged = JSON.stringify({ ...value, facts: 'facts-0' })
    const answered = await submit(USERS.alice, view ?? {}, { consent: 'lose 4 s', reason: '' }, { value: forged })
    expect(textOf(answered.body.view)).toContain('the facts are no longer those that were shown')
    const other = JSON.stringify({ ...value, approval: 'apr_none' })
    const nothing = await submit(USERS.alice, view ?? {}, { consent: 'lose 4 s', reason: '' }, { value: other })
    expect(textOf(nothing.body.view)).toContain('there is no approval apr_none')
    expect(await scene.test.store.runs.list()).toEqual([])
    expect((await scene.acts()).length).toBe(7)
  })

  it('makes one run of two clicks at once and of double clicks', async () => {
    const scene = await slackScene(databases)
    const { message } = await scene.ask()
    const dialogs = [
      (await scene.press('alice', message, 'failwise_approve')).view,
      (await scene.press('bob', message, 'failwise_approve')).view,
    ]
    const typed = { consent: 'lose 4 s', reason: '' }
    const users = [USERS.alice, USERS.bob, USERS.alice, USERS.bob]
    const answers = await Promise.all(users.map((user, i) => scene.workspace.submit(user, dialogs[i % 2] ?? {}, typed)))
    const texts = answers.map(({ body }) => textOf(body.view))
    expect(texts.filter((text) => text.includes('Approved. Run'))).toHaveLength(1)
    expect(texts.filter((text) => text.includes('Not counted'))).toHaveLength(3)
    expect(await scene.test.store.runs.list()).toHaveLength(1)
  })

  it('is worth nothing once it has expired, is frozen, or the facts have changed', async () => {
    const scene = await slackScene(databases)
    const one = await scene.ask('checkout')
    const { view } = await scene.press('alice', one.message, 'failwise_approve')
    const by = { kind: 'person', id: 'bob', via: 'cli' } as const
    await scene.test.store.freezes.set({ service: null, kind: 'freeze', reason: 'migration', by, until: null })
    const typed = { consent: 'lose 4 s', reason: '' }
    const submit = async () => textOf((await scene.workspace.submit(USERS.alice, view ?? {}, typed)).body.view)
    scene.usePolicy('another')
    expect(await submit()).toContain('the policy is no longer')
    scene.usePolicy(sha256('version: 1\n'))
    expect(await submit()).toContain('frozen')
    await scene.test.store.freezes.lift(null, by, 'done')
    await scene.test.sql(`update incidents set last_facts_hash = 'facts-2'`)
    expect(await submit()).toContain('the facts are no longer')
    await scene.test.sql(`update incidents set last_facts_hash = 'facts-1'`)
    scene.test.clock.set('2026-03-01T12:10:00.000Z')
    expect(await submit()).toContain('it expired at')
    await scene.show()
    expect(textOf((await scene.message(one.incidentId)).blocks)).toContain(
      'Nobody answered in time, so the answer is no.',
    )
    expect(await scene.test.store.runs.list()).toEqual([])
  })

  it('stands longer when somebody needs time, up to a limit', async () => {
    const scene = await slackScene(databases, { settings: { moreTimeMinutes: 5, longestMinutes: 18 } })
    const { message, approvalId } = await scene.ask()
    const more = async (user: 'alice' | 'carol') => (await scene.press(user, message, 'failwise_more_time')).said
    expect(await more('carol')).toContain('Only those who may answer')
    expect(await more('alice')).toContain('until 12:15 UTC')
    expect(await more('alice')).toContain('until 12:18 UTC')
    expect(await more('alice')).toContain('Not possible')
    expect(await scene.test.store.approvals.get(approvalId)).toMatchObject({ expiresAt: '2026-03-01T12:18:00.000Z' })
  })

  it('is looked at again on demand, and its verdict is labelled by people', async () => {
    const scene = await slackScene(databases)
    const { message, incidentId } = await scene.ask()
    expect((await scene.press('alice', message, 'failwise_reassess')).said).toContain('Looking again now')
    expect(await scene.test.store.incidents.get(incidentId)).toMatchObject({ nextAssessmentAt: scene.test.at() })
    await scene.refuse('bob', message)
    await scene.show()
    const closed = await scene.message(incidentId)
    expect((await scene.press('alice', closed, 'failwise_wrong')).said).toContain('Thank you')
    await scene.press('alice', closed, 'failwise_right')
    await scene.press('bob', closed, 'failwise_right')
    await scene.show()
    expect(textOf((await scene.message(incidentId)).blocks)).toContain('👍 Right call 2')
  })
})
