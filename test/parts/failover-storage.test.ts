import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import * as syncStorage from '../../actions/sync-storage.ts'
import { realScene } from './failover-servers.ts'
import { removeFolder, scratchFolder } from './servers.ts'

const folder = scratchFolder('rclone')
const [from, to, aside] = ['primary', 'recovery', 'aside'].map((name) => join(folder, name)) as [string, string, string]

beforeEach(() => {
  for (const place of [from, to, aside]) {
    rmSync(place, { recursive: true, force: true })
    mkdirSync(place)
  }
  for (let number = 0; number < 30; number++) writeFileSync(join(from, `object-${number}`), `content ${number}`)
  for (let number = 0; number < 20; number++) writeFileSync(join(to, `object-${number}`), `older ${number}`)
  utimesSync(join(from, 'object-7'), new Date(), new Date(Date.now() - 90_000))
})

afterAll(() => removeFolder(folder))

function stageOf(extra: object = {}) {
  const options = {
    stage: 'sync-storage',
    timeoutSeconds: 60,
    configFile: '/dev/null',
    from: `first:${from}`,
    to: `second:${to}`,
  }
  // Two remotes by environment, as rclone takes them; the credentials of real ones come the same way.
  const environment = { RCLONE_CONFIG_FIRST_TYPE: 'local', RCLONE_CONFIG_SECOND_TYPE: 'local' }
  return syncStorage.syncStorage(
    syncStorage.Options.parse({ ...options, aside: `second:${aside}`, environment, ...extra }),
  )
}

describe('storage between two remotes', () => {
  it('copies what is missing or different, measures the lag before, and puts back what it replaced', async () => {
    const s = realScene()
    const before = await stageOf().verify(s.context('sync-storage'))
    expect(before.outcome).toBe('not_done')
    expect(before.detail).toMatch(/30 objects .* the oldest of them (89|9\d) s old/)
    expect(await s.carryOut(stageOf({ bandwidth: '10M' }))).toMatchObject({ outcome: 'done' })
    expect(readFileSync(join(to, 'object-3'), 'utf8')).toBe('content 3')
    expect(readdirSync(to)).toHaveLength(30)
    await s.undo(stageOf())
    expect(readFileSync(join(to, 'object-3'), 'utf8')).toBe('older 3')
  })

  it('holds to its bandwidth', async () => {
    writeFileSync(join(from, 'large'), Buffer.alloc(3_000_000, 1))
    const began = process.hrtime.bigint()
    await realScene().carryOut(stageOf({ bandwidth: '1M' }))
    expect(Number(process.hrtime.bigint() - began) / 1e9).toBeGreaterThan(1.5)
  })

  it('never copies from a source that was emptied', async () => {
    for (let number = 0; number < 25; number++) rmSync(join(from, `object-${number}`))
    const s = realScene()
    await expect(s.carryOut(stageOf({ mode: 'sync' }))).rejects.toMatchObject({ details: { reason: 'source_emptied' } })
    expect(readdirSync(to)).toHaveLength(20)
  })

  it('removes what the source does not have only in sync, and only to somewhere', async () => {
    writeFileSync(join(to, 'stray'), 'old')
    await realScene().carryOut(stageOf())
    expect(readdirSync(to)).toContain('stray')
    const s = realScene()
    await expect(s.carryOut(stageOf({ mode: 'sync', aside: undefined }))).rejects.toThrow(/say where they go/)
    await s.carryOut(stageOf({ mode: 'sync' }))
    expect(readdirSync(to)).not.toContain('stray')
    await s.undo(stageOf({ mode: 'sync' }))
    expect(readdirSync(to)).toContain('stray')
  })

  it('says which program failed and why', async () => {
    const wrong = stageOf({ from: 'nowhere:files' })
    await expect(realScene().carryOut(wrong)).rejects.toThrow(/rclone ended with 1: .*didn't find section/)
    const missing = stageOf({ program: 'rclone-that-is-not-there' })
    await expect(realScene().carryOut(missing)).rejects.toThrow(/cannot be started \(ENOENT\)/)
  })
})
