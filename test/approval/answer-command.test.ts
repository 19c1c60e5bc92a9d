import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, expect, it, onTestFinished } from 'vitest'
import { planBook } from '../../agent/app/plan-book.ts'
import { tokenHashOf } from '../../agent/approval/people.ts'
import { approveCommand, refuseCommand } from '../../agent/cli/answer-command.ts'
import type { CliIo } from '../../agent/cli/io.ts'
import { loadConfig } from '../../agent/config.ts'
import { instantOf } from '../../agent/domain/time.ts'
import { defaultPolicy, policyHash } from '../../agent/policy/policy.ts'
import { asked } from '../store/samples.ts'
import { testServer } from '../store/test-database.ts'

const databases = testServer()
const TOKENS = { alice: 'fwp_alice', bob: 'fwp_bob' } as const

const SERVICES = `version: 1
services:
  - name: checkout
    primary: { provider: aws, region: us-east-1 }
    secondary: { provider: aws, region: us-east-2 }
    plans: { region_failover: checkout-away }
`
const AWAY = `version: 1
kind: DisasterRecoveryPlan
name: checkout-away
description: Moves it.
service: checkout
action: region_failover
source: { provider: aws, region: us-east-1 }
target: { provider: aws, region: us-east-2 }
objectives: { rtoSeconds: 100, rpoSeconds: 30 }
stages:
  - { stage: notify, timeoutSeconds: 10, title: moved }
`

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
  // The plan that the question is about, as the agent and this terminal both have it.
  mkdirSync(join(folder, 'plans'))
  writeFileSync(join(folder, 'plans/away.yaml'), AWAY)
  writeFileSync(join(folder, 'services.yaml'), SERVICES)
  const plan = planBook(loadConfig(folder, {}).plans).byName('checkout-away')
  await test.sql('update approvals set plan_hash = $1', [plan?.hash])
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
    // Nobody has begun the run, so a no still counts, also by the service's name.
    expect(await run('refuse', TOKENS.alice, 'checkout', '--reason', 'it was our deploy')).toContain('Refused')
    expect(await test.store.runs.list()).toMatchObject([{ state: 'cancelled' }])
  })

  it('counts for nothing when the plan was edited or removed since', async () => {
    const { test, question, run } = await terminal()
    await test.sql(`update approvals set plan_hash = 'another'`)
    const given = ['approve', TOKENS.alice, question.approvalId, '--consent', 'lose 4 s'] as const
    expect(await run(...given)).toContain('the plan is not the one that was shown')
    expect(await test.store.approvals.get(question.approvalId)).toMatchObject({ votes: [] })
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
