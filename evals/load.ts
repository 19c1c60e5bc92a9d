import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../agent/lib/errors.ts'
import { type EvalCase, parseCase } from './case.ts'

/** Every case file of a folder, sorted by name; throws Fault `not_found` when there is no such folder. */
export async function casePaths(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch((cause: unknown) => {
    throw new Fault('not_found', `${folder}: cannot be read`, {
      cause,
      hint: 'Expected a folder of recorded-incident/v1 files.',
    })
  })
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

/** Reads one case from disk. */
export async function loadCase(path: string): Promise<EvalCase> {
  return parseCase(await readFile(path, 'utf8'), path)
}

/**
 * Whether a case is wanted: every term must hold. `tag:x`, `best:x`, `category:x`, `difficulty:x`, `service:x` match fields, `!` in
 * front negates, and anything else is looked for in the id.
 */
export function matchesFilter(one: EvalCase, filter: string): boolean {
  return filter
    .split(/[\s,]+/)
    .filter(Boolean)
    .every((term) => (term.startsWith('!') ? !matchesTerm(one, term.slice(1)) : matchesTerm(one, term)))
}

/** Throws Fault `usage` for a filter that names a field which no case has, before anything is decided. */
export function checkFilter(filter: string): void {
  for (const term of filter.split(/[\s,]+/)) {
    const colon = term.indexOf(':')
    const field = colon < 0 ? 'id' : term.slice(term.startsWith('!') ? 1 : 0, colon)
    if (!FIELDS.has(field))
      throw new Fault('usage', `--filter: unknown field in "${term}"`, {
        hint: 'Use id, tag, best, category, difficulty or service.',
      })
  }
}

const FIELDS = new Set(['id', 'tag', 'best', 'category', 'difficulty', 'service'])

function matchesTerm(one: EvalCase, term: string): boolean {
  const colon = term.indexOf(':')
  const value = term.slice(colon + 1)
  switch (colon < 0 ? 'id' : term.slice(0, colon)) {
    case 'id':
      return one.id.includes(value)
    case 'tag':
      return one.tags.includes(value)
    case 'best':
      return one.label.best === value
    case 'category':
      return one.label.category === value
    case 'difficulty':
      return one.difficulty === value
    case 'service':
      return one.incident.service.name === value
    default:
      return false
  }
}
