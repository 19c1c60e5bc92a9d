import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll } from 'vitest'
import type { ChainHead } from '../../agent/domain/audit.ts'
import { instantOf } from '../../agent/domain/time.ts'
import { type Clock, systemClock } from '../../agent/lib/clock.ts'
import { type DatabaseServer, startEmbedded } from '../../agent/store/embedded.ts'
import { openStore, StoreOptions } from '../../agent/store/open-store.ts'
import type { Store } from '../../agent/store/store.ts'

/** A folder that the database's own user may enter, when tests run as root. */
export async function openFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'failwise-store-'))
  await chmod(folder, 0o755)
  return folder
}

export interface TestClock extends Clock {
  advance(ms: number): void
  set(instant: string): void
}

/** Stands still unless told; elapsed time and sleeping stay real, since a server is waited for. */
export function testClock(start = '2026-03-01T12:00:00.000Z'): TestClock {
  let now = Date.parse(start)
  return {
    now: () => now,
    elapsed: systemClock.elapsed,
    sleep: systemClock.sleep,
    advance: (ms) => {
      now += ms
    },
    set: (instant) => {
      now = Date.parse(instant)
    },
  }
}

export interface TestStore {
  readonly store: Store
  readonly clock: TestClock
  readonly url: string
  readonly anchors: ChainHead[]
  /** As superuser, past every guard. */
  sql(text: string, parameters?: unknown[]): Promise<Record<string, unknown>[]>
  /** The clock's time, moved by so many milliseconds. */
  at(offsetMs?: number): string
  /** Before the end of the file, where many tests would use up the server's connections. */
  close(): Promise<void>
}

/** One server for the test file; `open` gives each test a database of its own. */
export function testServer(): {
  open(options?: Partial<StoreOptions>): Promise<TestStore>
  emptyDatabase(): Promise<string>
} {
  let server: DatabaseServer
  let folder: string
  let made = 0
  const open = new Set<() => Promise<void>>()
  beforeAll(async () => {
    folder = await openFolder()
    server = await startEmbedded({ folder: path.join(folder, 'data'), purpose: 'serve', clock: systemClock })
    // Migrated once; every test's database is a copy of it.
    const store = await openTestStore(await makeDatabase(TEMPLATE, null), systemClock, {}, [])
    await store.close()
  })
  afterAll(async () => {
    for (const close of [...open].reverse()) await close()
    await server?.stop()
    await rm(folder, { recursive: true, force: true })
  })
  const makeDatabase = async (name: string, template: string | null) => {
    const client = new pg.Client({ connectionString: server.url })
    await client.connect()
    await client.query(`create database ${name}${template ? ` template ${template}` : ''}`)
    await client.end()
    return server.url.replace('/postgres?', `/${name}?`).replace(/\/postgres$/, `/${name}`)
  }
  const nextName = () => {
    made += 1
    return `test_${made}`
  }
  const emptyDatabase = () => makeDatabase(nextName(), null)
  return {
    emptyDatabase,
    open: async (options = {}) => {
      const url = await makeDatabase(nextName(), TEMPLATE)
      const clock = testClock()
      const anchors: ChainHead[] = []
      const store = await openTestStore(url, clock, options, anchors)
      const superuser = new pg.Client({ connectionString: url })
      await superuser.connect()
      const close = async () => {
        if (!open.delete(close)) return
        await superuser.end()
        await store.close()
      }
      open.add(close)
      return {
        store,
        clock,
        url,
        anchors,
        sql: async (text, parameters) => (await superuser.query(text, parameters)).rows,
        at: (offsetMs = 0) => instantOf(clock.now() + offsetMs),
        close,
      }
    },
  }
}

const TEMPLATE = 'migrated'

function openTestStore(
  databaseUrl: string,
  clock: Clock,
  options: Partial<StoreOptions>,
  anchors: ChainHead[],
): Promise<Store> {
  return openStore({
    databaseUrl,
    clock,
    options: StoreOptions.parse({ maximumConnections: 6, ...options }),
    anchors: [async (head) => void anchors.push(head)],
    onAnchorFailure: (fault) => {
      throw fault
    },
  })
}
