import { isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import type { z } from 'zod'
import { Fault } from './errors.ts'

/** One mistake in a file, where it is and what would be right. */
export interface Problem {
  readonly file: string
  readonly line: number
  readonly column: number
  /** Such as `services[2].primary.region`; empty for the whole file. */
  readonly path: string
  readonly message: string
}

export type YamlRead<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: Problem[] }

/** Enough for a catalogue of thousands of services that share an anchor, too little for a small file to expand without end. */
const ALIAS_LIMIT = 10_000

/** Finds what stands for `${NAME}` in a file's strings, such as an environment variable; undefined when there is none. */
export type Lookup = (name: string) => string | undefined

/**
 * Parses YAML 1.2 text against a schema and reports every mistake with its line and column, all in one run.
 * With a lookup, `${NAME}` inside a string is replaced (`$${NAME}` stays as `${NAME}`), so that secrets need not stand in the file.
 */
export function readYaml<T extends z.ZodType>(
  text: string,
  file: string,
  schema: T,
  lookup?: Lookup,
): YamlRead<z.output<T>> {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, logLevel: 'error' })
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => {
      const { line, col } = lines.linePos(error.pos[0])
      return { file, line, column: col, path: '', message: error.message }
    })
    return { ok: false, problems }
  }
  let raw: unknown
  try {
    raw = document.toJS({ maxAliasCount: ALIAS_LIMIT }) ?? {}
  } catch (error) {
    // Aliases of aliases, or one of an anchor that is not there.
    return { ok: false, problems: [{ file, line: 1, column: 1, path: '', message: (error as Error).message }] }
  }
  const missing: Place[] = []
  const filled = lookup ? fill(raw, lookup, [], missing) : raw
  const parsed = schema.safeParse(filled, { reportInput: true })
  if (parsed.success && missing.length === 0) return { ok: true, value: parsed.data }
  const places = [...missing, ...(parsed.error?.issues.flatMap((issue) => placesOf(issue, raw)) ?? [])]
  const problems = places.map(({ path, message, atKey }) => {
    const offset = offsetOf(document.contents, path, atKey)
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(line, 1), column: Math.max(col, 1), path: pathText(path), message }
  })
  problems.sort((a, b) => a.line - b.line || a.column - b.column)
  return { ok: false, problems }
}

/** The mistakes as one Fault; its message has a line for each. */
export function problemsFault(problems: readonly Problem[]): Fault {
  const list = problems.map((p) => `${p.file}:${p.line}:${p.column} ${p.path ? `${p.path}: ` : ''}${p.message}`)
  return new Fault('config_invalid', list.join('\n'), {
    details: { problems },
    hint: 'Correct the lines named and run `failwise check` again.',
  })
}

interface Place {
  readonly path: PropertyKey[]
  readonly message: string
  readonly atKey: boolean
}

function fill(value: unknown, lookup: Lookup, path: PropertyKey[], missing: Place[]): unknown {
  if (typeof value === 'string')
    return value.replace(/(\$?)\$\{([A-Za-z_][\w:./-]*)\}/g, (whole, dollar: string, name: string) => {
      if (dollar) return whole.slice(1)
      const found = lookup(name)
      if (found === undefined) missing.push({ path, message: `\${${name}} is not set`, atKey: false })
      return found ?? ''
    })
  if (Array.isArray(value)) return value.map((item, i) => fill(item, lookup, [...path, i], missing))
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, fill(item, lookup, [...path, key], missing)]),
    )
  return value
}

/** Values are shown as they stand in the file, so that a filled-in secret never reaches a message. */
function placesOf(issue: z.core.$ZodIssue, raw: unknown): Place[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...issue.path, key], message: 'unknown key', atKey: true }))
  if (issue.code === 'invalid_value')
    return [
      {
        path: issue.path,
        message: `must be one of ${issue.values.join(', ')}; is ${shown(valueAt(raw, issue.path))}`,
        atKey: false,
      },
    ]
  if (issue.code === 'invalid_type' && issue.input === undefined)
    return [{ path: issue.path, message: `is missing (expected ${issue.expected})`, atKey: false }]
  if (issue.code === 'invalid_type')
    return [
      { path: issue.path, message: `must be ${issue.expected}; is ${shown(valueAt(raw, issue.path))}`, atKey: false },
    ]
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const closest = [...issue.errors].sort((a, b) => a.length - b.length)[0] ?? []
    if (closest.length > 0)
      return closest.flatMap((inner) =>
        placesOf({ ...inner, path: [...issue.path, ...inner.path] } as z.core.$ZodIssue, raw),
      )
  }
  return [{ path: issue.path, message: issue.message, atKey: false }]
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], raw)
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`
    return text ? `${text}.${String(key)}` : String(key)
  }, '')
}

/** Byte offset of the node at a path, or of the nearest parent that exists. */
function offsetOf(root: Node | null, path: readonly PropertyKey[], atKey: boolean): number {
  let node: unknown = root
  let offset = root?.range?.[0] ?? 0
  for (const [depth, key] of path.entries()) {
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(key),
      )
      if (!pair) return offset
      const keyNode = pair.key as Node
      const valueNode = pair.value as Node | null
      const isLast = depth === path.length - 1
      offset = (isLast && atKey ? keyNode.range?.[0] : (valueNode?.range?.[0] ?? keyNode.range?.[0])) ?? offset
      // A nested map starts on the line after its key; the key is where a person looks for it.
      if (isLast && isMap(valueNode)) offset = keyNode.range?.[0] ?? offset
      node = valueNode
    } else if (isSeq(node) && typeof key === 'number') {
      const item = node.items[key] as Node | undefined
      if (!item) return offset
      offset = item.range?.[0] ?? offset
      node = item
    } else return offset
  }
  return offset
}
