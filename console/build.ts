import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

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
  writeFileSync(STAMP, wanted)
  process.stderr.write(`Built the console in ${((performance.now() - startedAt) / 1000).toFixed(1)} s.\n`)
}

await build(!process.argv.includes('--if-stale'))
