import fc from 'fast-check'

type Path = readonly (string | number)[]

/** Values that parsers trip over: wrong types, edges of numbers and dates, text that is markup, a key or half a character. */
const JUNK = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -0,
    -1,
    1e308,
    2 ** 53,
    1.5,
    '',
    ' ',
    '0',
    '1e999',
    'NaN',
    '+Inf',
    '\u0000',
    '\ud800',
    '\u202e',
    'ﷺ'.repeat(50),
    '__proto__',
    'constructor',
    '<script>',
    '${DATABASE_URL}',
    '../../etc/passwd',
    '2026-02-30T25:61:00Z',
    '0001-01-01T00:00:00Z',
    '+275760-09-13T00:00:00.001Z',
    '-271821-04-20T00:00:00.000Z',
    'x'.repeat(10_000),
    [],
    {},
    [[]],
    [null],
    JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{}},"toString":null,"length":-1}'),
    Array(300).fill({}),
  ),
  fc.jsonValue({ maxDepth: 2 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
)

/** What formats are made of; put anywhere it makes a different structure. */
const TOKENS = [
  ...['{', '}', '[', ']', ':', ',', '"', '\\', '\\u0000', '\\ud800', 'null', '1e999', '-', '""'],
  ...[
    '<item>',
    '</item>',
    '<title/>',
    '<![CDATA[',
    ']]>',
    '<!--',
    '-->',
    '&amp;',
    '&#0;',
    '&#x110000;',
    '&x;',
    '<?xml?>',
    '<a b="',
  ],
  ...[
    '\n',
    '\t',
    '  ',
    '- ',
    '? ',
    '# ',
    '|\n',
    '>\n',
    '&a ',
    '*a',
    '<<: *a',
    '!!binary ',
    '!!set ',
    '---\n',
    '...\n',
    '%YAML 1.1\n',
  ],
  ...[
    '~',
    'yes',
    '.nan',
    '.inf',
    '0x1f',
    '0o17',
    '2026-01-01',
    '${A}',
    '$${A}',
    '${file:/etc/passwd}',
    '__proto__: ',
    'version: 1\n',
  ],
]

const Place = fc.nat({ max: 1_000_000 })
const JsonChange = fc.record({
  kind: fc.constantFrom('replace', 'delete', 'duplicate', 'wrap', 'retype', 'transplant'),
  place: Place,
  other: Place,
  value: JUNK,
})
const TextChange = fc.record({
  kind: fc.constantFrom('insert', 'cut', 'repeat', 'replace', 'truncate'),
  place: Place,
  length: fc.nat({ max: 40 }),
  token: fc.oneof(fc.constantFrom(...TOKENS), fc.string({ maxLength: 4 })),
})

function placesIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  const keys = Array.isArray(value) ? value.keys() : Object.keys(value)
  return [
    path,
    ...[...keys].flatMap((key) => placesIn((value as Record<string | number, unknown>)[key], [...path, key])),
  ]
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inside, key) => (inside as Record<string | number, unknown>)[key], value)
}

function changedAt(value: unknown, path: Path, change: (old: unknown) => unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return change(value)
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string | number, unknown>
  const inside = changedAt(copy[key], rest, change)
  if (inside !== undefined)
    Object.defineProperty(copy, key, { value: inside, enumerable: true, configurable: true, writable: true })
  else if (Array.isArray(copy)) copy.splice(Number(key), 1)
  else delete copy[key]
  return copy
}

type JsonChange = typeof JsonChange extends fc.Arbitrary<infer T> ? T : never
type TextChange = typeof TextChange extends fc.Arbitrary<infer T> ? T : never

function changedJson(value: unknown, { kind, place, other, value: junk }: JsonChange): unknown {
  const paths = placesIn(value)
  const path = paths[place % paths.length]!
  return changedAt(value, path, (old) => {
    if (kind === 'delete') return path.length === 0 ? null : undefined
    if (kind === 'duplicate') return Array.isArray(old) ? [...old, ...old] : old
    if (kind === 'wrap') return [old]
    if (kind === 'retype')
      return typeof old === 'number' ? String(old) : typeof old === 'string' ? Number(old) || 0 : junk
    // A value of the same body in a place that is not its own fits more checks than any invention.
    return kind === 'transplant' ? valueAt(value, paths[other % paths.length]!) : junk
  })
}

function changedText(text: string, { kind, place, length, token }: TextChange): string {
  const at = text.length === 0 ? 0 : place % text.length
  if (kind === 'truncate') return text.slice(0, at)
  if (kind === 'insert') return text.slice(0, at) + token + text.slice(at)
  if (kind === 'repeat') return text.slice(0, at + length) + text.slice(at)
  return text.slice(0, at) + (kind === 'replace' ? token : '') + text.slice(at + length)
}

/** Bodies like those of a corpus, changed in a few places of their text, and of their structure where they are JSON. */
export function bodiesLike(corpus: readonly string[]): fc.Arbitrary<string> {
  const texts = fc
    .tuple(fc.constantFrom(...corpus), fc.array(TextChange, { minLength: 1, maxLength: 3 }))
    .map(([text, changes]) => changes.reduce(changedText, text))
  const values = corpus.flatMap((text) => {
    try {
      return [JSON.parse(text) as unknown]
    } catch {
      return []
    }
  })
  if (values.length === 0) return texts
  const bodies = fc
    .tuple(fc.constantFrom(...values), fc.array(JsonChange, { minLength: 1, maxLength: 4 }))
    .map(([value, changes]) => JSON.stringify(changes.reduce(changedJson, value)) ?? '')
  return fc.oneof({ weight: 3, arbitrary: bodies }, { weight: 1, arbitrary: texts })
}
