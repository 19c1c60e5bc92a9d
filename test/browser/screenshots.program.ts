import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type BrowserContextOptions, chromium } from 'playwright-core'
import { systemClock } from '../../agent/lib/clock.ts'
import { startEmbedded } from '../../agent/store/embedded.ts'
import { lived } from './lived.ts'

/** Writes every page of the console, in both themes and as a phone shows it, from an agent that decided about recorded incidents. */
const VIEWS: Readonly<Record<string, BrowserContextOptions>> = {
  light: { viewport: { width: 1280, height: 900 }, colorScheme: 'light' },
  dark: { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: 'light', isMobile: true, hasTouch: true },
}

const SETTLED_MS = 1000

const [wanted = 'screenshots'] = process.argv.slice(2)
const out = resolve(wanted)
mkdirSync(out, { recursive: true })
const folder = mkdtempSync(join(tmpdir(), 'failwise-screenshots-'))
// The database runs as a user of its own, which must be let in.
chmodSync(folder, 0o755)
const database = await startEmbedded({ folder: join(folder, 'data'), purpose: 'serve', clock: systemClock })
const life = await lived(database.url)
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage'],
})
try {
  for (const [view, options] of Object.entries(VIEWS)) {
    const page = await (
      await browser.newContext({ ...options, timezoneId: 'Europe/Berlin', locale: 'en-GB' })
    ).newPage()
    for (const [name, path] of Object.entries(life.screens)) {
      await page.goto(life.url + path)
      await page.locator('h1').first().waitFor()
      // Pages ask on for what may change, so the network never falls silent; what they show first is there by then.
      await page.waitForTimeout(SETTLED_MS)
      await page.screenshot({ path: join(out, `${name}.${view}.first.png`) })
      await page.screenshot({ path: join(out, `${name}.${view}.png`), fullPage: true })
    }
  }
  process.stdout.write(
    `${Object.keys(life.screens).length} pages in ${Object.keys(VIEWS).length} views are in ${out}\n`,
  )
} finally {
  await browser.close()
  await life.stop()
  await database.stop()
  rmSync(folder, { recursive: true, force: true })
}
