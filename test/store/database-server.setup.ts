import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdir, rm, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'
import { systemClock } from '../../agent/lib/clock.ts'
import { findBinaries } from '../../agent/store/postgres-binaries.ts'
import { findPostmaster, serverEnvironment } from '../../agent/store/postmaster.ts'
import { databaseUser } from '../../agent/store/unprivileged-user.ts'
import { makeTemplate, openFolder } from './test-database.ts'

const PASSWORD = 'of-this-run-only'
/** Nothing in it outlives the run, so nothing of it needs to reach the disk. */
const SETTINGS = {
  listen_addresses: '',
  max_connections: 400,
  shared_buffers: '128MB',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_wal_size: '1GB',
  timezone: 'UTC',
  jit: 'off',
}

const MEMORY_DISK = '/dev/shm'
const ROOM_BYTES = 4e9

/** A database has hundreds of files: making one costs five times as much on a disk. */
async function hasRoom(folder: string): Promise<boolean> {
  const disk = await statfs(folder).catch(() => null)
  return disk !== null && disk.bavail * disk.bsize > ROOM_BYTES
}

/** One server for all test files of a run: each test's database is a copy of a migrated one. */
export async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const folder = await openFolder((await hasRoom(MEMORY_DISK)) ? MEMORY_DISK : tmpdir())
  const user = await databaseUser(path.join(folder, 'data'))
  const owner = user ? { uid: user.uid, gid: user.gid } : {}
  const binaries = await findBinaries(user)
  const data = path.join(folder, 'data')
  const password = path.join(folder, 'password')
  await mkdir(data)
  await writeFile(password, PASSWORD)
  if (user) for (const path of [data, password]) await chown(path, user.uid, user.gid)
  const how = { ...owner, cwd: folder, env: serverEnvironment() }
  const initial = ['--encoding=UTF8', '--locale=C', '--auth=trust', '--no-sync', '--no-instructions']
  await promisify(execFile)(binaries.initdb, ['-D', data, '-U', 'failwise', `--pwfile=${password}`, ...initial], how)
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = spawn(binaries.postgres, ['-D', data, '-k', data, ...settings], { ...how, stdio: 'ignore' })
  const ended = once(server, 'exit')
  while (!(await findPostmaster(data))?.isReady) {
    if (server.exitCode !== null) throw new Error(`the tests' database server ended with code ${server.exitCode}`)
    await systemClock.sleep(10)
  }
  const url = `postgresql://failwise:${PASSWORD}@127.0.0.1:5432/postgres?host=${encodeURIComponent(data)}`
  await makeTemplate(url)
  provide('databaseServerUrl', url)
  return async () => {
    server.kill('SIGQUIT')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
}
