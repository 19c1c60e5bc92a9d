import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as dump from '../../actions/dump-and-restore.ts'
import * as fence from '../../actions/fence-source.ts'
import * as promote from '../../actions/promote-database.ts'
import * as rebuild from '../../actions/rebuild-standby.ts'
import { writeStamp } from '../../actions/shared/write-stamps.ts'
import * as stop from '../../actions/stop-writes.ts'
import { killPostgres, realPorts, realScene, serverOf, sql } from './failover-servers.ts'
import { type PostgresPart, postgresProgram, startPostgres, startStandby } from './postgres.ts'
import { removeFolder, scratchFolder, waitUntil } from './servers.ts'

const isRoot = process.getuid?.() === 0
const runAs = isRoot ? ['runuser', '-u', 'postgres', '--'] : []
const programFolder = postgresProgram('')
const folders: string[] = []
let folder: string
let parts: PostgresPart[] = []
let primary: PostgresPart
let standby: PostgresPart

beforeEach(async () => {
  folder = scratchFolder('rebuild')
  folders.push(folder)
  primary = await startPostgres(folder, ['wal_log_hints=on', 'wal_keep_size=64MB', 'unix_socket_directories='])
  await sql(primary, 'CREATE TABLE orders (id int PRIMARY KEY)')
  standby = await startStandby(folder, primary, ['wal_log_hints=on', 'wal_keep_size=64MB', 'unix_socket_directories='])
  parts = [primary, standby]
})

afterEach(async () => {
  for (const part of parts) await part.stop().catch(() => undefined)
})

afterAll(() => {
  for (const one of folders) removeFolder(one)
})

function fenceOf(source: PostgresPart, behind: PostgresPart, extra: object = {}) {
  const base = { stage: 'fence-source', timeoutSeconds: 60, source: serverOf(source), standby: serverOf(behind) }
  return fence.fenceSource(fence.Options.parse({ ...base, ...extra }))
}
function promoteOf(source: PostgresPart, target: PostgresPart, extra: object = {}) {
  const base = { stage: 'promote-database', timeoutSeconds: 60, source: serverOf(source), target: serverOf(target) }
  return promote.promoteDatabase(promote.Options.parse({ ...base, ...extra }))
}
function rebuildOf(ahead: PostgresPart, behind: PostgresPart, extra: object = {}) {
  const flags = `-p ${behind.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c wal_log_hints=on`
  const start = ['pg_ctl', '-D', behind.folder, '-w', '-l', `${behind.folder}.log`, '-o', flags, 'start']
  return rebuild.rebuildStandby(
    rebuild.Options.parse({
      stage: 'rebuild-standby',
      timeoutSeconds: 100,
      primary: serverOf(ahead),
      standby: serverOf(behind),
      dataFolder: behind.folder,
      programFolder,
      runAs,
      startCommand: [...runAs, join(programFolder, start[0] ?? ''), ...start.slice(1)],
      slot: 'rebuilt',
      ...extra,
    }),
  )
}

async function countOf(part: PostgresPart): Promise<number> {
  return Number((await sql(part, 'SELECT count(*) AS n FROM orders'))[0]?.n)
}

describe('way home for a database', () => {
  it.each(['rewind', 'copy'])('rebuilds the fenced old primary by %s and moves back without loss', async (method) => {
    await sql(primary, 'INSERT INTO orders SELECT generate_series(1, 100)')
    const away = realScene()
    await away.carryOut(fenceOf(primary, standby))
    await away.carryOut(promoteOf(primary, standby))
    await sql(standby, 'INSERT INTO orders SELECT generate_series(101, 200)')

    const home = realScene({ run: { id: 'run_2', generation: 4 }, objectives: { rtoSeconds: 60, rpoSeconds: 0 } })
    expect(await home.carryOut(rebuildOf(standby, primary, { method }))).toMatchObject({ outcome: 'done' })
    const effects = home.effects.length
    expect(await home.carryOut(rebuildOf(standby, primary, { method }))).toMatchObject({ outcome: 'done' })
    expect(home.effects.length).toBe(effects)
    expect(await countOf(primary)).toBe(200)

    const base = { stage: 'stop-writes', timeoutSeconds: 60, source: serverOf(standby), standby: serverOf(primary) }
    await home.carryOut(stop.stopWrites(stop.Options.parse(base)))
    const back = promoteOf(standby, primary, { fencedBy: 'stop-writes' })
    expect(await home.carryOut(back)).toMatchObject({ outcome: 'done' })
    await sql(primary, 'INSERT INTO orders VALUES (201)')
    expect(await countOf(primary)).toBe(201)
    await expect(sql(standby, 'INSERT INTO orders VALUES (202)')).rejects.toThrow(/read-only/)
  })

  it('counts exactly what was lost when the old primary can be read again', async () => {
    const abort = AbortSignal.timeout(60_000)
    await writeStamp(realPorts.write, serverOf(primary), 'kept', abort)
    const arrived = async () =>
      (await sql(standby, "SELECT 1 FROM pg_tables WHERE schemaname = 'failwise'")).length === 1
    await waitUntil(arrived, 10_000, 'the stamp does not arrive')
    await sql(standby, "ALTER SYSTEM SET primary_conninfo = ''")
    await sql(standby, 'SELECT pg_reload_conf()')
    const cutOff = async () => (await sql(standby, 'SELECT 1 FROM pg_stat_wal_receiver')).length === 0
    await waitUntil(cutOff, 10_000, 'the receiver stays')
    await writeStamp(realPorts.write, serverOf(primary), 'lost-1', abort)
    await writeStamp(realPorts.write, serverOf(primary), 'lost-2', abort)
    await killPostgres(primary)

    const away = realScene({ run: { consentedDataLossSeconds: 600 } })
    await away.carryOut(fenceOf(primary, standby, { whenUnreachable: 'leave_to_consent' }))
    await away.carryOut(promoteOf(primary, standby))

    // The old one comes back and knows nothing of all this: two primaries until it is fenced.
    await primary.start()
    const home = realScene({ run: { id: 'run_2', generation: 4 } })
    await expect(home.carryOut(rebuildOf(standby, primary))).rejects.toMatchObject({
      details: { reason: 'split_brain' },
    })
    await home.carryOut(fenceOf(primary, standby))
    expect(await home.carryOut(rebuildOf(standby, primary))).toMatchObject({ outcome: 'done' })
    // Two writes, and the stamp that the fence itself wrote.
    expect(home.memory('rebuild-standby').data_loss).toMatchObject({ lost: 3, written: 4 })
  })

  it('overwrites no folder of another cluster', async () => {
    const other = await startPostgres(folder)
    parts.push(other)
    const s = realScene()
    await expect(s.carryOut(rebuildOf(primary, other))).rejects.toThrow(/is cluster/)
    await other.stop()
    await expect(s.carryOut(rebuildOf(primary, other))).rejects.toThrow(/is cluster/)
    expect(s.effects).toEqual([])
  })
})

describe('dump and restore', () => {
  it('restores beside, swaps, measures the loss and swaps back', async () => {
    const target = await startPostgres(folder)
    parts.push(target)
    await sql(primary, 'INSERT INTO orders SELECT generate_series(1, 50)')
    for (const one of [primary, target]) await sql(one, 'CREATE DATABASE shop')
    await sql(primary, 'DROP TABLE orders')
    const run = (port: number, text: string) =>
      execFileSync('psql', ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', '-tAc', text, 'shop'], {
        encoding: 'utf8',
      }).trim()
    run(primary.port, 'CREATE TABLE orders AS SELECT generate_series(1, 50) AS id')
    run(target.port, 'CREATE TABLE old_orders (id int)')
    const file = join(folder, 'shop.dump')
    const stageOf = (extra: object = {}) =>
      dump.dumpAndRestore(
        dump.Options.parse({
          stage: 'dump-and-restore',
          timeoutSeconds: 100,
          source: { ...serverOf(primary), database: 'shop' },
          target: { ...serverOf(target), database: 'shop' },
          file,
          programFolder,
          runAs,
          ...extra,
        }),
      )
    const s = realScene({ objectives: { rtoSeconds: 60, rpoSeconds: 60 } })
    expect(await s.carryOut(stageOf())).toMatchObject({ outcome: 'done' })
    expect(run(target.port, 'SELECT count(*) FROM orders')).toBe('50')
    expect(s.memory('dump-and-restore').data_loss).toMatchObject({ by: 'dump' })
    await s.undo(stageOf())
    expect(run(target.port, 'SELECT count(*) FROM old_orders')).toBe('0')
    await s.undo(stageOf())

    // The source is gone now: only the dump is left, and its age is the loss.
    await killPostgres(primary)
    const late = realScene({ run: { id: 'run_3', generation: 5 }, objectives: { rtoSeconds: 60, rpoSeconds: 0 } })
    await expect(late.carryOut(stageOf())).rejects.toMatchObject({ details: { reason: 'data_loss' } })
    const agreed = { run: { id: 'run_3', generation: 5, consentedDataLossSeconds: 3600 } }
    expect(await late.carryOut(stageOf(), 'dump-and-restore', agreed)).toMatchObject({ outcome: 'done' })
    expect(run(target.port, 'SELECT count(*) FROM orders')).toBe('50')
    const older = { run: { id: 'run_0', generation: 2, consentedDataLossSeconds: 3600 } }
    await expect(realScene().carryOut(stageOf(), 'dump-and-restore', older)).rejects.toMatchObject({
      details: { reason: 'older_generation' },
    })
  })
})
