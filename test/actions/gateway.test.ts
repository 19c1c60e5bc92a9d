import { describe, expect, it } from 'vitest'
import { GatewayLever, gatewayLever } from '../../actions/shared/traffic-gateway.ts'
import { type GatewayWorld, gatewayWorld } from '../fakes/worlds/gateway.ts'
import { scene } from './scene.ts'

const OPTIONS = GatewayLever.parse({
  ...{ by: 'gateway', api: 'https://kube.example:6443', bearerToken: 'kube-token-of-tests', namespace: 'prod' },
  ...{ route: 'shop', rule: 1, from: 'shop-main', to: 'shop-dr' },
})

function leverOn(world: GatewayWorld, options = OPTIONS) {
  const lever = gatewayLever(options)
  const context = (generation: number) =>
    scene({ read: world.read, write: world.write, run: { generation } }).context('shift-traffic')
  return {
    lever,
    turn: async (percent: number, generation = 3) => {
      const ctx = context(generation)
      await ctx.effect('turn', (write) => lever.set(ctx, write, percent))
      return lever.read(ctx)
    },
    read: () => lever.read(context(3)),
  }
}

describe('weights of a Gateway API route', () => {
  it('go up step by step and back, and everything else of the route stays', async () => {
    const world = gatewayWorld()
    const before = structuredClone(world.snapshot()) as { filters?: unknown; backendRefs: object[] }[]
    const { turn, read } = leverOn(world)
    expect(await read()).toBe(0)
    for (const percent of [10, 50, 100]) {
      expect(await turn(percent)).toBe(percent)
      expect(world.weights()).toEqual({ 'shop-main': 100 - percent, 'shop-dr': percent })
    }
    expect(await turn(0)).toBe(0)
    expect(world.snapshot()).toEqual(before)
  })

  it('refuse an older generation, and whoever read before somebody else wrote', async () => {
    const world = gatewayWorld()
    const { turn } = leverOn(world)
    expect(await turn(30, 5)).toBe(30)
    await expect(turn(100, 4)).rejects.toMatchObject({ details: { reason: 'older_generation' } })
    const { http } = world.write
    const late = leverOn({
      ...world,
      write: {
        http: (request, abort) => {
          world.meddle()
          return http!(request, abort)
        },
      },
    })
    await expect(late.turn(60, 5)).rejects.toMatchObject({ details: { reason: 'changed_meanwhile' } })
    expect(world.weights()).toEqual({ 'shop-main': 70, 'shop-dr': 30 })
  })

  it('send nobody to a service without anybody ready, and nobody back to one either', async () => {
    const world = gatewayWorld()
    const { turn } = leverOn(world)
    world.ready.delete('shop-dr')
    await expect(turn(10)).rejects.toThrow('nobody is ready behind prod/shop-dr')
    expect(world.mutations).toEqual([])
    world.ready.add('shop-dr')
    await turn(100)
    world.ready.delete('shop-main')
    await expect(turn(0)).rejects.toThrow('nobody is ready behind prod/shop-main')
    expect(world.weights()).toEqual({ 'shop-main': 0, 'shop-dr': 100 })
  })

  it('have moved when the gateway has taken the change in, not when the API server has', async () => {
    const world = gatewayWorld()
    const refused = leverOn(world)
    world.refusesRoutes = true
    await expect(refused.turn(10)).rejects.toThrow('the gateway does not accept')
  })

  it('name a route or a rule that is not what the plan says', async () => {
    const world = gatewayWorld()
    await expect(leverOn(world, { ...OPTIONS, rule: 0 }).read()).rejects.toThrow('does not name shop-main and shop-dr')
    await expect(leverOn(world, { ...OPTIONS, route: 'shopp' }).read()).rejects.toThrow(
      'there is no HTTPRoute prod/shopp',
    )
    await expect(leverOn(world, { ...OPTIONS, bearerToken: 'wrong' }).read()).rejects.toThrow('refuses the token')
  })
})
