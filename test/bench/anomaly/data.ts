import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { z } from 'zod'
import type { Segment } from './measures.ts'

/** A folder that is not in the benchmark's format; the message names file and place. */
export class BadData extends Error {}

const RowRange = z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()])
const Name = z.string().regex(/^[\w.-]+$/, 'letters, digits, dot, dash and underscore only')
const RelativePath = z
  .string()
  .refine((p) => !p.startsWith('/') && !p.split('/').includes('..'), 'a path inside the folder')
const Meta = z.object({
  entities: z
    .array(
      z.object({
        set: Name,
        name: Name,
        path: RelativePath,
        stepMinutes: z.number().positive(),
        columns: z.number().int().positive(),
        trainRows: z.number().int().positive(),
        testRows: z.number().int().positive(),
      }),
    )
    .default([]),
  nab: z
    .array(z.object({ file: RelativePath, key: z.string().min(1), windows: z.array(RowRange).default([]) }))
    .default([]),
})
type Meta = z.infer<typeof Meta>

export interface Entity {
  readonly set: string
  readonly name: string
  readonly stepMinutes: number
  readonly train: Float64Array[]
  readonly test: Float64Array[]
  /** One per test row, or undefined when the folder has none. */
  readonly label: Uint8Array | undefined
}

export interface NabSeries {
  readonly key: string
  readonly values: Float64Array
  readonly windows: readonly Segment[]
}

export interface Folder {
  readonly dir: string
  readonly meta: Meta
  readonly metaSha256: string
}

/** Reads and checks the folder's table of contents. */
export function openFolder(dir: string): Folder {
  const path = join(dir, 'meta.json')
  if (!existsSync(dir) || !statSync(dir).isDirectory()) throw new BadData(`${dir} is not a folder`)
  if (!existsSync(path)) throw new BadData(`${path} is missing: the folder must hold a meta.json`)
  const text = readFileSync(path)
  let raw: unknown
  try {
    raw = JSON.parse(text.toString('utf8'))
  } catch (cause) {
    throw new BadData(`${path} is not JSON: ${String(cause)}`)
  }
  const parsed = Meta.safeParse(raw)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new BadData(`${path}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`)
  }
  if (parsed.data.entities.length === 0 && parsed.data.nab.length === 0)
    throw new BadData(`${path} lists neither entities nor nab files`)
  return { dir, meta: parsed.data, metaSha256: createHash('sha256').update(text).digest('hex') }
}

function readZipped(path: string): string {
  if (!existsSync(path)) throw new BadData(`${path} is missing`)
  try {
    return gunzipSync(readFileSync(path)).toString('utf8').trimEnd()
  } catch (cause) {
    throw new BadData(`${path} is not gzip: ${String(cause)}`)
  }
}

/** An empty field or the word NaN is a missing reading; anything else must be a number. */
function readNumber(text: string, where: () => string): number {
  const trimmed = text.trim()
  if (trimmed === '' || trimmed.toLowerCase() === 'nan') return Number.NaN
  const value = Number(trimmed)
  if (Number.isNaN(value)) throw new BadData(`${where()}: "${trimmed.slice(0, 20)}" is not a number`)
  return value
}

function readColumns(path: string, columns: number, rows: number): Float64Array[] {
  const lines = readZipped(path).split('\n')
  if (lines.length !== columns)
    throw new BadData(`${path} has ${lines.length} lines, meta.json says ${columns} columns`)
  return lines.map((line, l) => {
    const parts = line.split(',')
    if (parts.length - 1 !== rows)
      throw new BadData(`${path} line ${l + 1} has ${parts.length - 1} values, meta.json says ${rows} rows`)
    const column = new Float64Array(rows)
    for (let i = 0; i < rows; i++) column[i] = readNumber(parts[i + 1]!, () => `${path} line ${l + 1} value ${i + 1}`)
    return column
  })
}

function readLabel(path: string, rows: number): Uint8Array | undefined {
  if (!existsSync(path)) return undefined
  const lines = readZipped(path).split('\n').slice(1)
  if (lines.length !== rows) throw new BadData(`${path} has ${lines.length} labels, meta.json says ${rows} test rows`)
  return Uint8Array.from(lines, (line, i) => {
    const text = line.trim()
    if (text !== '0' && text !== '1')
      throw new BadData(`${path} line ${i + 2}: a label is 0 or 1, not "${text.slice(0, 20)}"`)
    return Number(text)
  })
}

export function readEntity(folder: Folder, entry: Meta['entities'][number]): Entity {
  const base = join(folder.dir, entry.path)
  return {
    set: entry.set,
    name: entry.name,
    stepMinutes: entry.stepMinutes,
    train: readColumns(`${base}.train.cols.csv.gz`, entry.columns, entry.trainRows),
    test: readColumns(`${base}.test.cols.csv.gz`, entry.columns, entry.testRows),
    label: readLabel(`${base}.label.csv.gz`, entry.testRows),
  }
}

export function readNabSeries(folder: Folder, entry: Meta['nab'][number]): NabSeries {
  const path = join(folder.dir, entry.file)
  const lines = readZipped(path).split(/\r?\n/).slice(1)
  const values = Float64Array.from(lines, (line, i) =>
    readNumber(line.split(',')[1] ?? '', () => `${path} line ${i + 2}`),
  )
  for (const [a, b] of entry.windows)
    if (b < a || b >= values.length) throw new BadData(`meta.json: window [${a}, ${b}] lies outside ${entry.key}`)
  return { key: entry.key, values, windows: entry.windows }
}
