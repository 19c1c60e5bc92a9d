import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tokenHashOf } from '../../agent/approval/people.ts'
import { type TestStore, testServer } from '../store/test-database.ts'
import { expectAccessible, testBrowser } from './browser.ts'
import { INGEST, type Scene, scene } from './scene.ts'

/** An outage about which the built-in rules ask people. */
const ASKING = 'a-kv-usw2'
const tokenOf = (name: string) => `${name}-token-of-the-scene`

const databases = testServer()
const browser = testBrowser()
let database: TestStore
let agent: Scene

beforeAll(async () => {
  database = await databases.open({ maximumConnections: 2 })
  const people = [
    { name: 'vera', role: 'viewer' },
    { name: 'rita', role: 'responder' },
    { name: 'alice', role: 'approver' },
    { name: 'bob', role: 'approver' },
    { name: 'mallory', role: 'approver' },
    { name: 'root', role: 'admin' },
  ].map((person) => ({ ...person, tokenHash: tokenHashOf(tokenOf(person.name)) }))
  const tokens = [{ name: 'alertmanager', token: INGEST, scopes: ['ingest'] }]
  const asked = { approvers: ['alice', 'bob'], approvalsNeeded: 2 }
  agent = await scene(database.url, [{ file: ASKING, ...asked }], { tokens }, { people, mode: 'live' })
})
afterAll(() => agent?.stop())

async function now(name: string): Promise<{ page: Page; complaints: readonly string[] }> {
  const { page, complaints } = await browser.open()
  await page.goto(agent.url)
  await page.getByLabel('Token', { exact: true }).fill(tokenOf(name))
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: 'Now' }).waitFor()
  return { page, complaints }
}

const question = (page: Page) => page.getByRole('article', { name: /: may it / })

describe('a question in the console', () => {
  it('tells those who may not answer why, in the agent’s words', async () => {
    for (const [name, reason] of [
      ['vera', 'Your role here is viewer; answering needs approver.'],
      ['mallory', 'Mallory is not among the approvers.'],
    ] as const) {
      const { page } = await now(name)
      const asked = question(page)
      await asked.waitFor()
      expect(await asked.getByRole('button', { name: 'Approve…' }).isDisabled()).toBe(true)
      expect(await asked.getByRole('button', { name: 'Refuse…' }).isDisabled()).toBe(true)
      expect(await asked.innerText()).toContain(reason)
      await expectAccessible(page)
    }
  })

  it('is not answered past the buttons either', async () => {
    const [asked] = await database.store.approvals.list({ status: 'pending' })
    const send = (name: string, body: object) =>
      fetch(`${agent.url}/v1/approvals/${asked?.id}/answer`, {
        method: 'POST',
        headers: { authorization: `Bearer ${tokenOf(name)}`, 'content-type': 'application/json' },
        body: JSON.stringify({ answer: 'approve', seen: asked, ...body }),
      })
    expect((await send('vera', {})).status).toBe(403)
    const consent = 'lose 0 s'
    for (const [name, body] of [
      ['mallory', {}],
      ['alice', { consent, seen: { ...asked, factsHash: 'of yesterday' } }],
      ['alice', { answer: 'refuse', reason: ' ' }],
    ] as const)
      expect((await send(name, body)).status).toBe(409)
    expect((await database.store.approvals.get(asked?.id ?? ''))?.votes).toEqual([])
  })

  it('stands longer and is looked at again for those who may want that, on the record', async () => {
    const [before] = await database.store.approvals.list({ status: 'pending' })
    const wish = async (name: string, what: string) => {
      const answer = await fetch(`${agent.url}/v1/approvals/${before?.id}/${what}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${tokenOf(name)}` },
      })
      return [answer.status, JSON.stringify(await answer.json())]
    }
    for (const name of ['vera', 'rita']) expect((await wish(name, 'more-time'))[0]).toBe(403)
    expect((await wish('vera', 'look-again'))[0]).toBe(403)
    const [status, why] = await wish('mallory', 'more-time')
    expect([status, why]).toEqual([409, expect.stringContaining('Only those who may answer can ask for more time.')])
    const { page } = await now('rita')
    await question(page).waitFor()
    expect(await question(page).getByRole('button', { name: 'Need more time' }).isDisabled()).toBe(true)
    expect(await question(page).innerText()).toContain('More time: Your role here is responder')
    await question(page).getByRole('button', { name: 'Re-assess now' }).click()
    await question(page).getByText('Looking again now.').waitFor()
    const alice = await now('alice')
    await question(alice.page).getByRole('button', { name: 'Need more time' }).click()
    await question(alice.page).getByText('The question stands until').waitFor()
    await expectAccessible(alice.page)
    const after = await database.store.approvals.get(before?.id ?? '')
    expect(Date.parse(after?.expiresAt ?? '') - Date.parse(before?.expiresAt ?? '')).toBe(5 * 60_000)
    const acts = (await database.store.audit.list({ kinds: ['administrative_act'] })).flatMap(({ entry }) =>
      entry.kind === 'administrative_act' ? [`${entry.actor.id} through ${entry.actor.via}: ${entry.act}`] : [],
    )
    for (const act of [
      'mallory through console: approval_wish_rejected',
      'rita through console: assessment_demanded',
      'alice through console: approval_extended',
    ])
      expect(acts).toContain(act)
  })

  it('counts each person once, with the consent typed, and shows the run at once to those who only watch', async () => {
    const watcher = await now('vera')
    const asked = question(watcher.page)
    await asked.waitFor()
    const approve = async (name: string) => {
      const { page, complaints } = await now(name)
      const own = question(page)
      await own.getByRole('button', { name: 'Approve…' }).click()
      const phrase = own.locator('.phrase')
      if ((await phrase.count()) > 0) {
        const typed = own.getByLabel(/^Approving may lose data/)
        await typed.fill('lose nothing')
        await own.getByRole('button', { name: 'Approve', exact: true }).click()
        await own.getByRole('alert').filter({ hasText: 'was not accepted' }).waitFor()
        await typed.fill(await phrase.innerText())
      }
      await expectAccessible(page)
      await own.getByRole('button', { name: 'Approve', exact: true }).click()
      return { page, own, complaints }
    }
    const alice = await approve('alice')
    await alice.own.getByText('Still needed: 1 more').waitFor()
    await alice.own.getByText('Approving: Alice has answered already.').waitFor()
    await asked.getByText('alice approved through console').waitFor()
    await approve('bob')
    // Nobody reloads this page: the question leaves it by itself, and a run takes its place until it has ended.
    await asked.waitFor({ state: 'detached' })
    expect(await database.store.runs.list()).toMatchObject([{ requestedBy: 'bob', service: 'parcel-track' }])
    expect(watcher.complaints).toEqual([])
    const votes = (await database.store.audit.list({ kinds: ['approval_voted'] })).map(({ entry }) => entry.actor)
    expect(votes).toEqual([
      { kind: 'person', id: 'bob', via: 'console' },
      { kind: 'person', id: 'alice', via: 'console' },
    ])
  })
})

describe('the kill switch in the console', () => {
  it('is for administrators, needs a reason, and is on the record under the person’s name', async () => {
    const viewer = await now('vera')
    expect(await viewer.page.getByRole('button', { name: 'Freeze…' }).isDisabled()).toBe(true)
    const { page } = await now('root')
    await page.getByRole('button', { name: 'Freeze…' }).click()
    await page.getByLabel(/^Why\? Whoever finds it frozen/).fill('an exercise')
    await page.getByRole('button', { name: 'Freeze everything' }).click()
    await page.getByRole('heading', { name: 'Frozen: nothing is carried out' }).waitFor()
    await viewer.page.getByRole('heading', { name: 'Frozen: nothing is carried out' }).waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Lift…' }).click()
    await page.getByLabel('Why may it go on?').fill('the exercise is over')
    await page.getByRole('button', { name: 'Lift the freeze of everything' }).click()
    await viewer.page.getByRole('heading', { name: 'The kill switch' }).waitFor()
    const acts = await database.store.audit.list({ kinds: ['freeze_set', 'freeze_lifted'] })
    expect(acts.map(({ entry }) => entry.actor)).toEqual(Array(2).fill({ kind: 'person', id: 'root', via: 'console' }))
  })
})

describe('a label', () => {
  it('says what would have been right, and gives an evaluation case', async () => {
    const { page } = await now('alice')
    await page.goto(`${agent.url}/decisions/${agent.decisions.get(ASKING)}`)
    const panel = page.getByRole('region', { name: 'Was it right?' })
    await panel.getByRole('button', { name: 'Say so…' }).click()
    await panel.getByRole('button', { name: 'it should have been …' }).click()
    await panel.getByLabel('What would have been right?').selectOption('observe')
    await panel.getByLabel('The true cause').selectOption('aws_infrastructure')
    await panel.getByLabel(/^Why\?/).fill('It went away by itself <script>window.pwned=1</script>.')
    await expectAccessible(page)
    await panel.getByRole('button', { name: 'Put it on record' }).click()
    await panel.getByText('better: keep watching').waitFor()
    const href = await panel.getByRole('link', { name: 'Download the evaluation case' }).getAttribute('href')
    const answer = await fetch(agent.url + href, { headers: { authorization: `Bearer ${tokenOf('vera')}` } })
    expect(await answer.json()).toMatchObject({
      format: 'recorded-incident/v1',
      label: { best: 'observe', category: 'aws_infrastructure' },
    })
    expect(await page.evaluate('window.pwned')).toBeUndefined()
  })
})
