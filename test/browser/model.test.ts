import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KV_VERDICT } from '../fakes/incidents.ts'
import { type ModelServer, startModelServer } from '../fakes/model-server.ts'
import { testServer } from '../store/test-database.ts'
import { expectAccessible, settled, testBrowser } from './browser.ts'
import { type Scene, scene } from './scene.ts'

const KV = 'a-kv-usw2'
const HOSTILE = '<img src=x onerror="window.pwned=1">'

const databases = testServer()
const browser = testBrowser()
let model: ModelServer
let agent: Scene

beforeAll(async () => {
  const verdict = { ...KV_VERDICT, reasoning: `${HOSTILE} ${KV_VERDICT.reasoning}` }
  model = await startModelServer({ always: { kind: 'verdict', verdict } })
  const database = await databases.open({ maximumConnections: 2 })
  const models = [{ provider: 'openai', model: 'test', baseUrl: `${model.url}/v1` }]
  agent = await scene(database.url, [{ file: KV }], {}, { analyst: { models } })
})
afterAll(async () => {
  await agent?.stop()
  await model?.close()
})

describe('the decision of a model', () => {
  it('shows who says so, and word for word what it was asked and what it answered', async () => {
    const { page, complaints } = await browser.open()
    await page.goto(`${agent.url}/decisions/${agent.decisions.get(KV)}`)
    await settled(page)
    await expect.poll(() => page.getByText('says the model openai:test').count()).toBe(1)
    await page.getByText('Prompt and reply').click()
    const asked = model.asked.at(-1)
    const [system, incident] = [page.getByText('Prompt: what is always said'), page.getByText('Prompt: this incident')]
    await system.waitFor()
    await incident.waitFor()
    const shown = await page.locator('pre.entry-json').allInnerTexts()
    const said = [asked?.system, ...(asked?.turns ?? []).map(({ content }) => content)].map((text) => text?.trim())
    expect(said).toHaveLength(2)
    for (const text of said) expect(shown.map((one) => one.trim())).toContain(text)
    // A model's words are text like any other.
    expect(shown.some((text) => text.includes(JSON.stringify(HOSTILE).slice(1, -1)))).toBe(true)
    expect(await page.evaluate("'pwned' in window")).toBe(false)
    await expectAccessible(page)
    expect(complaints).toEqual([])
    if (process.env.FAILWISE_PICTURE) await page.screenshot({ path: process.env.FAILWISE_PICTURE, fullPage: true })
  })
})
