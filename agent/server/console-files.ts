import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'

/** One built file, ready to be sent. */
export interface ConsoleFile {
  readonly type: string
  readonly etag: string
  readonly bytes: Buffer
  /** As the build wrote them beside the file; null where it did not. */
  readonly br: Buffer | null
  readonly gzip: Buffer | null
}

/** The built console by path, such as `index.html` and `assets/index-abc.js`. */
export type ConsoleFiles = ReadonlyMap<string, ConsoleFile>

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/**
 * Reads the built console into memory: it is small, no request then touches the disk, and a build that runs meanwhile changes nothing under an
 * agent that serves. Null when it was not built.
 */
export function readConsole(folder: string): ConsoleFiles | null {
  if (!existsSync(join(folder, 'index.html'))) return null
  const files = new Map<string, ConsoleFile>()
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const type = TYPES[extname(entry.name)]
    if (!entry.isFile() || type === undefined) continue
    const path = join(entry.parentPath, entry.name)
    const bytes = readFileSync(path)
    const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`
    const written = (ending: string) => (existsSync(path + ending) ? readFileSync(path + ending) : null)
    const compressed = { br: written('.br'), gzip: written('.gz') }
    files.set(relative(folder, path).split(sep).join('/'), { type, etag, bytes, ...compressed })
  }
  return files
}
