import { link, readFile, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import { z } from 'zod'
import { processIdentity } from './process-identity.ts'

/** `serve` holds the folder for as long as it runs; a `command` only while it works. */
export const LockPurpose = z.enum(['serve', 'command'])
export type LockPurpose = z.infer<typeof LockPurpose>

export const LockHolder = z.object({
  pid: z.number().int(),
  host: z.string(),
  processStart: z.string().nullable(),
  purpose: LockPurpose,
  since: z.string(),
})
export type LockHolder = z.infer<typeof LockHolder>

export interface FolderLock {
  release(): Promise<void>
}

/** A holder on another machine cannot be looked at; it is believed while its file is younger than this. */
const FOREIGN_LOCK_MS = 30_000
const TOUCH_MS = 10_000

/** Takes the folder's lock, or says who has it. The lock of a dead process is taken over. */
export async function takeFolderLock(
  folder: string,
  purpose: LockPurpose,
  now: () => number,
): Promise<{ lock: FolderLock } | { heldBy: LockHolder }> {
  const file = path.join(folder, 'agent.lock')
  const mine: LockHolder = {
    pid: process.pid,
    host: hostname(),
    processStart: (await processIdentity(process.pid))?.start ?? null,
    purpose,
    since: new Date(now()).toISOString(),
  }
  const own = `${file}.${process.pid}.${Math.trunc(performance.now() * 1000)}`
  await writeFile(own, JSON.stringify(mine), { mode: 0o644 })
  try {
    for (;;) {
      // A link appears with its content complete, or not at all.
      const taken = await link(own, file).then(
        () => true,
        (error) => {
          if (error.code === 'EEXIST') return false
          throw error
        },
      )
      if (taken) return { lock: hold(file, mine, now) }
      const text = await readFile(file, 'utf8').catch(() => null)
      if (text === null) continue
      const holder = parse(text)
      if (holder && (await isAlive(holder, file, now))) return { heldBy: holder }
      await takeAway(file, text, `${own}.stale`)
    }
  } finally {
    await unlink(own).catch(() => {})
  }
}

function parse(text: string): LockHolder | null {
  try {
    return LockHolder.parse(JSON.parse(text))
  } catch {
    return null
  }
}

async function isAlive(holder: LockHolder, file: string, now: () => number): Promise<boolean> {
  if (holder.host !== hostname()) {
    const info = await stat(file).catch(() => null)
    return info !== null && now() - info.mtimeMs < FOREIGN_LOCK_MS
  }
  const identity = await processIdentity(holder.pid)
  if (!identity) return false
  return holder.processStart === null || identity.start === null || identity.start === holder.processStart
}

/** Removes a dead lock; when another process was faster and its new lock got caught, puts that back. */
async function takeAway(file: string, staleText: string, aside: string): Promise<void> {
  try {
    await rename(file, aside)
  } catch {
    return
  }
  const caught = await readFile(aside, 'utf8').catch(() => staleText)
  if (caught !== staleText) await link(aside, file).catch(() => {})
  await unlink(aside).catch(() => {})
}

function hold(file: string, mine: LockHolder, now: () => number): FolderLock {
  const touch = setInterval(() => {
    const seconds = now() / 1000
    // A missed touch matters only to other machines, and the next one makes up for it.
    utimes(file, seconds, seconds).catch(() => {})
  }, TOUCH_MS)
  touch.unref()
  return {
    release: async () => {
      clearInterval(touch)
      const text = await readFile(file, 'utf8').catch(() => null)
      if (text === JSON.stringify(mine)) await unlink(file).catch(() => {})
    },
  }
}
