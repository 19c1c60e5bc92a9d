import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'

const FOLDER = import.meta.dirname
const STAMP = join(FOLDER, 'dist', '.built-from')

/** What the built files depend on: our sources, and the versions of everything installed. */
function fingerprint(): string {
  const hash = createHash('sha256')
  const files = readdirSync(FOLDER, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.startsWith(join(FOLDER, 'dist')))
    .sort()
  for (const path of [...files, join(FOLDER, '../package-lock.json')])
    if (existsSync(path)) hash.update(path.slice(FOLDER.length)).update(readFileSync(path))
  return hash.digest('hex')
}

/** Builds the console; with --if-stale only when its files are not those that would come out. */
async function build(isForced: boolean): Promise<void> {
  const wanted = fingerprint()
  if (!isForced && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return
  const startedAt = performance.now()
  const vite = await import('vite').catch(() => null)
  if (vite === null) {
    // A production install has no build tools; the agent serves what was built before, or says what is missing.
    process.stderr.write('The console is not built: its build tools are not installed (npm ci).\n')
    return
  }
  await vite.build({ configFile: join(FOLDER, 'vite.config.ts'), logLevel: 'warn' })
  compress(join(FOLDER, 'dist'))
  writeFileSync(STAMP, wanted)
  process.stderr.write(`Built the console in ${((performance.now() - startedAt) / 1000).toFixed(1)} s.\n`)
}

/** Once, as small as it gets, so that no agent has to do it at its start or for each reader. */
function compress(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const bytes = readFileSync(path)
    writeFileSync(`${path}.br`, brotliCompressSync(bytes))
    writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }))
  }
}

await build(!process.argv.includes('--if-stale'))
