import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import type { AuditEntry } from '../../agent/domain/audit.ts'
import { AGENT_ROLE } from '../../agent/store/database.ts'
import { ALICE, claimed, decisionOf } from './samples.ts'
import { type TestStore, testServer } from './test-database.ts'

const server = testServer()

function act(test: TestStore, number: number, service: string | null = null): AuditEntry {
  const details = { number }
  return {
    kind: 'administrative_act',
    at: test.at(number),
    actor: ALICE,
    act: 'note',
    service,
    reason: '=1+1, "x"',
    details,
  }
}

/** A store with six entries, and its guards taken off for the superuser. */
async function tampered(change: string, tables: readonly string[] = ['audit_log']) {
  const test = await server.open()
  for (const number of [1, 2, 3, 4, 5, 6]) await test.store.audit.append([act(test, number)])
  for (const table of tables) await test.sql(`alter table ${table} disable trigger all`)
  await test.sql(change)
  return test
}

describe('the audit log', () => {
  it('chains entries, lists them newest first and pages', async () => {
    const test = await server.open()
    await test.store.audit.append([act(test, 1), act(test, 2)])
    await test.store.audit.append([act(test, 3)])
    const newest = await test.store.audit.list({ limit: 2 })
    expect(newest.map((entry) => entry.seq)).toEqual([3, 2])
    expect(newest[0]!.previousHash).toBe(newest[1]!.hash)
    expect((await test.store.audit.list({ beforeSeq: 2 })).map((entry) => entry.seq)).toEqual([1])
    expect(await test.store.audit.list({ actor: 'bob' })).toEqual([])
    expect(
      await test.store.audit.list({ kinds: ['administrative_act'], from: test.at(2), to: test.at(3) }),
    ).toHaveLength(1)
    expect((await test.store.audit.get(2))?.entry).toEqual(act(test, 2))
    expect(await test.store.audit.verify(test.anchors)).toMatchObject({ ok: true, entries: 3, anchoredUpTo: 3 })
  })

  it('narrows by what an entry says, and pages from either end', async () => {
    const test = await server.open()
    const claim = await claimed(test)
    await test.store.decisions.record(decisionOf(test, claim))
    await test.store.audit.append([act(test, 1), { ...act(test, 2), reason: '100% of _all_' } as AuditEntry])
    const seqs = async (filter: Parameters<typeof test.store.audit.list>[0]) =>
      (await test.store.audit.list(filter)).map((entry) => entry.seq)
    const all = await seqs({})
    expect(await seqs({ order: 'oldest' })).toEqual(all.toReversed())
    expect(await seqs({ order: 'oldest', following: { value: '', seq: all.at(-2)! }, limit: 1 })).toEqual([all.at(-3)])
    const [decision] = await test.store.audit.list({ kinds: ['decision_made'] })
    const entry = decision!.entry as Extract<AuditEntry, { kind: 'decision_made' }>
    expect(await seqs({ action: entry.action, disposition: entry.disposition, kinds: ['decision_made'] })).toEqual([
      decision!.seq,
    ])
    expect(await seqs({ action: 'no such action' })).toEqual([])
    expect(await seqs({ text: '100% OF _ALL_' })).toEqual([all[0]])
    expect(await seqs({ text: '100_' })).toEqual([])
    const stream = new PassThrough()
    const read = text(stream)
    await test.store.audit.export(stream, 'ndjson', { order: 'newest', kinds: ['administrative_act'] })
    stream.end()
    const exported = (await read)
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { seq: number }).seq)
    expect(exported).toEqual(await seqs({ kinds: ['administrative_act'] }))
  })

  it('keeps one chain when many write at once', async () => {
    const test = await server.open()
    await Promise.all(
      Array.from({ length: 25 }, (_, number) => test.store.audit.append([act(test, number), act(test, number)])),
    )
    expect(await test.store.audit.verify(test.anchors)).toMatchObject({ ok: true, entries: 50 })
  })

  it('refuses update, delete and truncate to the agent by its role, and to the owner by a trigger', async () => {
    const test = await server.open()
    await test.store.audit.append([act(test, 1)])
    const statements = [`update audit_log set kind = 'x'`, 'delete from audit_log', 'truncate audit_log']
    const client = new pg.Client({ connectionString: test.url })
    await client.connect()
    for (const statement of statements) {
      await expect(client.query(statement)).rejects.toMatchObject({ message: expect.stringContaining('append-only') })
      // Pretending to be a replica switches ordinary triggers off.
      await client.query('set session_replication_role = replica')
      await expect(client.query(statement)).rejects.toMatchObject({ message: expect.stringContaining('append-only') })
      await client.query('reset session_replication_role')
    }
    await client.query(`set role ${AGENT_ROLE}`)
    for (const statement of [...statements, 'drop table audit_log', 'alter table audit_log disable trigger all'])
      await expect(client.query(statement)).rejects.toMatchObject({ code: '42501' })
    expect((await client.query('select count(*)::int as entries from audit_log')).rows).toEqual([{ entries: 1 }])
    await client.end()
  })

  it('works as the role that may only add', async () => {
    const test = await server.open()
    await test.store.ping()
    const sessions = await test.sql(
      `select count(*)::int as n from pg_stat_activity where datname = current_database() and application_name = 'failwise'`,
    )
    expect(sessions).toEqual([{ n: 1 }])
    const owner = await test.sql(
      `select has_table_privilege($1, 'audit_log', 'insert') as may_add,
      has_table_privilege($1, 'audit_log', 'update, delete, truncate') as may_change`,
      [AGENT_ROLE],
    )
    expect(owner).toEqual([{ may_add: true, may_change: false }])
  })
})

describe('verification names the first entry that is wrong', () => {
  const cases: [string, string, { seq: number; kind: string }][] = [
    [
      'altered text',
      `update audit_log set entry = replace(entry, 'note', 'nota') where seq = 3`,
      { seq: 3, kind: 'altered' },
    ],
    ['altered columns', `update audit_log set actor = 'mallory' where seq = 4`, { seq: 4, kind: 'altered' }],
    [
      'altered white space',
      `update audit_log set entry = replace(entry, ',"kind"', ', "kind"') where seq = 2`,
      { seq: 2, kind: 'altered' },
    ],
    ['altered hash', `update audit_log set hash = repeat('a', 64) where seq = 6`, { seq: 6, kind: 'altered' }],
    ['unreadable text', `update audit_log set entry = '{' where seq = 5`, { seq: 5, kind: 'altered' }],
    ['a hole', 'delete from audit_log where seq = 2', { seq: 2, kind: 'missing' }],
    ['a wide hole', 'delete from audit_log where seq in (2, 3)', { seq: 2, kind: 'missing' }],
    [
      'a hole closed by renumbering',
      'delete from audit_log where seq = 3; update audit_log set seq = seq - 1 where seq = 4; update audit_log set seq = seq - 1 where seq = 5; update audit_log set seq = seq - 1 where seq = 6',
      { seq: 3, kind: 'missing' },
    ],
    [
      'changed places',
      'update audit_log set seq = 99 where seq = 4; update audit_log set seq = 4 where seq = 5; update audit_log set seq = 5 where seq = 99',
      { seq: 4, kind: 'reordered' },
    ],
    ['a first entry cut off', 'delete from audit_log where seq = 1', { seq: 1, kind: 'missing' }],
    ['a tail cut off', 'delete from audit_log where seq > 4', { seq: 5, kind: 'truncated' }],
    ['everything cut off', 'truncate audit_log', { seq: 1, kind: 'truncated' }],
  ]
  it.each(cases)('%s', async (_name, change, problem) => {
    const test = await tampered(change)
    const result = await test.store.audit.verify(test.anchors)
    expect(result).toMatchObject({ ok: false, problem })
  })

  it('a tail rewritten with hashes that fit', async () => {
    const test = await tampered('delete from audit_log where seq > 4')
    const anchors = [...test.anchors]
    await test.store.audit.append([act(test, 50), act(test, 60)])
    expect(await test.store.audit.verify([])).toMatchObject({ ok: true })
    expect(await test.store.audit.verify(anchors)).toMatchObject({ ok: false, problem: { seq: 5, kind: 'replaced' } })
  })

  it('a decision whose record was altered', async () => {
    const test = await server.open()
    const recorded = await test.store.decisions.record(decisionOf(test, await claimed(test)))
    expect(await test.store.audit.verify(test.anchors)).toMatchObject({ ok: true })
    await test.sql(`update decisions set document = replace(document, 'one observer', 'no observer')`)
    expect(await test.store.audit.verify(test.anchors)).toMatchObject({
      problem: { seq: 1, kind: 'record_altered', detail: expect.stringContaining(recorded.id) },
    })
  })
})

describe('export', () => {
  it('writes NDJSON, JSON and CSV that a spreadsheet does not run', async () => {
    const test = await server.open()
    for (const number of [1, 2]) await test.store.audit.append([act(test, number)])
    await test.store.freezes.set({ service: '=cmd()', kind: 'freeze', reason: 'drill', by: ALICE, until: null })
    const exported = async (format: 'ndjson' | 'json' | 'csv') => {
      const stream = new PassThrough()
      const read = text(stream)
      expect(await test.store.audit.export(stream, format)).toBe(3)
      stream.end()
      return read
    }
    expect(
      (await exported('ndjson'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).seq),
    ).toEqual([1, 2, 3])
    expect(JSON.parse(await exported('json'))).toHaveLength(3)
    expect(await exported('csv')).toContain(`,'=cmd(),`)
  })
})

describe('a sorted audit log', () => {
  it('goes by a column, keeps the order of the chain where entries are equal, and continues where a page ended', async () => {
    const test = await server.open()
    await test.store.audit.append([
      act(test, 1, 'b'),
      act(test, 2, 'a'),
      act(test, 3),
      act(test, 4, 'a'),
      act(test, 5, 'b'),
    ])
    const seqs = async (filter: Parameters<typeof test.store.audit.list>[0]) =>
      (await test.store.audit.list({ sort: 'service', ...filter })).map(({ seq }) => seq)
    expect(await seqs({ order: 'oldest' })).toEqual([3, 2, 4, 1, 5])
    expect(await seqs({ order: 'newest' })).toEqual([1, 5, 2, 4, 3])
    expect(await seqs({ order: 'oldest', following: { value: 'a', seq: 2 } })).toEqual([4, 1, 5])
    expect(await seqs({ order: 'newest', following: { value: 'b', seq: 5 } })).toEqual([2, 4, 3])
  })

  it('is exported in the columns that were asked for, with formulas made harmless', async () => {
    const test = await server.open()
    await test.store.audit.append([act(test, 1, '=cmd()'), act(test, 2)])
    const exported = async (format: 'csv' | 'json') => {
      const stream = new PassThrough()
      const read = text(stream)
      const order = { sort: 'service', order: 'newest' } as const
      await test.store.audit.export(stream, format, order, ['seq', 'service', 'words'])
      stream.end()
      return read
    }
    expect(await exported('csv')).toBe(`seq,service,words\n1,'=cmd(),"note: =1+1, ""x"""\n2,,"note: =1+1, ""x"""\n`)
    expect(JSON.parse(await exported('json'))).toEqual([
      { seq: 1, service: '=cmd()', words: 'note: =1+1, "x"' },
      { seq: 2, service: null, words: 'note: =1+1, "x"' },
    ])
  })
})
