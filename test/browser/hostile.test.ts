import type { Page, Route } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testServer } from '../store/test-database.ts'
import { settled, testBrowser } from './browser.ts'
import { type Lived, lived } from './lived.ts'

/** What somebody may write where we keep free text: markup, links, templates, text that turns around, control characters, and too much of it. */
const HOSTILE = [
  '<img src=x onerror="window.pwned=1">',
  '<script>window.pwned=1</script>',
  '"><svg onload="window.pwned=1"><a href="javascript:window.pwned=1">x</a>',
  `'-window.pwned=1-' \${window.pwned=1} {{constructor.constructor("window.pwned=1")()}}`,
  '[read this](javascript:window.pwned=1) ![x](x"onerror="window.pwned=1)',
  '\u202egnp.exe \u2066turned\u2069 \u0000\u0007\u001b[31mred\u001b[0m',
  `<iframe srcdoc="<script>parent.pwned=1</script>">${'x'.repeat(4000)}`,
] as const
const HOSTILE_LINK = 'javascript:window.pwned=1'
/** What nobody may choose: words of a list, our own ids, hashes, moments, and what is shown as numbers. */
const STRUCTURAL =
  /^$|^[a-z]+([_-][a-z]+)*$|^(inc|dec|apr|run|evt|agt|frz|lbl)_\w+$|^[0-9a-f]{16,64}$|^\d{4}-\d\d-\d\dT[\d:.]+Z$|^sha256:/
/** The page finds things by them, and the agent makes them. */
const OWN_FIELDS = new Set([
  'id',
  'decisionId',
  'incidentId',
  'approvalId',
  'hash',
  'planHash',
  'csrf',
  'next',
  'kind',
  'status',
])

const databases = testServer()
const browser = testBrowser()
let life: Lived

beforeAll(async () => {
  const database = await databases.open({ maximumConnections: 2 })
  life = await lived(database.url, 'a-b')
  const post = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(life.url + path, { method: 'POST', headers, body: JSON.stringify(body) })
    expect([path, answer.status < 300]).toEqual([path, true])
  }
  const [first, second] = HOSTILE
  await post('/v1/changes', {
    kind: first.slice(0, 60),
    service: second,
    ref: first,
    summary: HOSTILE.join(' ').slice(0, 2000),
  })
  await post('/v1/freezes', { reason: first })
  const why = HOSTILE.join(' ').slice(0, 2000)
  await post(`/v1${life.screens['decision-run']}/labels`, { label: 'right', why })
})
afterAll(() => life?.stop())

/** Every free text of an answer, made hostile. */
function poisoned(value: unknown, next: () => string, field = ''): unknown {
  if (Array.isArray(value)) return value.map((one) => poisoned(one, next, field))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, poisoned(one, next, key)]))
  if (typeof value !== 'string' || OWN_FIELDS.has(field) || STRUCTURAL.test(value)) return value
  return /^https?:/.test(value) ? HOSTILE_LINK : `${next()} ${value}`
}

async function poisonedPage(options: object = {}) {
  const { page, complaints } = await browser.open(options)
  let turn = 0
  let planted = 0
  const next = () => {
    planted += 1
    return HOSTILE[turn++ % HOSTILE.length] ?? ''
  }
  await page.addInitScript(
    `window.refused = []; addEventListener('securitypolicyviolation', ({ violatedDirective }) => refused.push(violatedDirective))`,
  )
  await page.route(/\/v1\/(?!live|session)/, async (route: Route) => {
    const answer = await route.fetch().catch(() => null)
    if (answer === null) return route.abort()
    const body: unknown = await answer.json().catch(() => null)
    return route.fulfill({ response: answer, json: poisoned(body, next) })
  })
  return { page, complaints, planted: () => planted }
}

/** Nothing ran, nothing became an element or a link, and the security policy had nothing to refuse. */
async function expectHarmless(page: Page, where: string): Promise<void> {
  const found = (await page.evaluate(`({
    ran: window.pwned ?? null,
    refused: window.refused,
    made: document.querySelectorAll('main img, main script, main iframe, main object, main embed, [onerror], [onload], [srcdoc]').length,
    links: [...document.querySelectorAll('[href], [src], [action], [formaction]')].flatMap((one) =>
      ['href', 'src', 'action', 'formaction'].map((name) => one.getAttribute(name) ?? '')).filter((url) => /^\\s*(javascript|data|vbscript):/i.test(url)),
  })`)) as object
  expect({ where, ...found }).toEqual({ where, ran: null, refused: [], made: 0, links: [] })
}

const SLOW = { timeout: 240_000 }

describe('hostile text in every field of every answer', () => {
  it('is only ever text, on every screen', SLOW, async () => {
    const { page, complaints, planted } = await poisonedPage()
    const shown: string[] = []
    for (const [name, path] of Object.entries(life.screens)) {
      const before = planted()
      await page.goto(life.url + path)
      await settled(page)
      await page.locator('.panel').first().waitFor()
      if (name.startsWith('decision')) await page.locator('.evidence').first().waitFor()
      for (const details of await page.locator('main details').all())
        await details.evaluate('(element) => { element.open = true }')
      if (name === 'audit') await page.locator('button.open').first().click()
      await expectHarmless(page, name)
      expect([name, planted() > before]).toEqual([name, true])
      if ((await page.locator('main').innerText()).includes('<img src=x')) shown.push(name)
    }
    // Told word by word where people read: a page that shows nothing of it would prove nothing.
    expect(shown).toEqual(
      expect.arrayContaining(['now', 'decision-own-deploy', 'decision-run', 'plans', 'run', 'audit']),
    )
    expect(complaints).toEqual([])
    expect(planted()).toBeGreaterThan(500)
  })

  it('does not push a phone’s screen sideways', SLOW, async () => {
    const { page } = await poisonedPage({ viewport: { width: 390, height: 844 } })
    for (const name of ['now', 'incident', 'decision-run', 'plans', 'run']) {
      await page.goto(life.url + life.screens[name])
      await settled(page)
      await page.locator('.panel').first().waitFor()
      expect([name, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([name, 390])
    }
  })

  it('stays within its own place when it turns around', async () => {
    const { page } = await poisonedPage()
    await page.goto(life.url + life.screens['decision-run'])
    await page.locator('.evidence').first().waitFor()
    const loose = await page.evaluate(`[...document.querySelectorAll('main :is(a, code, strong, span, time)')]
      .filter((one) => getComputedStyle(one).display === 'inline' && getComputedStyle(one).unicodeBidi === 'normal').length`)
    expect(loose).toBe(0)
  })
})

describe('hostile text that the agent itself took in', () => {
  it('is text in a change, a freeze and a label, and in the page without scripts', SLOW, async () => {
    const { page, complaints } = await browser.open()
    await page.addInitScript('window.refused = []')
    for (const name of ['now', 'audit', 'decision-run']) {
      await page.goto(life.url + life.screens[name])
      await settled(page)
      await page.getByText(HOSTILE[0], { exact: false }).first().waitFor()
      await expectHarmless(page, name)
    }
    expect(complaints).toEqual([])
    await page.goto(`${life.url}/v1${life.screens['decision-run']}`)
    await expectHarmless(page, 'the page without scripts')
  })
})
