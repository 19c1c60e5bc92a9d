import axe from 'axe-core'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'

/** Debian's Chromium for the tests of one file. */
export function testBrowser(): { open(options?: BrowserContextOptions): Promise<OpenPage> } {
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-dev-shm-usage'],
    })
  })
  afterAll(() => browser?.close())
  return {
    open: async (options = {}) => {
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
      const page = await context.newPage()
      const complaints: string[] = []
      page.on('pageerror', (error) => complaints.push(error.message))
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text())
      })
      return { page, complaints }
    },
  }
}

export interface OpenPage {
  readonly page: Page
  /** What the browser held against the page: errors, and what its security policy refused. */
  readonly complaints: readonly string[]
}

/** Until the page has read what it shows. The network is never idle: the page listens for changes. */
export async function settled(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor()
  await expect
    .poll(() =>
      page
        .getByRole('status')
        .filter({ hasText: /^Reading / })
        .count(),
    )
    .toBe(0)
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
  }[]
}

/** Fails with every breach of WCAG 2.2 AA that axe finds on the page as it stands. */
export async function expectAccessible(page: Page): Promise<void> {
  // Evaluated by the debugger, which the page's security policy does not concern.
  await page.evaluate(axe.source)
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
  const result = (await page.evaluate(`axe.run(document, { runOnly: ${JSON.stringify(tags)} })`)) as AxeResult
  const found = result.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary ?? ''}`)
  expect(found).toEqual([])
}
