import { mkdir, readlink, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../agent/lib/clock.ts'
import { AGENT_ROLE, openKysely, openPool } from '../../agent/store/database.ts'
import { migrate } from '../../agent/store/migrate.ts'
import { MIGRATIONS } from '../../agent/store/migrations/index.ts'
import { openStore, StoreOptions } from '../../agent/store/open-store.ts'
import { restoreLinks } from '../../agent/store/postgres-binaries.ts'
import { alertOf } from './samples.ts'
import { openFolder, testServer } from './test-database.ts'

const server = testServer()

function connect(databaseUrl: string) {
  const timeouts = { connectTimeoutMs: 3000, statementTimeoutMs: 10_000 }
  return openKysely(openPool({ databaseUrl, ...timeouts, maximumConnections: 2, role: null, applicationName: 'test' }))
}

describe('a shared server', () => {
  it('is migrated once by agents that start together', async () => {
    const url = await server.emptyDatabase()
    const agents = [connect(url), connect(url), connect(url)]
    const migrated = await Promise.all(agents.map(migrate))
    expect(migrated.map(({ applied }) => applied.length).sort()).toEqual([0, 0, Object.keys(MIGRATIONS).length])
    expect(migrated.map(({ role }) => role)).toEqual([AGENT_ROLE, AGENT_ROLE, AGENT_ROLE])
    await Promise.all(agents.map((agent) => agent.destroy()))
  })

  it('that a newer version migrated is refused, unless that only added to what is known here', async () => {
    const url = await server.emptyDatabase()
    const agent = connect(url)
    await migrate(agent)
    await agent
      .insertInto('kysely_migration' as never)
      .values({ name: '2031-01-x', timestamp: '' } as never)
      .execute()
    // What the newer version added only adds: two versions run at once.
    expect(await migrate(agent)).toMatchObject({ applied: [] })
    await agent.updateTable('schema_floor').set({ migration: '2031-01-x' }).execute()
    await expect(migrate(agent)).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining('newer'),
    })
    await agent.destroy()
  })

  it('works with a login that may make no roles; the trigger still guards the audit log', async () => {
    const url = await server.emptyDatabase()
    const superuser = new pg.Client({ connectionString: url })
    await superuser.connect()
    await superuser.query(`create role plain login password 'plain' nosuperuser nocreaterole`)
    await superuser.query(`alter database ${new URL(url).pathname.slice(1)} owner to plain`)
    await superuser.end()
    const plain = url.replace(/\/\/[^@]+@/, '//plain:plain@')
    const store = await openStore({
      databaseUrl: plain,
      clock: systemClock,
      options: StoreOptions.parse({}),
      anchors: [],
      onAnchorFailure: () => {},
    })
    await store.incidents.ingestAlerts([alertOf('checkout')], '2026-03-01T12:00:00.000Z')
    expect(await store.incidents.list()).toHaveLength(1)
    await store.close()
    const client = new pg.Client({ connectionString: plain })
    await client.connect()
    await expect(client.query('truncate audit_log')).rejects.toThrow('append-only')
    await client.end()
  })

  it('that is not there is unavailable, without a word of the password', async () => {
    const url = 'postgresql://someone:hunter2@127.0.0.1:1/none'
    const opened = openStore({
      databaseUrl: url,
      clock: systemClock,
      options: StoreOptions.parse({}),
      anchors: [],
      onAnchorFailure: () => {},
    })
    const fault = await opened.catch((error) => error)
    expect(fault).toMatchObject({ code: 'store_unavailable', retryable: true })
    expect(`${fault.message} ${fault.hint} ${JSON.stringify(fault.details)} ${fault.cause}`).not.toContain('hunter2')
  })
})

describe('the programs of the embedded server', () => {
  it('get their links when the install script was switched off', async () => {
    const folder = await openFolder()
    await mkdir(path.join(folder, 'native', 'lib'), { recursive: true })
    const links = [{ source: 'native/lib/libx.so.1.2', target: 'native/lib/libx.so' }]
    await writeFile(path.join(folder, 'native', 'pg-symlinks.json'), JSON.stringify(links))
    await restoreLinks(folder)
    await restoreLinks(folder)
    expect(await readlink(path.join(folder, 'native', 'lib', 'libx.so'))).toBe('libx.so.1.2')
    await rm(folder, { recursive: true })
  })
})
