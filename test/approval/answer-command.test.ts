import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, expect, it, onTestFinished } from 'vitest'
import { tokenHashOf } from '../../agent/approval/people.ts'
import { approveCommand, refuseCommand } from '../../agent/cli/answer-command.ts'
import type { CliIo } from '../../agent/cli/io.ts'
import { instantOf } from '../../agent/domain/time.ts'
import { defaultPolicy, policyHash } from '../../agent/policy/policy.ts'
import { asked } from '../store/samples.ts'
import { testServer } from '../store/test-database.ts'

const databases = testServer()
const TOKENS = { alice: 'fwp_alice', bob: 'fwp_bob' } as const

/** A question that is open now, and a terminal beside it. */
async function terminal() {
  const test = await databases.open()
  test.clock.set(new Date().toISOString())
  const question = await asked(test, 'checkout', {
    needed: 2,
    approvers: ['alice', 'ops'],
    expiresAt: instantOf(Date.now() + 600_000),
  })
  await test.sql(
    `update decisions set document = replace(document, '${await oldHash(test)}', '${policyHash(defaultPolicy())}')`,
  )
  const folder = mkdtempSync(join(tmpdir(), 'failwise-answer-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const people = Object.entries(TOKENS).map(
    ([name, token]) =>
      `  - { name: ${name}, tokenHash: "${tokenHashOf(token)}", groups: [${name === 'bob' ? 'ops' : ''}] }`,
  )
  const yaml = ['version: 1', 'people:', ...people, 'store:', `  folder: ${folder}`, `  databaseUrl: ${test.url}`]
  writeFileSync(join(folder, 'failwise.yaml'), yaml.join('\n'))
  const run = async (command: 'approve' | 'refuse', token: string | null, ...words: string[]) => {
    const out = new PassThrough()
    const environment = token === null ? {} : { FAILWISE_TOKEN: token }
    const io = { out, err: new PassThrough(), environment, folder } as unknown as CliIo
    const made = (command === 'approve' ? approveCommand(io) : refuseCommand(io))
      .exitOverride()
      .option('--json')
      .option('--config <folder>')
    const before = process.exitCode
    try {
      await made.parseAsync(words, { from: 'user' })
    } finally {
      process.exitCode = before
    }
    return String(out.read() ?? '')
  }
  return { test, question, run }
}

async function oldHash(test: Awaited<ReturnType<typeof databases.open>>): Promise<string> {
  const [record] = await test.store.decisions.list()
  return record!.decision.policyHash
}

describe('an answer in a terminal', () => {
  it('needs the person’s own token and consent, and counts beside those given elsewhere', async () => {
    const { test, question, run } = await terminal()
    await expect(run('approve', null, 'checkout', '--consent', 'lose 4 s')).rejects.toMatchObject({
      code: 'unauthenticated',
    })
    await expect(run('approve', 'fwp_guess', 'checkout', '--consent', 'lose 4 s')).rejects.toMatchObject({
      code: 'unauthenticated',
    })
    await expect(run('approve', TOKENS.alice, 'checkout')).rejects.toMatchObject({ code: 'usage' })
    expect(await run('approve', TOKENS.alice, 'checkout', '--consent', 'lose 1 s')).toContain('Type exactly: lose 4 s')
    expect(await run('approve', TOKENS.alice, 'checkout', '--consent', 'lose 4 s')).toContain('Still needed: 1 more')
    expect(await run('approve', TOKENS.alice, question.incidentId, '--consent', 'lose 4 s')).toContain(
      'has answered already',
    )
    expect(await run('approve', TOKENS.bob, question.approvalId, '--consent', 'lose 4 s')).toContain('Approved. Run')
    const { votes } = (await test.store.approvals.get(question.approvalId))!
    expect(votes).toMatchObject([
      { person: 'alice', via: 'cli' },
      { person: 'bob', via: 'cli' },
    ])
  })

  it('may be no, with a reason', async () => {
    const { test, question, run } = await terminal()
    await expect(run('refuse', TOKENS.bob, 'checkout')).rejects.toMatchObject({ code: 'usage' })
    expect(await run('refuse', TOKENS.bob, 'checkout', '--reason', 'our own deploy')).toContain('Refused')
    expect(await test.store.approvals.get(question.approvalId)).toMatchObject({ status: 'refused' })
    await expect(run('approve', TOKENS.alice, 'checkout', '--consent', 'lose 4 s')).rejects.toMatchObject({
      code: 'not_found',
    })
  })
})
