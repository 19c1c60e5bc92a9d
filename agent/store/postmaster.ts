import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { readFile, rm, stat, truncate } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '../lib/clock.ts'
import { Fault } from '../lib/errors.ts'
import type { PostgresBinaries } from './postgres-binaries.ts'
import { processIdentity } from './process-identity.ts'
import type { SystemUser } from './unprivileged-user.ts'

/** Where a server keeps its data and listens: a socket in a folder, or a loopback port. */
export interface PostmasterPlace {
  readonly dataFolder: string
  readonly socketFolder: string | null
  readonly port: number
  readonly logFile: string
}

const POLL_MS = 5
const START_TIMEOUT_MS = 60_000
const FAST_STOP_MS = 15_000
const LOG_LIMIT_BYTES = 10_000_000

export interface Postmaster {
  readonly pid: number
  readonly isReady: boolean
}

/** Reads the server's own pid file; null when no server of this folder lives. */
export async function findPostmaster(dataFolder: string): Promise<Postmaster | null> {
  const file = path.join(dataFolder, 'postmaster.pid')
  const text = await readFile(file, 'utf8').catch(() => null)
  if (text === null) return null
  const lines = text.split('\n')
  const pid = Number(lines[0])
  const identity = await processIdentity(pid)
  // Another program may have got the number of a server that died with its machine or container.
  if (!identity || (identity.command !== null && identity.command !== 'postgres')) return null
  return { pid, isReady: lines[7]?.trim() === 'ready' }
}

/** Starts a server in a session of its own, so that neither Ctrl-C nor our end takes it down in the middle of a write. */
export async function startPostmaster(
  binaries: PostgresBinaries,
  place: PostmasterPlace,
  user: SystemUser | null,
  clock: Clock,
): Promise<number> {
  if (!(await findPostmaster(place.dataFolder)))
    await rm(path.join(place.dataFolder, 'postmaster.pid'), { force: true })
  const log = await stat(place.logFile).catch(() => null)
  if (log && log.size > LOG_LIMIT_BYTES) await truncate(place.logFile)
  const output = openSync(place.logFile, 'a', 0o600)
  const child = spawn(binaries.postgres, flags(place), {
    ...(user ? { uid: user.uid, gid: user.gid } : {}),
    cwd: place.dataFolder,
    detached: true,
    stdio: ['ignore', output, output],
    env: serverEnvironment(),
  })
  closeSync(output)
  let ended: string | null = null
  child.on('error', (error) => {
    ended = error.message
  })
  child.on('exit', (code, signal) => {
    ended = `it ended with ${signal ?? `code ${code}`}`
  })
  child.unref()
  const deadline = clock.elapsed() + START_TIMEOUT_MS
  while (clock.elapsed() < deadline) {
    if (ended !== null) throw await startFault(place.logFile, ended)
    const found = await findPostmaster(place.dataFolder)
    if (found?.isReady) return found.pid
    await clock.sleep(POLL_MS)
  }
  throw await startFault(place.logFile, 'it was not ready in time')
}

/** Waits for a server that somebody else starts or stops: its pid when it is ready, null when it is gone. */
export async function settledPostmaster(dataFolder: string, clock: Clock): Promise<number | null> {
  const deadline = clock.elapsed() + FAST_STOP_MS
  for (;;) {
    const found = await findPostmaster(dataFolder)
    if (!found) return null
    if (found.isReady) return found.pid
    if (clock.elapsed() > deadline)
      throw new Fault('store_unavailable', `the embedded database (pid ${found.pid}) neither starts nor stops`, {
        hint: 'look into postgres.log in the data folder',
      })
    await clock.sleep(POLL_MS)
  }
}

/** Fast shutdown: clients are disconnected, everything is written; at once when that hangs (the next start recovers). */
export async function stopPostmaster(dataFolder: string, clock: Clock): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    const found = await findPostmaster(dataFolder)
    if (!found) return
    try {
      process.kill(found.pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return
      throw error
    }
    const deadline = clock.elapsed() + FAST_STOP_MS
    while (clock.elapsed() < deadline) {
      if (!(await findPostmaster(dataFolder))) return
      await clock.sleep(POLL_MS)
    }
  }
}

function flags(place: PostmasterPlace): string[] {
  const settings: Record<string, string | number> = {
    port: place.port,
    listen_addresses: place.socketFolder ? '' : '127.0.0.1',
    unix_socket_directories: place.socketFolder ?? '',
    unix_socket_permissions: '0700',
    shared_buffers: '64MB',
    max_connections: 80,
    fsync: 'on',
    synchronous_commit: 'on',
    max_wal_size: '256MB',
    timezone: 'UTC',
    log_timezone: 'UTC',
    jit: 'off',
  }
  return ['-D', place.dataFolder, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
}

/** Nothing of our own environment, keys above all, reaches the server. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  const { PATH, SystemRoot, TEMP } = process.env
  return { PATH, SystemRoot, TEMP, LC_ALL: 'C', TZ: 'UTC' }
}

async function startFault(logFile: string, how: string): Promise<Fault> {
  const log = await readFile(logFile, 'utf8').catch(() => '')
  const last = log.trimEnd().split('\n').slice(-4).join(' | ')
  return new Fault('store_unavailable', `the embedded database did not start: ${how}`, {
    hint: `its last words: ${last || '(none)'}`,
    details: { logFile },
  })
}
