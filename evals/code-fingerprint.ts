import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { sha256 } from '../agent/domain/canonical.ts'

const ROOT = join(import.meta.dirname, '..')

/** Changes whenever a source file does: decisions made by other code are not mixed into a run that goes on. */
export function codeFingerprint(root: string = ROOT): string {
  const stamps = ['agent', 'collectors', 'prompts', 'evals'].flatMap((folder) =>
    readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && /\.(ts|js|md)$/.test(entry.name))
      .map((entry) => {
        const path = join(entry.parentPath, entry.name)
        const { size, mtimeMs } = statSync(path)
        return `${path}:${size}:${mtimeMs}`
      }),
  )
  return sha256(stamps.sort().join('\n'))
}
