import { createWriteStream } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { sha256 } from '../../agent/domain/canonical.ts'
import { parseCase } from '../case.ts'
import { casePaths } from '../load.ts'
import { snapshotOf } from '../recorded-snapshot.ts'
import type { EvalReport } from '../report.ts'
import type { CaseResult } from '../result.ts'
import type { Spool } from '../spool.ts'
import { casePage } from './case-page.ts'
import { escaped } from './markup.ts'
import { overview } from './overview.ts'
import { STYLE } from './style.ts'

export interface HtmlSources {
  /** Holds the decisions, so that nothing is decided twice and nothing big is kept in memory. */
  readonly spool: Pick<Spool, 'find'>
  readonly incidents: string
  readonly now: number
}

/** Writes the report as one file that needs nothing else, page after page, so that memory does not grow with the cases. */
export async function writeHtml(path: string, report: EvalReport, sources: HtmlSources): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await pipeline(Readable.from(pages(report, sources)), createWriteStream(path))
}

async function* pages(report: EvalReport, sources: HtmlSources): AsyncGenerator<string> {
  const title = escaped(`Failwise: how well does ${report.subject.analyst} decide?`)
  yield `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">`
  yield `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>${title}</title><style>${STYLE}</style></head><body><main>\n`
  yield overview(report, new Date(sources.now).toISOString()).markup
  const results = new Map(report.cases.filter(({ repetition }) => repetition === 0).map((one) => [one.id, one]))
  const order = [...results.keys()]
  for (const path of await casePaths(sources.incidents)) yield await pageOf(path, results, order, sources)
  yield '<footer>Written by <code>failwise eval</code>. Everything in this file is data; it runs nothing.</footer></main></body></html>\n'
}

async function pageOf(
  path: string,
  results: ReadonlyMap<string, CaseResult>,
  order: readonly string[],
  { spool }: HtmlSources,
): Promise<string> {
  const text = await readFile(path, 'utf8')
  const id = idOf(text)
  const result = id === null ? undefined : results.get(id)
  if (!result) return ''
  const one = parseCase(text, path)
  const entry = spool.find(`${one.id}#0`, sha256(text))
  if (!entry) return ''
  const snapshot = await snapshotOf(one.incident)
  const at = order.indexOf(one.id)
  const [previous, next] = [order[at - 1] ?? null, order[at + 1] ?? null]
  return `\n${casePage({ one, snapshot, result, detail: entry.detail, previous, next }).markup}`
}

/** The id of a case file that may be malformed; such a file has no page, and the overview names it. */
function idOf(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string'
      ? value.id
      : null
  } catch {
    return null
  }
}
