import { createHash } from 'node:crypto'
import { PassThrough, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { EXPORTED_TABLES } from '../../agent/store/transfer.ts'
import { ALICE, alertOf, asked, claimed, decisionOf } from './samples.ts'
import { type TestStore, testServer } from './test-database.ts'

const server = testServer()

async function exported(test: TestStore): Promise<Buffer> {
  const stream = new PassThrough()
  const read = buffer(stream)
  await test.store.maintenance.exportStore(stream)
  stream.end()
  return read
}

/** A store in which every exported table has a row. */
async function filled(): Promise<TestStore> {
  const test = await server.open({ eventGroups: 2 }, { isPublishing: true })
  const { store, at } = test
  const hostile = { labels: { quote: `'"\\,{}`, lines: 'a\nb\r\n', nul: '\0', emoji: '🔥' } }
  await store.incidents.ingestAlerts([alertOf('a'), alertOf('b', hostile)], at())
  const { approvalId } = await asked(test, 'c')
  const answer = {
    person: 'alice',
    answer: 'approve',
    via: 'cli',
    comment: 'go, "now"',
    factsHash: 'facts-1',
    planHash: 'plan-1',
  } as const
  await store.approvals.answer({ approvalId, ...answer }, 60_000)
  const run = (await store.runs.start('agent-a', { maximumRunning: 1 }))!
  await store.runs.journal({ runId: run.id, generation: 1, stage: 's', kind: 'intent', detail: '', data: {} })
  const bytes = Buffer.from([0, 1, 2, 255])
  const body = { sha256: createHash('sha256').update(bytes).digest('hex'), source: 'x', contentType: 'x', bytes }
  await store.bodies.put([body])
  await store.incidents.recordEvaluation(run.incidentId!, {
    at: at(),
    good: false,
    fresh: true,
    score: 1.5,
    detail: '',
  })
  await store.freezes.set({ service: null, kind: 'freeze', reason: 'r', by: ALICE, until: null })
  await store.changes.record({
    id: '1',
    service: 'a',
    changeKind: 'deploy',
    at: at(),
    ref: '',
    summary: '',
    rolloutPercent: null,
    source: 'ci',
  })
  const point = {
    scope: 'a',
    at: at(),
    score: 3.5,
    maximum: 22,
    level: 'none',
    unknownWeight: 0,
    contributions: [],
  } as const
  await store.scores.append([point])
  await test.sql(`insert into score_buckets values (1, 300, now(), 1, 2, 3, 4)`)
  await store.scores.recordMetrics({
    scope: 'a',
    sourceCloud: 'aws',
    severity: 'warning',
    at: at(),
    metrics: { cpu: 0.5 },
  })
  await store.outbox.enqueue({ dedupeKey: 'k', channel: 'webhook', payload: {}, incidentId: null })
  const [incident] = await store.incidents.list()
  await store.posts.intend({ id: 'p', incidentId: incident!.id, channel: 'C1' })
  await store.anomalyModels.save({ id: 'm', service: 'a', version: '1', trainedAt: at(), metadata: {} }, bytes)
  await store.spending.reserve([{ account: 'day:2026-03-01', tokensLimit: 100, usdLimit: 1 }], { tokens: 7, usd: 0.1 })
  return test
}

async function rowsOf(test: TestStore): Promise<Record<string, unknown>> {
  const rows: Record<string, unknown> = {}
  for (const table of EXPORTED_TABLES)
    rows[table] = await test.sql(`select ${table}::text as row from ${table} order by 1`)
  return rows
}

describe('an export', () => {
  it('imported into an empty store gives the same rows, and the chain verifies', async () => {
    const source = await filled()
    const before = await rowsOf(source)
    for (const table of EXPORTED_TABLES) expect(before[table], table).not.toEqual([])
    const bytes = await exported(source)
    const target = await server.open()
    await target.store.maintenance.importStore(Readable.from([bytes]))
    await target.sql('alter table audit_log disable trigger all')
    const [imported] = await target.sql(
      'delete from audit_log where seq = (select max(seq) from audit_log) returning kind',
    )
    expect(imported).toEqual({ kind: 'store_imported' })
    expect(await rowsOf(target)).toEqual(before)
    expect(await target.store.audit.verify(source.anchors.slice(0, -1))).toMatchObject({ ok: true })
    const next = {
      scope: 'new',
      at: target.at(),
      score: 0,
      maximum: 1,
      level: 'none',
      unknownWeight: 0,
      contributions: [],
    } as const
    await target.store.scores.append([next])
    expect((await target.store.scores.current()).map((score) => score.scope)).toEqual(['a', 'new'])
  })

  it('is refused by a store that is not empty', async () => {
    const source = await filled()
    const bytes = await exported(source)
    await expect(source.store.maintenance.importStore(Readable.from([bytes]))).rejects.toMatchObject({
      code: 'conflict',
    })
  })

  it('that is damaged, cut off, forged or from the future leaves the store empty', async () => {
    const source = await server.open()
    await source.store.decisions.record(decisionOf(source, await claimed(source)))
    const bytes = await exported(source)
    const text = gunzipSync(bytes).toString()
    const lines = text.trimEnd().split('\n')
    const resealed = (changed: string[]) => {
      const body = `${changed.join('\n')}\n`
      const footer = JSON.parse(lines.at(-1)!)
      return gzipSync(
        `${body}${JSON.stringify({ ...footer, sha256: createHash('sha256').update(body).digest('hex') })}\n`,
      )
    }
    const forged = lines.slice(0, -1).map((line) => line.replaceAll('observe', 'ignored'))
    const damaged: [Buffer, string][] = [
      [bytes.subarray(0, bytes.length - 20), 'payload_invalid'],
      [gzipSync(text.replace('checkout', 'checkin!')), 'payload_invalid'],
      [gzipSync(lines.slice(0, -1).join('\n')), 'payload_invalid'],
      [gzipSync('{"format":"something else"}\n'), 'payload_invalid'],
      [Buffer.from(text), 'payload_invalid'],
      [gzipSync(`${text}{}\n`), 'payload_invalid'],
      [gzipSync(text.replace('"2026-01-incidents"', '"2031-01-wonders"')), 'conflict'],
      [resealed(forged), 'audit_broken'],
    ]
    const target = await server.open()
    for (const [file, code] of damaged) {
      await expect(target.store.maintenance.importStore(Readable.from([file]))).rejects.toMatchObject({ code })
      expect(await target.store.incidents.list()).toEqual([])
    }
    await target.store.maintenance.importStore(Readable.from([bytes]))
    expect(await target.store.incidents.list()).toHaveLength(1)
  })
})
