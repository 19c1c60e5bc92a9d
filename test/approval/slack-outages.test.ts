import { describe, expect, it } from 'vitest'
import { alertOf, asked } from '../store/samples.ts'
import { testServer } from '../store/test-database.ts'
import { slackScene, textOf, USERS, until } from './scene.ts'

const databases = testServer()

describe('what is shown in Slack', () => {
  it('survives an outage: nothing is lost, and all of it is brought up to date afterwards', async () => {
    const scene = await slackScene(databases)
    const one = await scene.ask('checkout', { needed: 2 })
    await scene.approve('alice', one.message)
    scene.workspace.setTrouble(() => 'down')
    await expect(scene.ask('search')).rejects.toThrow()
    await scene.test.store.approvals.answer(
      {
        approvalId: one.approvalId,
        person: 'bob',
        answer: 'refuse',
        via: 'cli',
        comment: 'by hand',
        factsHash: '',
        planHash: null,
      },
      1000,
    )
    expect(await scene.show()).toBe(false)
    expect(textOf((await scene.message(one.incidentId)).blocks)).toContain('0 of 2 approved')
    scene.workspace.setTrouble(null)
    expect(await scene.show()).toBe(true)
    expect(textOf((await scene.message(one.incidentId)).blocks)).toContain('✗ refused by bob')
    expect(scene.workspace.messages()).toHaveLength(2)
  })

  it('shows what expired while Slack was away, so that people know what they missed', async () => {
    const scene = await slackScene(databases)
    scene.workspace.setTrouble(() => 'error')
    await expect(scene.ask()).rejects.toThrow()
    scene.test.clock.set('2026-03-01T12:11:00.000Z')
    await scene.test.store.approvals.expire()
    scene.workspace.setTrouble(null)
    await scene.show()
    expect(textOf(scene.workspace.messages()[0]?.blocks)).toContain('Expired: fail over checkout')
  })

  it('shows hundreds that were missed in one outage, each in its turn, and open questions before them', async () => {
    const scene = await slackScene(databases)
    scene.workspace.setTrouble(() => 'down')
    for (let i = 0; i < 60; i++) await asked(scene.test, `service-${i}`, { expiresAt: scene.test.at(1000) })
    scene.test.clock.advance(1000)
    await scene.test.store.approvals.expire()
    await scene.show()
    scene.workspace.setTrouble(null)
    scene.test.clock.advance(1000)
    const { message } = await scene.ask('checkout', { expiresAt: scene.test.at(600_000) })
    expect(scene.workspace.messages()[0]).toBe(message)
    await scene.show()
    expect(scene.workspace.messages()).toHaveLength(61)
    expect(scene.workspace.messages().filter(({ text }) => text.startsWith('Expired:'))).toHaveLength(60)
  })

  it('waits as long as Slack asks for, and not longer', async () => {
    const scene = await slackScene(databases)
    scene.workspace.setTrouble((method) => (method === 'chat.postMessage' ? { pauseSeconds: 30 } : null))
    await expect(scene.ask()).rejects.toThrow()
    scene.workspace.setTrouble(null)
    const calls = scene.workspace.state.calls.length
    scene.test.clock.advance(29_000)
    expect(await scene.show()).toBe(false)
    expect(scene.workspace.state.calls).toHaveLength(calls)
    scene.test.clock.advance(1000)
    expect(await scene.show()).toBe(true)
    expect(scene.workspace.messages()).toHaveLength(1)
  })

  it('is posted once even when the answer to the post is lost', async () => {
    const scene = await slackScene(databases)
    scene.workspace.setTrouble((method) => (method === 'chat.postMessage' ? 'answer_lost' : null))
    await expect(scene.ask())
      .resolves.toBeDefined()
      .catch(() => undefined)
    scene.workspace.setTrouble(null)
    await scene.show()
    await scene.show()
    expect(scene.workspace.messages()).toHaveLength(1)
    const [message] = scene.workspace.messages()
    expect(scene.workspace.thread(message?.place ?? '').map(({ text }) => text.slice(0, 15))).toEqual([
      'Behind decision',
    ])
  })

  it('is posted anew when somebody deleted the message', async () => {
    const scene = await slackScene(databases)
    const { message, incidentId } = await scene.ask()
    scene.workspace.state.messages.length = 0
    scene.test.clock.advance(61_000)
    await scene.show()
    const anew = await scene.message(incidentId)
    expect(anew.place).not.toBe(message.place)
    expect(await scene.approve('alice', anew)).toContain('Approved')
  })

  it('goes on after a restart, with the same message and the same people', async () => {
    const scene = await slackScene(databases)
    const { message, incidentId } = await scene.ask('checkout', { needed: 2 })
    await scene.approve('alice', message)
    await scene.restart()
    expect(await scene.approve('alice', message)).toContain('has answered already')
    expect(await scene.approve('bob', message)).toContain('Approved')
    await scene.show()
    expect((await scene.message(incidentId)).place).toBe(message.place)
    expect(scene.workspace.messages()).toHaveLength(1)
  })

  it('opens another socket when Slack ends one, and says nothing about it to anybody', async () => {
    const scene = await slackScene(databases)
    const { message } = await scene.ask()
    scene.workspace.dropSockets()
    await until(() => scene.workspace.sockets() === 0, 'the socket to end')
    await until(() => scene.workspace.sockets() > 0 && scene.asking.slack.isConnected(), 'another socket')
    expect(await scene.approve('alice', message)).toContain('Approved')
  })

  it('puts later alerts into the thread, one by one and then counted', async () => {
    const scene = await slackScene(databases)
    const { message } = await scene.ask()
    scene.test.clock.advance(5000)
    const alerts = Array.from({ length: 8 }, (_, i) => alertOf('checkout', { fingerprint: `f${i}`, name: `Alert${i}` }))
    await scene.test.store.incidents.ingestAlerts(alerts, scene.test.at())
    await scene.show()
    await scene.show()
    const thread = scene.workspace.thread(message.place).map(({ text }) => text)
    expect(thread.filter((text) => text.startsWith('Another alert'))).toHaveLength(5)
    expect(thread.at(-1)).toMatch(/^3 more alerts; the newest: Alert7/)
  })

  it('asks the next group when nobody answers, and rings their phones', async () => {
    const scene = await slackScene(databases)
    const { message, approvalId } = await scene.ask()
    const by = { kind: 'system', id: 'escalation', via: null } as const
    await scene.test.store.approvals.widen(approvalId, by, ['managers', 'on-call'], 'no answer')
    await scene.show()
    const told = scene.workspace.thread(message.place).at(-1)
    expect(told?.isBroadcast).toBe(true)
    expect(textOf(told?.blocks)).toContain('now also asked: @S0ONCALL @U0CAROL')
    expect(await scene.approve('carol', message)).toContain('Approved')
  })
})

describe('requests over HTTP', () => {
  it('count only with a fresh signature of ours, and once', async () => {
    const scene = await slackScene(databases, { mode: 'http' })
    const { message, approvalId } = await scene.ask('checkout', { needed: 2 })
    const { click, submit, state } = scene.workspace
    expect(await click(USERS.alice, message, 'failwise_approve', { secret: 'another-signing-secret' })).toMatchObject({
      status: 401,
    })
    expect(await click(USERS.alice, message, 'failwise_approve', { repeat: true })).toMatchObject({ status: 401 })
    const { view } = await scene.press('alice', message, 'failwise_approve')
    const typed = { consent: 'lose 4 s', reason: '' }
    expect(textOf((await submit(USERS.alice, view ?? {}, typed)).body.view)).toContain('Your approval counts')
    // The very same request again, as a retry or by somebody who recorded it.
    const again = await submit(USERS.alice, view ?? {}, typed, { repeat: true })
    expect(again).toMatchObject({ status: 200, body: {} })
    // A retry that Slack signed anew, since it saw no answer to the first.
    const retried = await submit(USERS.alice, view ?? {}, typed, { resend: true, secondsOff: 1 })
    expect(retried).toMatchObject({ status: 200, body: {} })
    expect(await scene.acts()).toEqual([])
    expect(await scene.test.store.approvals.get(approvalId)).toMatchObject({
      votes: [{ person: 'alice', via: 'slack' }],
    })
    const opened = state.views.length
    await scene.approve('bob', message)
    expect(state.views.length).toBe(opened + 1)
    expect(await scene.test.store.runs.list()).toHaveLength(1)
  })

  it('are refused when their time is too far from ours, either way', async () => {
    const scene = await slackScene(databases, { mode: 'http' })
    const { message } = await scene.ask()
    const { click, state } = scene.workspace
    expect(await click(USERS.alice, message, 'failwise_approve', { secondsOff: -400 })).toMatchObject({
      status: 401,
    })
    const ahead = await click(USERS.alice, message, 'failwise_approve', { secondsOff: 400 })
    expect(ahead.status).toBe(200)
    expect(state.views).toHaveLength(0)
    await scene.press('alice', message, 'failwise_approve')
    expect(state.views).toHaveLength(1)
  })
})

describe('/failwise', () => {
  it('shows how things stand, pauses, resumes, freezes and explains, for people of the list only', async () => {
    const scene = await slackScene(databases)
    const { decisionId } = await scene
      .ask()
      .then(async ({ approvalId }) => (await scene.test.store.approvals.get(approvalId))!)
    const say = async (user: keyof typeof USERS, text: string) => {
      const before = scene.workspace.state.ephemeral.length
      await scene.workspace.command(USERS[user], text)
      await until(() => scene.workspace.state.ephemeral.length > before, text)
      return scene.workspace.state.ephemeral.at(-1)?.text ?? ''
    }
    expect(await say('mallory', 'freeze everything')).toContain('not among the people')
    expect(await say('alice', 'status')).toContain('*Waiting for an answer:* 1')
    expect(await say('alice', 'open')).toContain('0 of 1, no at 12:10 UTC')
    expect(await say('alice', `explain ${decisionId}`)).toContain('*checkout: region_failover / ask*')
    expect(await say('alice', 'runs')).toBe('There was no run yet.')
    expect(await say('alice', 'pause nowhere')).toContain('no service “nowhere”')
    expect(await say('alice', 'pause checkout index rebuild')).toContain('Nothing is done for checkout')
    expect(await scene.test.store.freezes.active('checkout')).toMatchObject([
      { setBy: 'alice', reason: 'index rebuild' },
    ])
    expect(await say('bob', 'resume checkout')).toContain('no longer paused')
    expect(await say('bob', 'freeze')).toContain('Say why')
    expect(await say('bob', 'freeze provider migration')).toContain('Everything is frozen')
    expect(await say('vera', 'unfreeze over')).toContain('Your role here is viewer')
    expect(await scene.test.store.freezes.active()).toHaveLength(1)
    expect(await say('alice', 'unfreeze over')).toContain('lifted')
    expect(await say('alice', 'decide checkout')).toContain('is being looked at')
    expect(await say('alice', 'dance <!channel>')).toContain('There is no command “dance”')
    const kinds = (await scene.test.store.audit.list({ actor: 'alice' })).map(({ entry }) => entry.kind)
    expect(kinds).toEqual(['administrative_act', 'freeze_lifted', 'freeze_set'])
  })
})
