import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { policyKeeper } from '../../agent/app/policy-keeper.ts'
import { loadConfig } from '../../agent/config.ts'
import type { AuditEntry } from '../../agent/domain/audit.ts'
import { stoppedClock } from '../../agent/lib/clock.ts'
import { createLog } from '../../agent/lib/log.ts'
import type { Store } from '../../agent/store/store.ts'
import { temporaryFolder } from './agent-under-test.ts'

const CAREFUL = 'version: 1\nruns: { cooldownSeconds: 7200 }\n'
const BOLD = 'version: 1\nruns: { cooldownSeconds: 60 }\n'

function scene(text = CAREFUL) {
  const folder = temporaryFolder()
  const file = join(folder, 'policy.yaml')
  writeFileSync(file, text)
  const recorded: AuditEntry[] = []
  const logLines: string[] = []
  const keeper = policyKeeper(loadConfig(folder, {}), {
    store: { audit: { append: async (entries: AuditEntry[]) => void recorded.push(...entries) } } as unknown as Store,
    clock: stoppedClock(Date.parse('2026-03-01T12:00:00Z')),
    log: createLog({ level: 'info', destination: { write: (line: string) => void logLines.push(line) } }),
    agentId: 'agent-a',
  })
  return { file, keeper, recorded, logLines, cooldown: () => keeper.inForce().policy.runs.cooldownSeconds }
}

describe('the policy in force', () => {
  it('follows its file, on the record with the hash before', async () => {
    const { file, keeper, recorded, cooldown } = scene()
    await keeper.recordStart()
    const before = keeper.hash()
    writeFileSync(file, BOLD)
    await keeper.reload()
    expect(cooldown()).toBe(60)
    expect(keeper.inForce().text).toBe(BOLD)
    expect(recorded).toMatchObject([
      { kind: 'policy_loaded', policyHash: before, previousHash: null },
      { kind: 'policy_loaded', policyHash: keeper.hash(), previousHash: before, source: file },
    ])
  })

  it.each([
    ['a mistyped key', `${BOLD}aproval: { expiresMinutes: 5 }\n`, 'aproval'],
    ['broken YAML', `${BOLD}runs: [`, ''],
    ['an empty file', '', 'version'],
    ['a value out of its range', 'version: 1\nruns: { cooldownSeconds: -5 }\n', 'runs.cooldownSeconds'],
  ])('stays as it was when the file has %s, and says where once', async (_what, text, place) => {
    const { file, keeper, recorded, logLines, cooldown } = scene()
    const before = keeper.hash()
    writeFileSync(file, text)
    await keeper.reload()
    await keeper.reload()
    expect(cooldown()).toBe(7200)
    expect(keeper.hash()).toBe(before)
    expect(keeper.inForce().text).toBe(CAREFUL)
    expect(keeper.problems()[0]).toMatch(/policy\.yaml:\d+:\d+ /)
    expect(keeper.problems().join()).toContain(place)
    expect(recorded).toEqual([])
    expect(logLines).toHaveLength(1)
  })

  it('takes the file again once it is right', async () => {
    const { file, keeper, cooldown } = scene()
    writeFileSync(file, 'version: 2\n')
    await keeper.reload()
    writeFileSync(file, BOLD)
    await keeper.reload()
    expect(cooldown()).toBe(60)
    expect(keeper.problems()).toEqual([])
  })

  it('has no problems once a wrong file is put back to what is in force', async () => {
    const { file, keeper } = scene()
    writeFileSync(file, 'version: 2\n')
    await keeper.reload()
    writeFileSync(file, CAREFUL)
    await keeper.reload()
    expect(keeper.problems()).toEqual([])
  })

  it('stays when the file disappears', async () => {
    const { file, keeper, cooldown } = scene()
    rmSync(file)
    await keeper.reload()
    expect(cooldown()).toBe(7200)
  })

  it('takes a comment for no change of policy, and keeps the text for the record', async () => {
    const { file, keeper, recorded } = scene()
    const before = keeper.hash()
    writeFileSync(file, `# reviewed\n${CAREFUL}`)
    await keeper.reload()
    expect(keeper.hash()).toBe(before)
    expect(keeper.inForce().text).toContain('# reviewed')
    expect(recorded).toEqual([])
  })
})
