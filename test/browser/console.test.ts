import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tokenHashOf } from '../../agent/approval/people.ts'
import { type TestStore, testServer } from '../store/test-database.ts'
import { expectAccessible, settled, testBrowser } from './browser.ts'
import { INGEST, type Scene, scene } from './scene.ts'

const OWN_DEPLOY = 'a-basket-euw1'
const REGION_DOWN = 'c-ledger-ase1-signed'
const HOSTILE = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>'

const databases = testServer()
const browser = testBrowser()
let database: TestStore
let open: Scene
let closed: Scene

beforeAll(async () => {
  database = await databases.open({ maximumConnections: 2 })
  open = await scene(database.url, [
    {
      file: OWN_DEPLOY,
      replace: [
        ['no rounding rule for market', `${HOSTILE} no rounding rule`],
        ['market specific rounding', HOSTILE],
      ],
    },
    { file: REGION_DOWN },
  ])
  const other = await databases.open({ maximumConnections: 2 })
  const people = ['viewer', 'admin'].map((role) => ({
    name: `${role} person`,
    role,
    tokenHash: tokenHashOf(`${role}-token-of-the-scene`),
  }))
  const tokens = [{ name: 'alertmanager', token: INGEST, scopes: ['ingest'] }]
  closed = await scene(other.url, [{ file: OWN_DEPLOY }], { tokens }, { people })
})
afterAll(async () => {
  await open?.stop()
  await closed?.stop()
})

const linkTo = (file: string, { url, decisions }: Scene = open) => `${url}/decisions/${decisions.get(file)}`

describe('a decision found by its link', () => {
  it('says first that it did not fail over, and what stood in the way', async () => {
    const { page, complaints } = await browser.open()
    await page.goto(linkTo(OWN_DEPLOY))
    await page.getByRole('heading', { level: 1, name: 'Did not fail over.' }).waitFor()
    const why = page.getByRole('region', { name: 'Why: what it could do, and what stood in the way' })
    expect(await why.innerText()).toContain('only version 5.18.0 is affected')
    expect(await page.locator('main').innerText()).toContain('an own deploy')
    await page.getByRole('img', { name: /^Timeline up to the decision/ }).waitFor()
    expect(await page.locator('.evidence > li').first().innerText()).toContain('supports the verdict')
    expect(complaints).toEqual([])
  })

  it('shows every rule when all of them are asked for', async () => {
    const { page } = await browser.open()
    await page.goto(linkTo(OWN_DEPLOY))
    const rules = page.getByRole('region', { name: 'Gate: every rule and what it saw' })
    const rows = rules.locator('tbody tr')
    await rows.first().waitFor()
    const told = await rows.count()
    await rules.getByRole('button', { name: /^all / }).click()
    expect(await rows.count()).toBeGreaterThan(told)
    expect(await rules.innerText()).toContain('state.kill-switch')
  })

  it('shows what another policy would have made of it, and stores nothing', async () => {
    const { page } = await browser.open()
    // The agent goes on looking meanwhile; what it decides by itself is under its own policy.
    const kept = () =>
      database.sql(`select count(*) filter (where kind not in ('decision_made', 'assessment_failed')) as acts,
        count(distinct entry::json->>'policyHash') filter (where kind = 'decision_made') as policies from audit_log`)
    const before = await kept()
    await page.goto(linkTo(OWN_DEPLOY))
    await page.getByText('Change the policy and decide again').click()
    await page.getByRole('textbox', { name: /^Policy of this decision/ }).fill('version: 1\nnonsense: true\n')
    await page.getByRole('button', { name: 'Decide again' }).click()
    await page.getByRole('alert').filter({ hasText: 'nonsense' }).waitFor()
    await page.getByRole('textbox', { name: /^Policy of this decision/ }).fill('version: 1\n')
    await page.getByRole('button', { name: 'Decide again' }).click()
    await page.getByRole('heading', { name: 'Under this policy' }).waitFor()
    expect(await kept()).toEqual(before)
  })

  it('runs nothing that logs, changes or alerts say', async () => {
    const { page, complaints } = await browser.open()
    await page.goto(linkTo(OWN_DEPLOY))
    await page.locator('.evidence').waitFor()
    const shown = await page.locator('main').innerText()
    expect(shown).toContain('<img src=x onerror=')
    expect(await page.evaluate('window.pwned')).toBeUndefined()
    expect(await page.locator('main img, main script').count()).toBe(0)
    expect(complaints).toEqual([])
  })

  it('says what is wrong when there is no such decision', async () => {
    const { page } = await browser.open()
    await page.goto(`${open.url}/decisions/dec_nothing`)
    await page.getByRole('alert').filter({ hasText: 'there is no decision' }).waitFor()
  })
})

describe('every screen', () => {
  const screens = () => ['/', '/incidents', '/audit', `/decisions/${open.decisions.get(REGION_DOWN)}`]

  it.each(['light', 'dark'] as const)('meets WCAG AA in %s', async (colorScheme) => {
    const { page } = await browser.open({ colorScheme })
    for (const path of screens()) {
      await page.goto(open.url + path)
      await page.locator('h1').waitFor()
      await settled(page)
      await expectAccessible(page)
    }
  })

  it('fits a phone without scrolling sideways', async () => {
    const { page } = await browser.open({ viewport: { width: 390, height: 844 } })
    for (const path of screens()) {
      await page.goto(open.url + path)
      await page.locator('h1').waitFor()
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390)
    }
  })

  it('leads from now to the decision by keyboard alone', async () => {
    const { page } = await browser.open()
    await page.goto(open.url)
    const link = page
      .getByRole('region', { name: /^Open incidents/ })
      .getByRole('link', { name: /, / })
      .first()
    await link.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.waitForURL(/\/decisions\//)
  })
})

describe('the audit log', () => {
  it('narrows by filters that stand in the address, and exports the same', async () => {
    const { page } = await browser.open()
    await page.goto(`${open.url}/audit?kind=decision_made`)
    await page.locator('button.open').first().waitFor()
    const shown = await page.locator('button.open').allInnerTexts()
    const href = await page.getByRole('link', { name: 'Export NDJSON' }).getAttribute('href')
    const exported = await (await fetch(open.url + href)).text()
    const seqs = exported
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { seq: number }).seq)
    expect(seqs).toEqual(shown.map((text) => Number(text.replace(/\D/g, ''))))
    await page.getByLabel('Anywhere in the entry').fill('nothing says this')
    await page.keyboard.press('Enter')
    await page.getByText('No entry fits').waitFor()
    expect(page.url()).toContain('text=nothing')
  })

  it('verifies, and names the entry that somebody altered', async () => {
    const { page } = await browser.open()
    await page.goto(`${open.url}/audit`)
    await page.getByRole('button', { name: 'Verify the chain' }).click()
    await page.getByText('The chain holds.').waitFor()
    const [first] = await database.sql("select seq, entry from audit_log where kind = 'agent_started'")
    await database.sql('alter table audit_log disable trigger all')
    await database.sql('update audit_log set entry = $1 where seq = $2', [
      String(first?.entry).replace('shadow', 'live'),
      first?.seq,
    ])
    await page.getByRole('button', { name: 'Verify the chain' }).click()
    await page.getByText(`The chain breaks at entry ${first?.seq}`).waitFor()
    await database.sql('update audit_log set entry = $1 where seq = $2', [first?.entry, first?.seq])
  })
})

describe('where people sign in', () => {
  it('leads to the link that was followed, once the token is right', async () => {
    const { page } = await browser.open()
    await page.goto(linkTo(OWN_DEPLOY, closed))
    await page.getByLabel('Token', { exact: true }).fill('guess-of-somebody-else')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').waitFor()
    await expectAccessible(page)
    await page.getByLabel('Token', { exact: true }).fill('viewer-token-of-the-scene')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { level: 1, name: 'Did not fail over.' }).waitFor()
    // Replaying is a request that changes method, so it needs the page's proof.
    await page.getByText('Change the policy and decide again').click()
    await page.getByRole('button', { name: 'Decide again' }).click()
    await page.getByRole('heading', { name: 'Under this policy' }).waitFor()
    await page.getByRole('button', { name: 'Sign out viewer person' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  })
})
