import pg from 'pg'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as fence from '../../actions/fence-source.ts'
import * as promote from '../../actions/promote-database.ts'
import * as replicate from '../../actions/replicate-database.ts'
import * as stop from '../../actions/stop-writes.ts'
import { killPostgres, realPorts, realScene, serverOf, sql } from './failover-servers.ts'
import { type PostgresPart, startPostgres, startStandby } from './postgres.ts'
import { removeFolder, scratchFolder, waitUntil } from './servers.ts'

const folders: string[] = []
let parts: PostgresPart[] = []
let primary: PostgresPart
let standby: PostgresPart

beforeEach(async () => {
  const folder = scratchFolder('failover')
  folders.push(folder)
  primary = await startPostgres(folder, ['wal_level=replica', 'wal_log_hints=on', 'max_prepared_transactions=4'])
  await sql(primary, 'CREATE ROLE app LOGIN; CREATE TABLE orders (id int PRIMARY KEY); GRANT ALL ON orders TO app')
  standby = await startStandby(folder, primary, ['max_prepared_transactions=4'])
  parts = [primary, standby]
})

afterEach(async () => {
  for (const part of parts) await part.stop().catch(() => undefined)
})

afterAll(() => {
  for (const folder of folders) removeFolder(folder)
})

const fenceStage = (extra: object = {}) =>
  fence.fenceSource(
    fence.Options.parse({
      stage: 'fence-source',
      timeoutSeconds: 60,
      source: serverOf(primary),
      standby: serverOf(standby),
      writer: { user: 'app' },
      ...extra,
    }),
  )
const promoteStage = (extra: object = {}) =>
  promote.promoteDatabase(
    promote.Options.parse({
      stage: 'promote-database',
      timeoutSeconds: 60,
      source: serverOf(primary),
      target: serverOf(standby),
      writer: { user: 'app' },
      ...extra,
    }),
  )

/** Sessions of the application that write one row after the other, and remember what was acknowledged. */
function startWriters(part: PostgresPart) {
  const acknowledged: number[] = []
  let isOver = false
  let next = 1
  const run = async () => {
    const client = new pg.Client({ host: '127.0.0.1', port: part.port, user: 'app', database: 'postgres' })
    client.on('error', () => undefined)
    try {
      await client.connect()
      while (!isOver) {
        const id = next++
        await client.query('INSERT INTO orders VALUES ($1)', [id])
        acknowledged.push(id)
      }
    } catch {
      // The fence ends the session; the writer comes back, as pools do.
    } finally {
      await client.end().catch(() => undefined)
    }
  }
  const loop = async () => {
    while (!isOver) {
      await run()
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const loops = [loop(), loop(), loop()]
  return {
    acknowledged,
    stop: async () => {
      isOver = true
      await Promise.all(loops)
    },
  }
}

describe('PostgreSQL failover', () => {
  it('loses no acknowledged write of three busy writers when the source can be fenced', async () => {
    const s = realScene({ objectives: { rtoSeconds: 60, rpoSeconds: 0 } })
    const writers = startWriters(primary)
    await waitUntil(async () => writers.acknowledged.length > 200, 20_000, 'the writers do not write')
    const fenced = await s.carryOut(fenceStage())
    expect(fenced.outcome).toBe('done')
    const promoted = await s.carryOut(promoteStage())
    expect(promoted.outcome).toBe('done')
    await writers.stop()
    const rows = await sql(standby, 'SELECT id FROM orders')
    const present = new Set(rows.map(({ id }) => Number(id)))
    expect(writers.acknowledged.filter((id) => !present.has(id))).toEqual([])
    expect(promoted.detail).toContain('nothing is lost')
    expect(s.memory('promote-database').data_loss).toMatchObject({ lossMs: 0, by: 'stamp' })
    expect([...s.proofs.keys()].sort()).toEqual(['data_current', 'source_fenced', 'target_writable'])
    // Again, as after a crash: nothing more happens.
    const again = await s.carryOut(promoteStage())
    expect(again.outcome).toBe('done')
    const [state] = await sql(standby, 'SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) AS tli')
    expect(state?.tli).toBe('00000002')
  })

  it('refuses to promote while the source accepts writes, whatever was proven or consented', async () => {
    const s = realScene({ run: { consentedDataLossSeconds: 3600 } })
    s.setProof('source_fenced', 'somebody said so')
    await expect(s.carryOut(promoteStage())).rejects.toMatchObject({ details: { reason: 'split_brain' } })
    const [row] = await sql(standby, 'SELECT pg_is_in_recovery() AS standby')
    expect(row?.standby).toBe(true)
  })

  it('promotes beside a silent source only with consent, and within it', async () => {
    await sql(primary, 'INSERT INTO orders VALUES (1)')
    await killPostgres(primary)
    await expect(realScene().carryOut(fenceStage())).rejects.toThrow(/does not answer, and nothing can take it out/)
    const left = realScene({ objectives: { rtoSeconds: 60, rpoSeconds: 0 } })
    const passed = await left.carryOut(fenceStage({ whenUnreachable: 'leave_to_consent' }))
    expect(passed.detail).toContain('NOT proven')
    expect(left.proofs.size).toBe(0)
    await expect(left.carryOut(promoteStage())).rejects.toMatchObject({ details: { reason: 'not_fenced' } })
    const little = { run: { consentedDataLossSeconds: 0.001 } }
    await expect(left.carryOut(promoteStage(), 'promote-database', little)).rejects.toMatchObject({
      details: { reason: 'data_loss' },
    })
    const enough = { run: { consentedDataLossSeconds: 600 } }
    const promoted = await left.carryOut(promoteStage(), 'promote-database', enough)
    expect(promoted.outcome).toBe('done')
    expect(promoted.detail).toContain('no stamp could be written before')
  })

  it('refuses a standby that is too far behind', async () => {
    await sql(standby, "ALTER SYSTEM SET primary_conninfo = ''")
    await sql(standby, 'SELECT pg_reload_conf()')
    await waitUntil(
      async () => (await sql(standby, 'SELECT 1 FROM pg_stat_wal_receiver')).length === 0,
      10_000,
      'the receiver stays',
    )
    const s = realScene({ objectives: { rtoSeconds: 60, rpoSeconds: 0.01 } })
    await s.carryOut(fenceStage())
    await expect(s.carryOut(promoteStage({ catchUpSeconds: 1 }))).rejects.toMatchObject({
      details: { reason: 'data_loss' },
    })
    expect(s.notes.join()).toContain('has not received everything')
    // Undone, the source serves again.
    await s.undo(fenceStage())
    await sql(primary, 'INSERT INTO orders VALUES (7)', 'app')
  })

  it('says that a standby has not become primary when it does not leave recovery', async () => {
    const [startup] = await sql(standby, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'startup'")
    const s = realScene()
    await s.carryOut(fenceStage())
    process.kill(Number(startup?.pid), 'SIGSTOP')
    try {
      const stage = promoteStage({ promoteSeconds: 1 })
      const ctx = s.context('promote-database')
      await stage.apply(ctx)
      expect(await stage.verify(ctx)).toMatchObject({ outcome: 'not_done' })
    } finally {
      process.kill(Number(startup?.pid), 'SIGCONT')
    }
  })

  it('never lifts the fence once the standby is promoted', async () => {
    const s = realScene()
    await s.carryOut(fenceStage())
    await s.carryOut(promoteStage())
    await expect(s.undo(fenceStage())).rejects.toThrow(/has been promoted/)
    await expect(sql(primary, 'INSERT INTO orders VALUES (8)', 'app')).rejects.toThrow(/read-only/)
  })

  it('refuses an older generation where the effect lands', async () => {
    const s = realScene()
    await s.carryOut(fenceStage(), 'fence-source', { run: { generation: 12 } })
    const old = { run: { generation: 9 } }
    await expect(s.carryOut(fenceStage(), 'fence-source', old)).rejects.toMatchObject({
      details: { reason: 'older_generation' },
    })
    await expect(s.undo(fenceStage(), 'fence-source', old)).rejects.toMatchObject({
      details: { reason: 'older_generation' },
    })
    await sql(standby, "SET failwise.generation = '12'; ")
    const t = realScene()
    await t.carryOut(fenceStage(), 'fence-source', { run: { generation: 12 } })
    await realPorts.write.executePostgres(
      serverOf(standby),
      [{ sql: "SET failwise.generation = '0'" }, { sql: "ALTER SYSTEM SET failwise.generation = '12'" }],
      AbortSignal.timeout(5000),
    )
    await expect(t.carryOut(promoteStage(), 'promote-database', old)).rejects.toMatchObject({
      details: { reason: 'older_generation' },
    })
    const [row] = await sql(standby, 'SELECT pg_is_in_recovery() AS standby')
    expect(row?.standby).toBe(true)
  })

  it('sees settings and transactions that outrank the fence', async () => {
    await sql(primary, 'ALTER ROLE app SET default_transaction_read_only = off')
    const s = realScene({ abort: AbortSignal.timeout(30_000) })
    const stage = fenceStage()
    const ctx = s.context('fence-source')
    await stage.apply(ctx)
    expect(await stage.verify(ctx)).toMatchObject({
      outcome: 'unclear',
      detail: expect.stringContaining('still accepts'),
    })
    await sql(primary, 'BEGIN READ WRITE; ALTER ROLE app RESET default_transaction_read_only; COMMIT')
    expect(await stage.verify(ctx)).toMatchObject({ outcome: 'done' })
    await sql(primary, "BEGIN READ WRITE; INSERT INTO orders VALUES (99); PREPARE TRANSACTION 'left'")
    expect(await stage.verify(ctx)).toMatchObject({ outcome: 'unclear', detail: expect.stringContaining('prepared') })
    await sql(primary, "ROLLBACK PREPARED 'left'")
  })

  it('refuses a server of another cluster, and a standby in place of the primary', async () => {
    const other = await startPostgres(folders.at(-1) ?? '')
    parts.push(other)
    const s = realScene()
    await expect(s.carryOut(fenceStage({ source: serverOf(other) }))).rejects.toThrow(/the plan means/)
    await expect(s.carryOut(fenceStage({ source: serverOf(standby) }))).rejects.toThrow(/is a standby/)
    await expect(s.carryOut(promoteStage({ target: serverOf(other) }))).rejects.toThrow(/the plan means/)
    expect(s.effects).toEqual([])
  })

  it('moves without loss when planned, and writes nothing in a rehearsal', async () => {
    const planned = stop.stopWrites(
      stop.Options.parse({
        stage: 'stop-writes',
        timeoutSeconds: 60,
        source: serverOf(primary),
        standby: serverOf(standby),
        writer: { user: 'app' },
      }),
    )
    const close = replicate.replicateDatabase(
      replicate.Options.parse({
        stage: 'replicate-database',
        timeoutSeconds: 60,
        source: serverOf(primary),
        standby: serverOf(standby),
      }),
    )
    await sql(primary, 'INSERT INTO orders VALUES (1)')
    const received = async () => (await sql(standby, 'SELECT FROM orders')).length === 1
    await waitUntil(received, 10_000, 'the standby does not follow')
    const before = await sql(primary, 'SELECT pg_current_wal_lsn()::text AS lsn')
    const rehearsal = realScene({ run: { isDryRun: true }, write: {} as never })
    for (const stage of [close, fenceStage(), planned, promoteStage()]) {
      const ctx = rehearsal.context(stage.name)
      await stage.identify?.(ctx)
      await stage.apply(ctx)
      await stage.verify(ctx)
    }
    expect(await sql(primary, 'SELECT pg_current_wal_lsn()::text AS lsn')).toEqual(before)
    expect(rehearsal.proofs.size).toBe(0)
    const s = realScene({ objectives: { rtoSeconds: 60, rpoSeconds: 30 } })
    expect(await s.carryOut(close)).toMatchObject({ outcome: 'done' })
    expect(await s.carryOut(planned)).toMatchObject({ outcome: 'done' })
    expect(s.proofs.has('data_current')).toBe(true)
    expect(await s.carryOut(promoteStage({ fencedBy: 'stop-writes' }))).toMatchObject({ outcome: 'done' })
  })
})
