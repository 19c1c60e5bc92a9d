import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { analystNamed } from '../../evals/analysts.ts'
import { DEFAULT_OPTIONS, type EvalIo, type EvalOptions, OWN_INCIDENTS } from '../../evals/options.ts'

/** Cases that the tests of evaluations share: each best action at least once, an attack, a dark one. */
export const SOME_CASES = [
  'a-anycast-sin',
  'a-basket-euw1',
  'a-site-euw8',
  'b-desk-deny',
  'c-claims-euw1-invoke',
  'c-presence-usw1-writes',
]

/** The text of a case that comes with the code. */
export function caseText(id: string): string {
  return readFileSync(join(OWN_INCIDENTS, `${id}.json`), 'utf8')
}

/** A case as a mutable object. */
export function caseObject(id: string): Record<string, unknown> & { label: Record<string, unknown> } {
  return JSON.parse(caseText(id))
}

/** An empty folder that is gone after the test. */
export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'failwise-evals-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A folder with some of the cases. */
export function folderWith(ids: readonly string[] = SOME_CASES): string {
  const folder = emptyFolder()
  for (const id of ids) copyFileSync(join(OWN_INCIDENTS, `${id}.json`), join(folder, `${id}.json`))
  return folder
}

/** Writes a case object into a folder. */
export function putCase(folder: string, name: string, value: unknown): void {
  writeFileSync(join(folder, `${name}.json`), typeof value === 'string' ? value : JSON.stringify(value))
}

/** An io that keeps what is written; nothing leaves the test. */
export function testIo(parts: Partial<EvalIo> = {}): EvalIo & { readonly written: string[]; readonly shown: string[] } {
  const written: string[] = []
  const shown: string[] = []
  const folder = emptyFolder()
  let elapsed = 0
  return {
    written,
    shown,
    write: (text) => written.push(text),
    writeProgress: (text) => shown.push(text),
    isTerminal: false,
    now: () => Date.parse('2026-11-21T00:00:00Z'),
    elapsed: () => ++elapsed,
    abort: new AbortController().signal,
    workFolder: join(folder, 'work'),
    artifacts: folder,
    readme: join(folder, 'README.md'),
    analystNamed: (name, promptFile) => analystNamed(name, promptFile, { configFolder: folder, environment: {} }),
    scores: null,
    ...parts,
  }
}

/** The default options with a few replaced. */
export function optionsWith(parts: Partial<EvalOptions>): EvalOptions {
  return { ...DEFAULT_OPTIONS, ...parts }
}
