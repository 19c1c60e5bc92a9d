import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { XMLParser } from 'fast-xml-parser'
import { describe, expect, it } from 'vitest'
import { escaped, html } from '../../evals/html/markup.ts'
import { evalTableMarkdown, hasEvalTable, withEvalTable } from '../../evals/readme-table.ts'
import { runEvals } from '../../evals/run.ts'
import { caseObject, emptyFolder, folderWith, optionsWith, putCase, SOME_CASES, testIo } from './eval-set.ts'

const HOSTILE = `</title><script>alert(1)</script><img src=x onerror=alert(1)>"'&\u202e\u0000`

/** The page of a run over cases, one of which is hostile in every text that somebody else wrote. */
async function pageOfHostile(): Promise<{ page: string; junit: string }> {
  const incidents = folderWith(SOME_CASES.slice(1))
  const one = caseObject('a-anycast-sin')
  const upstream = one.upstream as Record<string, unknown>
  putCase(incidents, 'hostile', {
    ...one,
    id: 'hostile',
    title: HOSTILE,
    tags: [HOSTILE],
    difficulty: HOSTILE,
    label: { ...one.label, why: HOSTILE, keyEvidence: [HOSTILE] },
    upstream: {
      ...upstream,
      changes: [
        {
          at: '2026-01-15T07:00:00Z',
          kind: 'deploy',
          service: HOSTILE,
          ref: HOSTILE,
          summary: HOSTILE,
          rolloutPercent: 100,
        },
      ],
      healthChecks: [{ signal: HOSTILE, status: 'ok', detail: HOSTILE, checkedAt: '2026-01-15T07:28:58Z' }],
    },
  })
  putCase(incidents, 'broken', HOSTILE)
  const folder = emptyFolder()
  const [page, junit] = [join(folder, 'report.html'), join(folder, 'report.xml')]
  await runEvals(optionsWith({ incidents, html: page, junit }), testIo())
  return { page: readFileSync(page, 'utf8'), junit: readFileSync(junit, 'utf8') }
}

describe('the page', () => {
  it('is one file that loads and runs nothing, whatever the cases say', async () => {
    const { page } = await pageOfHostile()
    expect(page).not.toMatch(/<script|<img|<iframe|<link|@import|url\(/i)
    expect(page).not.toContain('\u202e')
    expect(page).not.toContain('\u0000')
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
    expect(page).toContain("default-src 'none'")
    const outside = [...page.matchAll(/(?:href|src)="([^"]*)"/g)]
      .map(([, target]) => target)
      .filter((target) => !target?.startsWith('#'))
    expect(outside).toEqual([])
  })
  it('has a page for every decided case, and every link leads somewhere', async () => {
    const { page } = await pageOfHostile()
    const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id))
    for (const id of [...SOME_CASES.slice(1), 'hostile']) expect(ids).toContain(`case-${id}`)
    for (const [, target] of page.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target)
  })
  it('shows evidence, timeline, verdict, gate and label of a case', async () => {
    const { page } = await pageOfHostile()
    const start = page.indexOf('id="case-b-desk-deny"')
    const section = page.slice(start, page.indexOf('</section>', start))
    for (const part of [
      'The last hour',
      '<svg',
      'What people say',
      'What rules made of it',
      'What the gate said',
      'Evidence',
      'decided:',
    ])
      expect(section).toContain(part)
  })
  it('is well-formed in its tags', async () => {
    const { page } = await pageOfHostile()
    for (const tag of ['div', 'table', 'tr', 'td', 'section', 'svg', 'g', 'details', 'ul', 'li', 'p', 'span'])
      expect([tag, page.split(new RegExp(`<${tag}[ >]`)).length]).toEqual([tag, page.split(`</${tag}>`).length])
  })
})

describe('markup', () => {
  it('escapes everything that is not markup itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(html`<p title="${text}">${text}</p>`.markup).not.toMatch(/<(?!\/?p[ >])|\u202e/)
        expect(escaped(text)).not.toMatch(/[<>"']/)
      }),
    )
    expect(html`${[html`<b>1</b>`, '<', null, false, 2]}`.markup).toBe('<b>1</b>&lt;2')
  })
})

describe('JUnit', () => {
  it('is XML in which a harmful decision is a failure and an undecided case an error', async () => {
    const { junit } = await pageOfHostile()
    const suite = new XMLParser({ ignoreAttributes: false }).parse(junit).testsuites.testsuite
    expect(suite['@_tests']).toBe('7')
    expect(suite['@_errors']).toBe('1')
    expect(suite.testcase.filter((one: { error?: unknown }) => one.error)).toHaveLength(1)
    const folder = emptyFolder()
    const path = join(folder, 'x.xml')
    await runEvals(optionsWith({ incidents: folderWith(), analyst: 'thresholds', junit: path }), testIo())
    expect(readFileSync(path, 'utf8')).toMatch(/<failure type="needless failover" message="decided /)
  })
})

describe("the README's table", () => {
  it('is found only when it is the very same', async () => {
    const { report } = await runEvals(optionsWith({ incidents: folderWith() }), testIo())
    const table = evalTableMarkdown(report!)
    const readme = withEvalTable(
      'a\n<!-- eval:begin (written by `npm run eval -- --update-readme`) -->\n<!-- eval:end -->\n',
      table,
    )
    expect(hasEvalTable(readme, table)).toBe(true)
    expect(hasEvalTable(readme, table.replace('| 0 |', '| 1 |'))).toBe(false)
    expect(() => withEvalTable('no markers', table)).toThrow(/no place/)
  })
})
