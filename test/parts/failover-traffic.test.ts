import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { haproxyAt } from '../../actions/shared/haproxy.ts'
import { HaproxyLever, haproxyLever } from '../../actions/shared/traffic-haproxy.ts'
import {
  type HaproxyPart,
  realPorts,
  realScene,
  type SmallService,
  startHaproxy,
  startService,
} from './failover-servers.ts'
import { removeFolder, scratchFolder, waitUntil } from './servers.ts'

const folder = scratchFolder('haproxy')
const stops: (() => Promise<void>)[] = []
let services: SmallService[]
let proxy: HaproxyPart

beforeEach(async () => {
  for (const stop of stops.splice(0)) await stop()
  services = await Promise.all([1, 2, 3].map(() => startService(async () => ({ status: 200, body: '{}' }))))
  proxy = await startHaproxy(
    folder,
    services.map(({ port }) => port),
  )
  stops.push(...services.map(({ stop }) => stop), proxy.stop)
  await waitUntil(async () => (await fetch(proxy.url)).status === 200, 5000, 'nothing is healthy')
})

afterAll(async () => {
  for (const stop of stops) await stop()
  removeFolder(folder)
})

function leverOf(extra: object = {}) {
  const base = { by: 'haproxy', socket: { path: proxy.socket }, backend: 'app', from: ['r1'], to: ['r2'] }
  return haproxyLever(HaproxyLever.parse({ ...base, ...extra }))
}

async function load(requests: number): Promise<{ counts: number[]; failures: number }> {
  for (const service of services) service.asked.length = 0
  let failures = 0
  for (let n = 0; n < requests; n++) {
    const response = await fetch(proxy.url).catch(() => null)
    if (response?.status !== 200) failures += 1
    await response?.text()
  }
  return { counts: services.map(({ asked }) => asked.length), failures }
}

async function turn(lever: ReturnType<typeof leverOf>, percent: number, run: { generation?: number } = {}) {
  const ctx = realScene({ run }).context('shift-traffic')
  await ctx.effect('turn', (write) => lever.set(ctx, write, percent))
  return lever.read(ctx)
}

describe('HAProxy weights', () => {
  it('sends exactly the wanted share of requests at every step, and loses none', async () => {
    const lever = leverOf()
    for (const percent of [10, 20, 50, 90, 100, 0]) {
      expect(await turn(lever, percent)).toBe(percent)
      const { counts, failures } = await load(100)
      expect(failures).toBe(0)
      expect(Math.abs((counts[1] ?? 0) - percent)).toBeLessThanOrEqual(1)
    }
  })

  it('holds shares of sides of different sizes', async () => {
    const lever = leverOf({ from: ['r1'], to: ['r2', 'r3'] })
    for (const percent of [10, 30, 70, 100]) expect(await turn(lever, percent)).toBe(percent)
    const { counts } = await load(100)
    expect(counts[0]).toBe(0)
  })

  it('never takes users from one side while nobody healthy is on the other', async () => {
    services[1]?.setHealthy(false)
    const health = haproxyAt({ path: proxy.socket }, realPorts.read.askSocket, AbortSignal.timeout(10_000))
    const isDown = async () => (await health.servers('app')).find(({ name }) => name === 'r2')?.isUp === false
    await waitUntil(isDown, 5000, 'the check sees nothing')
    await expect(turn(leverOf(), 100)).rejects.toMatchObject({ details: { reason: 'no_healthy_target' } })
    const { counts, failures } = await load(20)
    expect(failures).toBe(0)
    expect(counts[0]).toBe(20)
  })

  it('puts an emptied side into maintenance and takes it out again', async () => {
    const lever = leverOf({ emptied: 'maint' })
    await turn(lever, 100)
    const haproxy = haproxyAt({ path: proxy.socket }, realPorts.read.askSocket, AbortSignal.timeout(10_000))
    expect((await haproxy.servers('app')).find(({ name }) => name === 'r1')?.mode).toBe('maint')
    expect(await turn(lever, 0)).toBe(0)
    const servers = await haproxy.servers('app')
    expect(servers.map(({ mode }) => mode)).toEqual(['ready', 'maint', 'ready'])
    expect((await load(10)).counts[0]).toBe(10)
  })

  it('refuses an older generation', async () => {
    await turn(leverOf(), 30, { generation: 5 })
    await expect(turn(leverOf(), 100, { generation: 4 })).rejects.toMatchObject({
      details: { reason: 'older_generation' },
    })
    expect(await turn(leverOf(), 30, { generation: 5 })).toBe(30)
  })

  it('stops when somebody else turns a weight meanwhile', async () => {
    let asked = 0
    const scene = realScene({
      write: {
        ...realPorts.write,
        tellSocket: async (address, text, abort) => {
          asked += 1
          const answer = await realPorts.write.tellSocket(address, text, abort)
          if (asked === 1) await realPorts.write.tellSocket(address, 'set server app/r1 weight 77\n', abort)
          return answer
        },
      },
    })
    const ctx = scene.context('shift-traffic')
    const lever = leverOf()
    await expect(ctx.effect('turn', (write) => lever.set(ctx, write, 50))).rejects.toMatchObject({
      details: { reason: 'changed_meanwhile' },
    })
  })

  it('says where it stands when the socket goes away halfway, and users keep being served', async () => {
    let told = 0
    const scene = realScene({
      write: {
        ...realPorts.write,
        tellSocket: (address, text, abort) => {
          told += text.startsWith('set server') ? 1 : 0
          const gone = { path: `${proxy.socket}.gone` }
          return realPorts.write.tellSocket(told > 1 ? gone : address, text, abort)
        },
      },
    })
    const ctx = scene.context('shift-traffic')
    const lever = leverOf()
    await expect(ctx.effect('turn', (write) => lever.set(ctx, write, 60))).rejects.toMatchObject({
      code: 'upstream_unreachable',
    })
    // The target was raised, the source not yet lowered: 60 against 100.
    expect(await lever.read(ctx)).toBe(38)
    expect((await load(20)).failures).toBe(0)
    expect(await turn(lever, 0)).toBe(0)
  })

  it('names servers that are not there, and takes no second command for a name', async () => {
    const ctx = realScene().context('shift-traffic')
    await expect(leverOf({ to: ['r9'] }).read(ctx)).rejects.toThrow(/has no server "r9"/)
    await expect(leverOf({ backend: 'nope' }).read(ctx)).rejects.toThrow(/knows no backend "nope"/)
    expect(
      HaproxyLever.safeParse({ by: 'haproxy', socket: { path: 'x' }, backend: 'b; shutdown', from: ['a'], to: ['b'] })
        .success,
    ).toBe(false)
  })
})
