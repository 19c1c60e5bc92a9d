import { describe, expect, it } from 'vitest'
import { escalateQuestions } from '../../agent/app/asking.ts'
import { peopleOf } from '../../agent/approval/people.ts'
import { ApprovalSettings } from '../../agent/config/approval-settings.ts'
import { AGENT, ALICE, decisionOf, QUESTION } from '../store/samples.ts'
import { testServer } from '../store/test-database.ts'
import { type Scene, slackScene, textOf, USERS } from './scene.ts'

const databases = testServer()
const shown = async (scene: Scene, incidentId: string) => {
  await scene.show()
  return textOf((await scene.message(incidentId)).blocks)
}

describe('an answer', () => {
  it('of one person counts once, whether in Slack, in the console or in a terminal', async () => {
    const scene = await slackScene(databases)
    const { message, approvalId, incidentId } = await scene.ask('checkout', { needed: 2 })
    expect(await scene.approve('alice', message)).toContain('Your approval counts')
    expect(await scene.answerBy('cli', 'alice', approvalId)).toContain('alice has answered already')
    expect(await scene.answerBy('console', 'alice', approvalId)).toContain('alice has answered already')
    expect(await scene.answerBy('console', 'bob', approvalId)).toContain('Approved. Run')
    expect(await scene.approve('bob', message)).toContain('the question is closed')
    expect(await shown(scene, incidentId)).toContain('✓ approved by bob (console')
    const [opened] = (await scene.test.store.audit.list({ kinds: ['administrative_act'], actor: 'alice', limit: 10 }))
      .map(({ entry }) => entry)
      .reverse()
    expect(opened).toMatchObject({ act: 'approval_dialog_opened', actor: { id: 'alice', via: 'slack' } })
    expect(opened).toMatchObject({ details: { approvalId, slackUserId: USERS.alice, place: message.place } })
    expect(await scene.acts()).toEqual([
      'alice approval_answer_rejected already_voted',
      'alice approval_answer_rejected already_voted',
      'slack:U0BOB slack_click_rejected failwise_approve_stale',
    ])
  })

  it('can be given by nobody when nobody stands in the list', async () => {
    const scene = await slackScene(databases)
    const { message, approvalId, incidentId } = await scene.ask('checkout', { approvers: [] })
    expect(textOf(message.blocks)).toContain('Asked: nobody')
    for (const user of ['alice', 'bob', 'carol', 'dora'] as const)
      expect(await scene.approve(user, message)).toContain(`${user} is not among the approvers`)
    scene.test.clock.set(QUESTION.expiresAt)
    expect(await scene.test.store.approvals.expire()).toMatchObject([{ id: approvalId, status: 'expired' }])
    expect(await shown(scene, incidentId)).toContain('so the answer is no. Nothing was done.')
    expect(await scene.test.store.runs.list()).toEqual([])
  })

  it('counts for nothing while the group cools down, moves already, or under another plan', async () => {
    const scene = await slackScene(databases)
    const { message, incidentId } = await scene.ask('checkout', { expiresAt: scene.test.at(3_600_000) })
    const { store } = scene.test
    const moved = { service: 'checkout', group: 'checkout', action: 'region_failover', target: 'secondary' } as const
    const wanted = {
      ...{ ...moved, planHash: 'plan-1', factsHash: null, incidentId: null, decisionId: null, by: ALICE },
      ...{ startBefore: scene.test.at(60_000), cooldownSeconds: 600, isDryRun: false, dataLossConsentSeconds: null },
    }
    await store.runs.request(wanted)
    expect(await scene.approve('bob', message)).toContain('another run of this group is under way')
    const run = (await store.runs.start('agent-a', { maximumRunning: 1 }))!
    await store.runs.change({
      ...{ runId: run.id, from: 'running', to: 'succeeded', generation: 1, actor: AGENT, detail: '' },
    })
    expect(await scene.approve('bob', message)).toContain('cooling down')
    await store.runs.endCooldown('checkout', ALICE, 'that was a rehearsal of ours')
    for (const plan of ['plan-2', null]) {
      scene.setPlan(plan)
      expect(await scene.approve('bob', message)).toContain('the plan is not the one that was shown')
    }
    scene.setPlan('plan-1')
    expect(await scene.approve('bob', message)).toContain('Approved. Run')
    expect(await scene.acts()).toEqual([
      'bob approval_answer_rejected group_busy',
      'bob approval_answer_rejected cooldown',
      'bob approval_answer_rejected plan_changed',
      'bob approval_answer_rejected plan_changed',
    ])
    expect(await shown(scene, incidentId)).toContain('Approved 1 of 1, waiting to start.')
  })

  it('to a question that was asked anew meanwhile is refused, from the old message and from an open dialog', async () => {
    const scene = await slackScene(databases)
    const { message, incidentId, approvalId } = await scene.ask()
    const old = structuredClone(message)
    const { view } = await scene.press('alice', message, 'failwise_approve')
    await scene.test.store.incidents.scheduleAssessment(incidentId, scene.test.at())
    const claim = await scene.test.store.incidents.claimAssessment('agent-a', 60_000)
    scene.test.clock.advance(1000)
    const asks = { action: 'region_failover', disposition: 'ask', target: 'secondary' } as const
    const decision = { ...asks, planHash: 'plan-1', factsHash: 'facts-2' }
    await scene.test.store.decisions.record(decisionOf(scene.test, claim, { decision, approval: QUESTION }))
    const typed = { consent: 'lose 4 s', reason: '' }
    const answered = await scene.workspace.submit(USERS.alice, view ?? {}, typed)
    expect(textOf(answered.body.view)).toContain('the facts, the plan, the target or the policy changed')
    expect(await scene.approve('alice', old)).toContain('out of date')
    await scene.show()
    expect(textOf(scene.workspace.thread(message.place).at(-1)?.blocks)).toContain('Asked again about checkout.')
    expect(await scene.approve('bob', await scene.message(incidentId))).toContain('Approved. Run')
    expect(await scene.test.store.approvals.get(approvalId)).toMatchObject({ status: 'superseded', votes: [] })
  })

  it('of no beats the last yes until the run begins, by a button that stands until then', async () => {
    const scene = await slackScene(databases)
    const { message, incidentId } = await scene.ask()
    await scene.approve('alice', message)
    expect(await shown(scene, incidentId)).toContain('Refuse…')
    expect(await scene.refuse('bob', await scene.message(incidentId), 'our own deploy')).toContain('Refused.')
    expect(await scene.test.store.runs.list()).toMatchObject([{ state: 'cancelled' }])
    expect(await shown(scene, incidentId)).toContain('Refused: fail over checkout')
  })

  it('of no comes too late once the run has begun', async () => {
    const scene = await slackScene(databases)
    const { message, incidentId } = await scene.ask()
    expect(await scene.approve('alice', message)).toContain('Approved. Run')
    await scene.show()
    const standing = structuredClone(await scene.message(incidentId))
    await scene.test.store.runs.start('agent-a', { maximumRunning: 1 })
    expect(await scene.refuse('bob', standing)).toContain('the question is closed')
    expect(await scene.test.store.runs.list()).toMatchObject([{ state: 'running' }])
    await scene.show()
    expect(JSON.stringify((await scene.message(incidentId)).blocks)).not.toContain('failwise_refuse')
  })
})

describe('the message of an incident', () => {
  it('is the same one through its whole life', async () => {
    const scene = await slackScene(databases)
    const { message, incidentId } = await scene.ask('checkout', { needed: 2 })
    const { store } = scene.test
    await scene.approve('alice', message)
    expect(await shown(scene, incidentId)).toContain('1 of 2 approved')
    await scene.approve('bob', message)
    const run = (await store.runs.start('agent-a', { maximumRunning: 1 }))!
    const journal = (stage: string, kind: 'intent' | 'verified' | 'failed', detail: string) =>
      store.runs.journal({ runId: run.id, generation: 1, stage, kind, detail, data: {} })
    await journal('stop-writes', 'verified', 'writes are refused')
    await journal('promote-database', 'intent', 'promoting the standby')
    scene.test.clock.advance(40_000)
    const running = await shown(scene, incidentId)
    expect(running).toContain('Running: fail over checkout')
    expect(running).toContain('Stage 2 of 3: promote-database')
    expect(running).toContain('Running for 30 s of 15 min budget')
    await journal('promote-database', 'failed', 'it did not answer')
    const to = async (from: 'running' | 'rolling_back', state: 'rolling_back' | 'rolled_back') =>
      store.runs.change({ runId: run.id, from, to: state, generation: 1, actor: AGENT, detail: '' })
    await to('running', 'rolling_back')
    expect(await shown(scene, incidentId)).toContain('Rolling back: fail over checkout')
    await to('rolling_back', 'rolled_back')
    const undone = await shown(scene, incidentId)
    expect(undone).toContain('Rolled back: fail over checkout')
    expect(undone).toContain('Took 40 s of 15 min budget')
    expect(undone).toContain('👍 Right call')
    expect((await scene.message(incidentId)).place).toBe(message.place)
    expect(scene.workspace.messages()).toHaveLength(1)
  })

  it('is found again behind hundreds of messages of others when its receipt was lost', async () => {
    const scene = await slackScene(databases)
    scene.workspace.setTrouble((method) => (method === 'chat.postMessage' ? 'answer_lost' : null))
    await scene.ask().catch(() => undefined)
    scene.workspace.setTrouble(null)
    const [own] = scene.workspace.state.messages
    for (let i = 1; i <= 450; i++)
      scene.workspace.state.messages.push({ ...own!, place: String(Number(own!.place) + i), metadata: undefined })
    await scene.show()
    expect(scene.workspace.messages()).toHaveLength(451)
  })
})

describe('when nobody answers', () => {
  it('the next group is asked after its minutes, once, and told by the channels beside Slack', async () => {
    const scene = await slackScene(databases)
    const { approvalId, incidentId, message } = await scene.ask()
    const { store, clock } = scene.test
    const escalate = () =>
      escalateQuestions({
        ...{ store, clock, people: peopleOf([], []), services: { find: () => undefined, all: () => [] } },
        settings: ApprovalSettings.parse({
          escalation: [
            { afterMinutes: 5, approvers: ['managers'] },
            { afterMinutes: 8, approvers: ['on-call'] },
            { afterMinutes: 1, approvers: ['bob'], services: ['search'] },
          ],
        }),
        messages: { channels: ['webhook'], baseUrl: null, mode: 'live', deadlineSeconds: 60 },
      })
    clock.advance(4 * 60_000)
    expect(await escalate()).toEqual([])
    clock.advance(60_000)
    expect(await escalate()).toMatchObject([{ id: approvalId, approvers: ['alice', 'bob', 'managers'] }])
    expect(await escalate()).toEqual([])
    const [told] = await store.outbox.list()
    expect(JSON.stringify(told?.payload)).toContain('nobody has answered yet, now also asked: managers')
    expect(JSON.stringify(told?.payload)).toContain(`failwise approve ${approvalId}`)
    clock.advance(3 * 60_000)
    expect(await escalate()).toMatchObject([{ approvers: ['alice', 'bob', 'managers', 'on-call'] }])
    await scene.show()
    const thread = scene.workspace.thread(message.place).filter(({ isBroadcast }) => isBroadcast)
    expect(thread.map(({ text }) => text)).toEqual([
      'No answer yet about checkout: now also asked: managers',
      'No answer yet about checkout: now also asked: on-call',
    ])
    expect(await scene.approve('carol', await scene.message(incidentId))).toContain('Approved')
    clock.advance(60_000)
    expect(await escalate()).toEqual([])
  })
})

describe('what came of a dialog', () => {
  it('is told to the person alone when it took longer than Slack waits', async () => {
    const scene = await slackScene(databases)
    const { message } = await scene.ask()
    const { view } = await scene.press('alice', message, 'failwise_approve')
    // The database is slower than the two seconds that a dialog may take.
    const { sleep } = scene.test.clock
    const early = async (ms: number, abort?: AbortSignal) => (ms === 2000 ? undefined : sleep(ms, abort))
    Object.assign(scene.test.clock, { sleep: early })
    const answered = await scene.workspace.submit(USERS.alice, view ?? {}, { consent: 'lose 4 s', reason: '' })
    expect(answered).toMatchObject({ isTaken: true, body: {} })
    const said = () => scene.workspace.state.ephemeral.at(-1)
    while (!said()?.text.includes('Approved')) await new Promise((resolve) => setImmediate(resolve))
    expect(said()).toMatchObject({ userId: USERS.alice })
  })
})
