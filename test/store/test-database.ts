import { chmod, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { threadId } from 'node:worker_threads'
import pg from 'pg'
import { afterAll, inject } from 'vitest'
import type { ChainHead } from '../../agent/domain/audit.ts'
import { instantOf } from '../../agent/domain/time.ts'
import { type Clock, systemClock } from '../../agent/lib/clock.ts'
import { type OpenStoreOptions, openStore, StoreOptions } from '../../agent/store/open-store.ts'
import type { Store } from '../../agent/store/store.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the run's one database server is reached, as superuser. */
    readonly databaseServerUrl: string
  }
}

/** A folder that the database's own user may enter, when tests run as root. */
export async function openFolder(parent = tmpdir()): Promise<string> {
  const folder = await mkdtemp(path.join(parent, 'failwise-store-'))
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

type MoreOptions = Partial<Pick<OpenStoreOptions, 'isPublishing' | 'maximumSkewMs'>>

/** Opens databases on the run's one server; `open` gives each test a database of its own. */
export function testServer(): {
  open(options?: Partial<StoreOptions>, more?: MoreOptions): Promise<TestStore>
  emptyDatabase(): Promise<string>
} {
  const open = new Set<() => Promise<void>>()
  const names: string[] = []
  const make = (template: string | null) => {
    const name = `test_${process.pid}_${threadId}_${Date.now().toString(36)}_${names.length}`
    names.push(name)
    return makeDatabase(inject('databaseServerUrl'), name, template)
  }
  afterAll(async () => {
    for (const close of [...open].reverse()) await close()
    await onServer(
      inject('databaseServerUrl'),
      names.map((name) => `drop database ${name} with (force)`),
    )
  })
  return {
    emptyDatabase: () => make(null),
    open: async (options = {}, more = {}) => {
      const url = await make(TEMPLATE)
      const clock = testClock()
      const anchors: ChainHead[] = []
      const store = await openTestStore(url, clock, options, anchors, more)
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

/** Migrates once; every test's database is a copy of it. */
export async function makeTemplate(serverUrl: string): Promise<void> {
  const store = await openTestStore(await makeDatabase(serverUrl, TEMPLATE, null), systemClock, {}, [])
  await store.close()
}

async function makeDatabase(serverUrl: string, name: string, template: string | null): Promise<string> {
  // Nothing is written during a copy of files, and the log of blocks would be larger than they are.
  const how = template ? ` template ${template} strategy file_copy` : ''
  await onServer(serverUrl, [`create database ${name}${how}`])
  return serverUrl.replace('/postgres?', `/${name}?`)
}

async function onServer(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  for (const statement of statements) await client.query(statement)
  await client.end()
}

const TEMPLATE = 'migrated'

function openTestStore(
  databaseUrl: string,
  clock: Clock,
  options: Partial<StoreOptions>,
  anchors: ChainHead[],
  more: MoreOptions = {},
): Promise<Store> {
  return openStore({
    ...more,
    databaseUrl,
    clock,
    options: StoreOptions.parse({ maximumConnections: 6, ...options }),
    anchors: [async (head) => void anchors.push(head)],
    onAnchorFailure: (fault) => {
      throw fault
    },
  })
}
