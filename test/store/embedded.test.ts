import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../agent/lib/clock.ts'
import { type DatabaseServer, type EmbeddedOptions, startEmbedded } from '../../agent/store/embedded.ts'
import { openStore, StoreOptions } from '../../agent/store/open-store.ts'
import { findPostmaster } from '../../agent/store/postmaster.ts'
import { alertOf } from './samples.ts'
import { openFolder } from './test-database.ts'

const NODE = path.resolve('node_modules/.bin/node')
const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function newFolder(): Promise<string> {
  const parent = await openFolder()
  cleanups.push(() => rm(parent, { recursive: true, force: true }))
  return path.join(parent, 'data')
}

async function start(folder: string, options: Partial<EmbeddedOptions> = {}): Promise<DatabaseServer> {
  const server = await startEmbedded({ folder, purpose: 'serve', clock: systemClock, ...options })
  cleanups.push(() => server.stop())
  return server
}

async function serveElsewhere(folder: string): Promise<ChildProcess> {
  const child = spawn(NODE, ['test/store/serve.program.ts', folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  cleanups.push(async () => child.exitCode === null && child.signalCode === null && child.kill('SIGKILL'))
  await once(child.stdout!, 'data')
  return child
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

describe('the embedded database', () => {
  it('starts on an empty folder, writes through to the disk, listens on no port and keeps its password to itself', async () => {
    const folder = await newFolder()
    const server = await start(folder)
    expect(
      await query(
        server.url,
        `select current_setting('fsync') as fsync, current_setting('listen_addresses') as listens`,
      ),
    ).toEqual([{ fsync: 'on', listens: '' }])
    expect((await stat(path.join(folder, 'connection.json'))).mode & 0o777).toBe(0o600)
    expect((await stat(path.join(folder, 'run'))).mode & 0o777).toBe(0o700)
    const wrong = server.url.replace(/:[^:@]+@/, ':guess@')
    await expect(query(wrong, 'select 1')).rejects.toMatchObject({ code: '28P01' })
  })

  it('keeps what was stored over a stop, and stops cleanly', async () => {
    const folder = await newFolder()
    const first = await start(folder)
    await query(first.url, 'create table kept as select 42 as answer')
    await first.stop()
    expect(await findPostmaster(path.join(folder, 'postgres'))).toBeNull()
    const second = await start(folder)
    expect(await query(second.url, 'select * from kept')).toEqual([{ answer: 42 }])
    expect(await readFile(path.join(folder, 'postgres.log'), 'utf8')).not.toContain('recovery')
  })

  it('works over a loopback port where a socket does not fit', async () => {
    const folder = path.join(await newFolder(), 'deep'.repeat(30))
    const server = await start(folder)
    expect(new URL(server.url).searchParams.has('host')).toBe(false)
    expect(await query(server.url, 'select inet_server_addr()::text as address')).toEqual([{ address: '127.0.0.1/32' }])
  })

  it('is refused to a second serve, which is told by whom; commands work beside it', async () => {
    const folder = await newFolder()
    const serving = await serveElsewhere(folder)
    await expect(startEmbedded({ folder, purpose: 'serve', clock: systemClock })).rejects.toMatchObject({
      code: 'store_locked',
      details: { pid: serving.pid, host: hostname() },
      message: expect.stringContaining(`pid ${serving.pid}`),
    })
    const command = await start(folder, { purpose: 'command' })
    expect(command.isOwner).toBe(false)
    await query(command.url, 'select 1')
    await command.stop()
    expect(serving.exitCode).toBeNull()
    expect(await findPostmaster(path.join(folder, 'postgres'))).not.toBeNull()
    serving.kill('SIGTERM')
    await once(serving, 'exit')
    expect(await findPostmaster(path.join(folder, 'postgres'))).toBeNull()
  })

  it('that outlived its killed agent is used again, with all that was stored', async () => {
    const folder = await newFolder()
    const serving = await serveElsewhere(folder)
    const before = await findPostmaster(path.join(folder, 'postgres'))
    const command = await start(folder, { purpose: 'command' })
    await query(command.url, 'create table kept as select 42 as answer')
    serving.kill('SIGKILL')
    await once(serving, 'exit')
    const server = await start(folder)
    expect(server.isOwner).toBe(true)
    expect(await findPostmaster(path.join(folder, 'postgres'))).toEqual(before)
    expect(await query(server.url, 'select * from kept')).toEqual([{ answer: 42 }])
  })

  it('that was killed with its machine starts over the stale files it left', async () => {
    const folder = await newFolder()
    const first = await start(folder)
    await query(first.url, 'create table kept as select 42 as answer')
    await first.stop()
    // Process 1 lives, but is neither an agent nor a database of ours.
    await writeFile(path.join(folder, 'postgres', 'postmaster.pid'), '1\n/elsewhere\n0\n5432\n\n\n\nready   \n')
    const stale = { pid: 1, host: hostname(), processStart: 'another life', purpose: 'serve', since: '2026-01-01' }
    await writeFile(path.join(folder, 'agent.lock'), JSON.stringify(stale))
    const second = await start(folder)
    expect(await query(second.url, 'select * from kept')).toEqual([{ answer: 42 }])
  })

  it('comes back when it dies under a running agent; what was answered is there, and meanwhile the store says so', async () => {
    const folder = await newFolder()
    const server = await start(folder)
    const store = await openStore({
      databaseUrl: server.url,
      clock: systemClock,
      options: StoreOptions.parse({ connectTimeoutMs: 500 }),
      anchors: [],
      onAnchorFailure: () => {},
    })
    cleanups.push(() => store.close())
    const at = new Date().toISOString()
    await store.incidents.ingestAlerts([alertOf('checkout')], at)
    const running = await findPostmaster(path.join(folder, 'postgres'))
    process.kill(running!.pid, 'SIGKILL')
    await expect
      .poll(async () => (await findPostmaster(path.join(folder, 'postgres')))?.pid !== running!.pid)
      .toBe(true)
    const answers: unknown[] = []
    const send = () =>
      store.incidents.ingestAlerts([alertOf('search')], at).then(
        () => 'stored',
        (error) => error.code,
      )
    await expect
      .poll(
        async () => {
          answers.push(await send())
          return answers.at(-1)
        },
        { timeout: 15_000 },
      )
      .toBe('stored')
    expect(answers.slice(0, -1).filter((answer) => answer !== 'store_unavailable')).toEqual([])
    expect((await store.incidents.list()).map((incident) => incident.group).sort()).toEqual(['checkout', 'search'])
  })
})

describe('a folder that cannot be used', () => {
  it('gives the reason and what to do', async () => {
    const folder = await newFolder()
    await writeFile(folder, 'a file')
    await expect(start(folder)).rejects.toMatchObject({
      code: 'store_unavailable',
      hint: expect.stringContaining('choose another data folder'),
    })
    await rm(folder)
    await mkdir(folder)
    await writeFile(path.join(folder, 'connection.json'), '{')
    await expect(start(folder)).rejects.toMatchObject({
      code: 'store_corrupt',
      message: expect.stringContaining('damaged'),
    })
  })

  it.runIf(process.getuid?.() === 0)('because the disk is full says so, and works when there is room', async () => {
    const folder = await newFolder()
    await mkdir(folder)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m,mode=0755', 'tmpfs', folder], { stdio: 'ignore' })
    } catch {
      // Containers without the right to mount cannot play this one.
      return
    }
    cleanups.push(async () => execFileSync('umount', [folder]))
    await expect(start(folder)).rejects.toMatchObject({
      code: 'store_unavailable',
      hint: expect.stringContaining('No space left'),
    })
    execFileSync('mount', ['-o', 'remount,size=200m', folder])
    const server = await start(folder)
    await query(server.url, 'select 1')
    await server.stop()
  })

  it.runIf(process.getuid?.() === 0)(
    'by its database user is replaced by one that can, when root starts in a closed place',
    async () => {
      const folder = await newFolder()
      await chmod(path.dirname(folder), 0o700)
      const server = await start(folder)
      const { dataFolder } = JSON.parse(await readFile(path.join(folder, 'connection.json'), 'utf8'))
      cleanups.unshift(() => rm(path.dirname(dataFolder), { recursive: true, force: true }))
      expect(dataFolder.startsWith(folder)).toBe(false)
      expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }])
    },
  )
})
