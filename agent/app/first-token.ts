import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const FILE = 'first-token'
const SHORTEST = 16

/** The token of the first administrator: made once, kept in the data folder and readable only by us. Deleting the file makes a new one. */
export function firstTokenIn(folder: string): string {
  const path = join(folder, FILE)
  const kept = existsSync(path) ? readFileSync(path, 'utf8').trim() : ''
  if (kept.length >= SHORTEST) return kept
  mkdirSync(folder, { recursive: true })
  const token = randomBytes(24).toString('base64url')
  writeFileSync(path, `${token}\n`, { mode: 0o600 })
  return token
}
