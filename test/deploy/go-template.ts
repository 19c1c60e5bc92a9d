import { createHash } from 'node:crypto'
import { stringify } from 'yaml'

/**
 * The part of Go's templates and of Helm's functions that our chart uses. It is no Helm: whatever it does not know is an error, so that the chart
 * stays within what is checked here.
 */
export function renderTemplates(files: ReadonlyMap<string, string>, root: Scope): Map<string, string> {
  const defined = new Map<string, readonly Node[]>()
  const bodies = new Map<string, readonly Node[]>()
  for (const [name, text] of files) bodies.set(name, parse(tokensOf(text), defined))
  const rendered = new Map<string, string>()
  for (const [name, body] of bodies)
    if (!name.startsWith('_')) rendered.set(name, show(body, { dot: root, variables: new Map([['$', root]]), defined }))
  return rendered
}

type Value = unknown
type Scope = Readonly<Record<string, Value>>
type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly pipe: string }
  | {
      readonly kind: 'if' | 'with' | 'range'
      readonly pipe: string
      readonly body: readonly Node[]
      readonly otherwise: readonly Node[]
    }

interface Context {
  readonly dot: Value
  readonly variables: ReadonlyMap<string, Value>
  readonly defined: ReadonlyMap<string, readonly Node[]>
}

interface Token {
  readonly isAction: boolean
  readonly text: string
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  let rest = text
  for (;;) {
    const found = /\{\{(-?)\s*([\s\S]*?)\s*(-?)\}\}/.exec(rest)
    if (!found) return [...tokens, { isAction: false, text: rest }]
    const before = rest.slice(0, found.index)
    tokens.push({ isAction: false, text: found[1] ? before.trimEnd() : before })
    tokens.push({ isAction: true, text: found[2] ?? '' })
    rest = rest.slice(found.index + found[0].length)
    if (found[3]) rest = rest.trimStart()
  }
}

function parse(tokens: Token[], defined: Map<string, readonly Node[]>): readonly Node[] {
  const nodes = block(tokens, defined)
  if (tokens.length > 0) throw new Error(`"${tokens[0]?.text}" closes nothing`)
  return nodes
}

/** Reads up to the end of a block, which it leaves for the caller. */
function block(tokens: Token[], defined: Map<string, readonly Node[]>): Node[] {
  const nodes: Node[] = []
  while (tokens.length > 0) {
    const { isAction, text } = tokens[0]!
    const [, word = '', pipe = ''] = /^(\S+)\s*([\s\S]*)$/.exec(text) ?? []
    if (isAction && (word === 'end' || word === 'else')) return nodes
    tokens.shift()
    if (!isAction) nodes.push({ kind: 'text', text })
    else if (word === 'define') {
      defined.set(JSON.parse(pipe) as string, block(tokens, defined))
      expectEnd(tokens)
    } else if (word === 'if' || word === 'with' || word === 'range') {
      const body = block(tokens, defined)
      let otherwise: readonly Node[] = []
      if (tokens[0]?.text === 'else') {
        tokens.shift()
        otherwise = block(tokens, defined)
      }
      expectEnd(tokens)
      nodes.push({ kind: word, pipe, body, otherwise })
    } else nodes.push({ kind: 'print', pipe: text })
  }
  return nodes
}

function expectEnd(tokens: Token[]): void {
  if (tokens.shift()?.text !== 'end') throw new Error('a block is not closed')
}

function show(nodes: readonly Node[], context: Context): string {
  return nodes.map((node) => showOne(node, context)).join('')
}

function showOne(node: Node, context: Context): string {
  if (node.kind === 'text') return node.text
  if (node.kind === 'print') return String(evaluate(node.pipe, context) ?? fail(`"${node.pipe}" has no value`))
  const [, names, pipe = ''] = /^(?:(\$\w+(?:\s*,\s*\$\w+)?)\s*:=\s*)?([\s\S]+)$/.exec(node.pipe) ?? []
  const value = evaluate(pipe, context)
  if (isEmpty(value)) return show(node.otherwise, context)
  if (node.kind === 'if') return show(node.body, context)
  if (node.kind === 'with') return show(node.body, { ...context, dot: value })
  const [keyName, valueName] = (names ?? '').split(',').map((name) => name.trim())
  return entriesOf(value)
    .map(([key, item]) => {
      const variables = new Map(context.variables)
      if (keyName && valueName) variables.set(keyName, key).set(valueName, item)
      return show(node.body, { ...context, dot: item, variables })
    })
    .join('')
}

/** Go walks maps in the order of their keys. */
function entriesOf(value: Value): [Value, Value][] {
  if (Array.isArray(value)) return value.map((item, index) => [index, item])
  return Object.entries(value as Scope).sort(([a], [b]) => (a < b ? -1 : 1))
}

function isEmpty(value: Value): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

const WORD = /\(|\)|\||"(?:[^"\\]|\\.)*"|[^\s()|]+/g

function evaluate(pipe: string, context: Context): Value {
  const words = pipe.match(WORD) ?? []
  const value = pipeline(words, context)
  if (words.length > 0) throw new Error(`"${pipe}" goes on after its end`)
  return value
}

function pipeline(words: string[], context: Context): Value {
  let value = call(words, context, [])
  while (words[0] === '|') {
    words.shift()
    value = call(words, context, [value])
  }
  return value
}

function call(words: string[], context: Context, piped: readonly Value[]): Value {
  const head = words[0] ?? fail('an empty pipeline')
  const isFunction = /^[a-zA-Z]\w*$/.test(head) && head !== 'true' && head !== 'false'
  if (!isFunction) return operand(words, context)
  words.shift()
  const given: Value[] = []
  while (words.length > 0 && words[0] !== '|' && words[0] !== ')') given.push(operand(words, context))
  return apply(head, [...given, ...piped], context)
}

function operand(words: string[], context: Context): Value {
  const word = words.shift() ?? fail('something is missing')
  if (word === '(') {
    const value = pipeline(words, context)
    if (words.shift() !== ')') throw new Error('a bracket is not closed')
    return value
  }
  if (word.startsWith('"')) return JSON.parse(word)
  if (/^-?\d+$/.test(word)) return Number(word)
  const [, variable, path = ''] = /^(\$\w*)?((?:\.\w+)*|\.)$/.exec(word) ?? fail(`"${word}" is not understood`)
  const start = variable === undefined ? context.dot : known(context.variables, variable)
  const keys = path.split('.').filter((key) => key !== '')
  return keys.reduce<Value>((value, key) => (value as Scope | undefined)?.[key], start)
}

function apply(name: string, given: readonly Value[], context: Context): Value {
  const [first, second] = given
  switch (name) {
    case 'include':
      return show(known(context.defined, String(first)), {
        ...context,
        dot: second,
        variables: new Map([['$', second]]),
      })
    case 'nindent':
      return `\n${String(second).replace(/^(?=.)/gm, ' '.repeat(Number(first)))}`
    case 'toYaml':
      return stringify(first, { sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false }).trimEnd()
    case 'toJson':
      return JSON.stringify(first)
    case 'quote':
      return JSON.stringify(String(first))
    case 'default':
      return isEmpty(second) ? first : second
    case 'sha256sum':
      return createHash('sha256').update(String(first)).digest('hex')
    case 'printf':
      return given.slice(1).reduce<string>((text, value) => text.replace('%s', () => String(value)), String(first))
    default:
      return fail(`the function "${name}" is not known here`)
  }
}

function known<T>(values: ReadonlyMap<string, T>, name: string): T {
  if (!values.has(name)) throw new Error(`there is no ${name}`)
  return values.get(name) as T
}

function fail(why: string): never {
  throw new Error(why)
}
