import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as switchDns from '../../actions/switch-dns.ts'
import { type DnsPart, realPorts, realScene, startResolver, startZone } from './failover-servers.ts'
import { type Part, removeFolder, scratchFolder } from './servers.ts'

const OLD = '192.0.2.10'
const NEW = '198.51.100.20'

const folder = scratchFolder('dns')
let zone: DnsPart
let staleZone: DnsPart
let resolver: Part & { server: string }
let staleResolver: Part & { server: string }

beforeAll(async () => {
  execFileSync('chmod', ['777', folder])
  zone = await startZone(folder, OLD)
  staleZone = await startZone(folder, OLD)
  resolver = await startResolver(folder, zone.port)
  staleResolver = await startResolver(folder, staleZone.port)
})

afterAll(async () => {
  for (const part of [zone, staleZone, resolver, staleResolver]) await part?.stop()
  removeFolder(folder)
})

function stageOf({ to = NEW, from = OLD, name = 'app.example.test', key = {}, resolvers = [resolver.server] } = {}) {
  return switchDns.switchDns(
    switchDns.Options.parse({
      stage: 'switch-dns',
      timeoutSeconds: 30,
      via: { provider: 'rfc2136', server: zone.server, zone: 'example.test', key: { ...zone.key, ...key } },
      records: [{ name, type: 'A', from: [from], to: [to], ttlSeconds: 2 }],
      resolvers,
    }),
  )
}

/** What a user's machine would get, by another program than ours. */
function dig(port: number, type = 'A', name = 'app.example.test'): string {
  return execFileSync('dig', ['@127.0.0.1', '-p', String(port), '+short', name, type], { encoding: 'utf8' }).trim()
}

describe('DNS switch on a real server', () => {
  it('changes the record, waits for caches to expire, and changes it back', async () => {
    expect(dig(resolver.port)).toBe(OLD)
    const s = realScene()
    const check = await s.carryOut(stageOf())
    expect(check).toMatchObject({ outcome: 'done' })
    expect(dig(resolver.port)).toBe(NEW)
    expect(dig(zone.port, 'TXT', '_failwise.app.example.test')).toBe('"failwise-generation=3"')
    const effects = s.effects.length
    expect(await s.carryOut(stageOf())).toMatchObject({ outcome: 'done' })
    expect(s.effects.length).toBe(effects)
    await s.undo(stageOf())
    expect(dig(zone.port)).toBe(OLD)
  })

  it('refuses an older generation, also when it read before the newer one wrote', async () => {
    await realScene().carryOut(stageOf(), 'switch-dns', { run: { generation: 8 } })
    const older = realScene({ run: { generation: 7 } })
    await expect(older.carryOut(stageOf({ from: NEW, to: OLD }))).rejects.toMatchObject({
      details: { reason: 'older_generation' },
    })
    // It reads the old generation, then the newer one writes, then its own update arrives: the server itself refuses.
    const stage = stageOf({ from: NEW, to: OLD })
    let wasOvertaken = false
    const racing = realScene({
      run: { generation: 9 },
      write: {
        ...realPorts.write,
        exchangeDns: async (server, message, abort) => {
          if (!wasOvertaken) {
            wasOvertaken = true
            const newer = stageOf({ from: NEW, to: '203.0.113.7' })
            const s = realScene({ run: { generation: 10 } })
            await newer.apply(s.context('switch-dns'))
          }
          return realPorts.write.exchangeDns(server, message, abort)
        },
      },
    })
    await expect(racing.carryOut(stage)).rejects.toMatchObject({ details: { reason: 'older_generation' } })
    expect(dig(zone.port)).toBe('203.0.113.7')
    await realScene({ run: { generation: 11 } }).carryOut(stageOf({ from: '203.0.113.7', to: OLD }))
  })

  it('does not believe a server that accepts and does not serve', async () => {
    const s = realScene({ run: { generation: 12 } })
    const stage = stageOf({ resolvers: [resolver.server, staleResolver.server] })
    const ctx = s.context('switch-dns')
    await stage.apply(ctx)
    const deadline = Date.now() + 4000
    let check = await stage.verify(ctx)
    while (Date.now() < deadline) check = await stage.verify(ctx)
    expect(check).toMatchObject({ outcome: 'unclear', detail: expect.stringContaining(staleResolver.server) })
    await s.undo(stage, 'switch-dns', { run: { generation: 12 } })
    expect(dig(zone.port)).toBe(OLD)
  })

  it('touches nothing that is not what the plan says', async () => {
    const s = realScene({ run: { generation: 13 } })
    await expect(s.carryOut(stageOf({ from: '192.0.2.99' }))).rejects.toThrow(/the plan expects 192.0.2.99/)
    expect(s.effects).toEqual([])
  })

  it('says what is wrong with keys and permissions', async () => {
    const s = realScene({ run: { generation: 14 } })
    const wrongSecret = { secret: Buffer.from('another secret of enough bytes..').toString('base64') }
    await expect(s.carryOut(stageOf({ key: wrongSecret }))).rejects.toThrow(/BADSIG|without a signature/)
    await expect(s.carryOut(stageOf({ key: { name: 'nobody' } }))).rejects.toThrow(/BADKEY|without a signature/)
    await expect(s.carryOut(stageOf({ name: 'other.example.test' }))).rejects.toThrow(/REFUSED/)
    expect(dig(zone.port)).toBe(OLD)
  })

  it('writes nothing in a rehearsal', async () => {
    const s = realScene({ run: { isDryRun: true, generation: 15 }, write: {} as never })
    const ctx = s.context('switch-dns')
    await stageOf().identify?.(ctx)
    await stageOf().apply(ctx)
    expect(s.effects.join()).toContain('point app.example.test')
    expect(dig(zone.port)).toBe(OLD)
  })
})
