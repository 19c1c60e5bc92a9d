import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, chown, lstat, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { z } from 'zod'
import { hashOf } from '../domain/canonical.ts'
import type { Clock } from '../lib/clock.ts'
import { Fault, isFault } from '../lib/errors.ts'
import { type FolderLock, type LockHolder, type LockPurpose, takeFolderLock } from './folder-lock.ts'
import { findBinaries, type PostgresBinaries, SHARED_FOLDER } from './postgres-binaries.ts'
import {
  findPostmaster,
  type PostmasterPlace,
  serverEnvironment,
  settledPostmaster,
  startPostmaster,
  stopPostmaster,
} from './postmaster.ts'
import { canReach, databaseUser, type SystemUser } from './unprivileged-user.ts'

export interface EmbeddedOptions {
  /** The data folder, such as `.failwise`. */
  readonly folder: string
  readonly purpose: LockPurpose
  readonly clock: Clock
  /** A socket in the data folder unless its path is too long for one (or the system has none). */
  readonly transport?: 'socket' | 'loopback'
  /** Told when a server that died was started again. */
  readonly onRestart?: (problem: Fault | null) => void
}

/** A database that is ready to be connected to. */
export interface DatabaseServer {
  /** Holds the password: never to be logged. */
  readonly url: string
  /** Whether this process started (or took over) the server; others only use it. */
  readonly isOwner: boolean
  stop(): Promise<void>
}

/** How to reach the server of a folder; readable only by the user who made it. */
const Connection = z.object({
  version: z.literal(1),
  user: z.string(),
  password: z.string(),
  database: z.string(),
  dataFolder: z.string(),
  socketFolder: z.string().nullable(),
  port: z.number().int(),
})
type Connection = z.infer<typeof Connection>

const USER = 'failwise'
const SOCKET_PATH_LIMIT = 100
const SOCKET_PORT = 5432
const WATCH_MS = 1000
const COMMAND_WAIT_MS = 10_000
const POLL_MS = 20

/** Starts the folder's own PostgreSQL, or joins the one that runs. One `serve` per folder; commands work beside it. */
export async function startEmbedded(options: EmbeddedOptions): Promise<DatabaseServer> {
  const folder = path.resolve(options.folder)
  try {
    await mkdir(folder, { recursive: true, mode: 0o755 })
    const taken = await takeLock(folder, options)
    if ('heldBy' in taken) return await join(folder, taken.heldBy, options)
    try {
      return await own(folder, taken.lock, options)
    } catch (error) {
      await taken.lock.release()
      throw error
    }
  } catch (error) {
    throw folderFault(error, folder)
  }
}

/** A command gives way in seconds, so `serve` waits for one; against another `serve` it fails at once. */
async function takeLock(folder: string, { purpose, clock }: EmbeddedOptions): ReturnType<typeof takeFolderLock> {
  const deadline = clock.elapsed() + COMMAND_WAIT_MS
  for (;;) {
    const taken = await takeFolderLock(folder, purpose, clock.now)
    if ('lock' in taken || purpose === 'command') return taken
    if (taken.heldBy.purpose === 'serve' || clock.elapsed() > deadline) {
      const { pid, host, since } = taken.heldBy
      throw new Fault('store_locked', `another agent (pid ${pid} on ${host}, since ${since}) uses ${folder}`, {
        hint: 'stop it, or give this one another data folder; commands such as "failwise status" work beside it',
        details: { pid, host, since },
      })
    }
    await clock.sleep(POLL_MS)
  }
}

async function join(folder: string, holder: LockHolder, { clock }: EmbeddedOptions): Promise<DatabaseServer> {
  const deadline = clock.elapsed() + COMMAND_WAIT_MS
  for (;;) {
    const connection = await readConnection(folder)
    const running = connection && (await findPostmaster(connection.dataFolder))
    if (connection && running?.isReady) return { url: urlOf(connection), isOwner: false, stop: async () => {} }
    if (clock.elapsed() > deadline)
      throw new Fault('store_unavailable', `the agent with pid ${holder.pid} holds ${folder}, but its database is away`)
    await clock.sleep(POLL_MS)
  }
}

async function own(folder: string, lock: FolderLock, options: EmbeddedOptions): Promise<DatabaseServer> {
  const { clock } = options
  const user = await databaseUser(path.join(folder, 'postgres'))
  const connection = (await readConnection(folder)) ?? (await newConnection(folder, user, options))
  const place: PostmasterPlace = { ...connection, logFile: path.join(folder, 'postgres.log') }
  const start = async () => {
    const binaries = await findBinaries(user)
    if (connection.socketFolder) await ownedFolder(connection.socketFolder, user)
    if (!(await lstat(path.join(connection.dataFolder, 'PG_VERSION')).catch(() => null)))
      await initialise(binaries, connection, user)
    await startPostmaster(binaries, place, user, clock)
  }
  // After a crash of ours the server may still run: it is joined, not fought.
  if ((await settledPostmaster(connection.dataFolder, clock)) === null) await start()

  let looking: Promise<void> | null = null
  const look = async () => {
    try {
      if ((await settledPostmaster(connection.dataFolder, clock)) !== null) return
      await start()
      options.onRestart?.(null)
    } catch (error) {
      // Told, and tried again at the next look: a full disk may be freed.
      options.onRestart?.(folderFault(error, folder))
    }
  }
  const watch = setInterval(() => {
    looking ??= look().finally(() => {
      looking = null
    })
  }, WATCH_MS)
  watch.unref()
  return {
    url: urlOf(connection),
    isOwner: true,
    stop: async () => {
      clearInterval(watch)
      await looking
      // Another command may have joined this one's server; whoever starts next reuses it or stops it.
      const isShared = options.purpose === 'command' && (await hasOtherClients(urlOf(connection)))
      if (!isShared) await stopPostmaster(connection.dataFolder, clock)
      await lock.release()
    },
  }
}

async function hasOtherClients(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1000 })
  client.on('error', () => {})
  try {
    await client.connect()
    const others = await client.query(
      `select 1 from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() limit 1`,
    )
    return others.rows.length > 0
  } catch {
    // It does not answer, so nobody works with it.
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

async function readConnection(folder: string): Promise<Connection | null> {
  const file = path.join(folder, 'connection.json')
  const text = await readFile(file, 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (text === null) return null
  try {
    return Connection.parse(JSON.parse(text))
  } catch (cause) {
    throw new Fault('store_corrupt', `${file} is damaged`, {
      cause,
      hint: 'restore it from a backup; it holds the password of the database beside it',
    })
  }
}

/** Chooses the place once; it is recorded, so that commands and later starts find the same one. */
async function newConnection(folder: string, user: SystemUser | null, options: EmbeddedOptions): Promise<Connection> {
  // Root may sit in a folder that its database user cannot enter; then the data goes where it can.
  const isClosed = user !== null && !(await canReach(path.join(folder, 'postgres'), user))
  const base = isClosed ? path.join(SHARED_FOLDER, hashOf(folder).slice(0, 12)) : folder
  if (isClosed) await mkdir(base, { recursive: true, mode: 0o755 })
  const socketFolder = path.join(base, 'run')
  const socketFits = Buffer.byteLength(path.join(socketFolder, `.s.PGSQL.${SOCKET_PORT}.lock`)) < SOCKET_PATH_LIMIT
  const useSocket = options.transport !== 'loopback' && socketFits && process.platform !== 'win32'
  const connection: Connection = {
    version: 1,
    user: USER,
    password: randomBytes(24).toString('base64url'),
    database: 'postgres',
    dataFolder: path.join(base, 'postgres'),
    socketFolder: useSocket ? socketFolder : null,
    port: useSocket ? SOCKET_PORT : await freePort(),
  }
  const file = path.join(folder, 'connection.json')
  const handle = await open(`${file}.new`, 'w', 0o600)
  await handle.writeFile(JSON.stringify(connection, null, 2))
  await handle.sync()
  await handle.close()
  await rename(`${file}.new`, file)
  return connection
}

/** Builds the cluster aside and renames it, so that an interrupted first start leaves nothing that looks finished. */
async function initialise(binaries: PostgresBinaries, connection: Connection, user: SystemUser | null): Promise<void> {
  const unfinished = `${connection.dataFolder}.new`
  const passwordFile = `${connection.dataFolder}.password`
  await rm(unfinished, { recursive: true, force: true })
  await ownedFolder(unfinished, user)
  await writeFile(passwordFile, connection.password, { mode: 0o600 })
  if (user) await chown(passwordFile, user.uid, user.gid)
  const settings = ['--encoding=UTF8', '--locale=C', '--auth=scram-sha-256', '--no-instructions', '-U', connection.user]
  try {
    await promisify(execFile)(binaries.initdb, ['-D', unfinished, `--pwfile=${passwordFile}`, ...settings], {
      ...(user ? { uid: user.uid, gid: user.gid } : {}),
      cwd: path.dirname(unfinished),
      env: serverEnvironment(),
    })
  } catch (cause) {
    const words = (cause as { stderr?: string }).stderr?.trim().split('\n').slice(-3).join(' | ') ?? ''
    throw new Fault('store_unavailable', 'the embedded database could not be created', {
      cause,
      hint: words || 'check that the disk has space and the folder can be written',
    })
  } finally {
    await rm(passwordFile, { force: true })
  }
  await rename(unfinished, connection.dataFolder)
}

async function ownedFolder(folder: string, user: SystemUser | null): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if (user) await chown(folder, user.uid, user.gid)
  await chmod(folder, 0o700)
}

function urlOf({ user, password, database, socketFolder, port }: Connection): string {
  const login = `postgresql://${user}:${password}@127.0.0.1:${port}/${database}`
  return socketFolder ? `${login}?host=${encodeURIComponent(socketFolder)}` : login
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.on('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

const FOLDER_HINTS: Readonly<Record<string, string>> = {
  EACCES: 'it belongs to another user; start as that user, or choose another data folder',
  EPERM: 'it belongs to another user; start as that user, or choose another data folder',
  ENOSPC: 'free space on its disk',
  EROFS: 'its disk is read-only; choose another data folder',
  ENOTDIR: 'a file is in the way; choose another data folder',
  EEXIST: 'a file is in the way; choose another data folder',
}

function folderFault(error: unknown, folder: string): Fault {
  if (isFault(error)) return error
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
  return new Fault('store_unavailable', `the data folder ${folder} cannot be used (${code})`, {
    cause: error,
    retryable: false,
    ...(FOLDER_HINTS[code] ? { hint: FOLDER_HINTS[code] } : {}),
  })
}
