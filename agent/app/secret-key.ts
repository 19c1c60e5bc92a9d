import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '../lib/errors.ts'

const FILE = 'agent.key'

/**
 * The key behind placeholders for secrets and behind the boundaries of prompts: made once, kept in the data folder and readable only by us, so
 * that the same secret is shown the same way tomorrow.
 */
export function secretKeyIn(folder: string): string {
  const path = join(folder, FILE)
  if (existsSync(path)) {
    const key = readFileSync(path, 'utf8').trim()
    if (key.length >= 16) return key
    throw new Fault('config_invalid', `${path} holds no key`, {
      hint: 'Delete it and a new one is made; placeholders of old records will differ.',
    })
  }
  mkdirSync(folder, { recursive: true })
  const key = ephemeralKey()
  writeFileSync(path, `${key}\n`, { mode: 0o600 })
  chmodSync(path, 0o600)
  return key
}

/** A key for one process, where nothing is kept. */
export function ephemeralKey(): string {
  return randomBytes(32).toString('hex')
}
