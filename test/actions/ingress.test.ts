import { describe, expect, it } from 'vitest'
import { IngressLever, ingressLever } from '../../actions/shared/traffic-ingress.ts'
import { type IngressWorld, ingressWorld } from '../fakes/worlds/ingress.ts'
import { scene } from './scene.ts'

const OPTIONS = IngressLever.parse({
  ...{ by: 'ingress', api: 'https://kube.example:6443', bearerToken: 'kube-token-of-tests', namespace: 'prod' },
  ...{ canary: 'shop-canary', from: 'shop-main', to: 'shop-dr' },
})
const PREFIX = 'nginx.ingress.kubernetes.io'
const WEIGHT = `${PREFIX}/canary-weight`

function leverOn(world: IngressWorld, options = OPTIONS) {
  const lever = ingressLever(options)
  const context = (generation: number) =>
    scene({ read: world.read, write: world.write, run: { generation } }).context('shift-traffic')
  return {
    turn: async (percent: number, generation = 3) => {
      const ctx = context(generation)
      await ctx.effect('turn', (write) => lever.set(ctx, write, percent))
      return lever.read(ctx)
    },
    read: () => lever.read(context(3)),
  }
}

describe('the weight of a canary Ingress', () => {
  it('goes up step by step and back, and every other annotation stays', async () => {
    const world = ingressWorld()
    const { 'failwise.io/generation': _none, ...before } = world.snapshot() as Record<string, string>
    const { turn, read } = leverOn(world)
    expect(await read()).toBe(0)
    for (const percent of [10, 50, 100]) {
      expect(await turn(percent)).toBe(percent)
      expect(world.annotations[WEIGHT]).toBe(String(percent))
    }
    expect(await turn(0)).toBe(0)
    const { 'failwise.io/generation': generation, ...after } = world.annotations
    expect(after).toEqual(before)
    expect(generation).toBe('3')
  })

  it('is a share of the total that stands beside it', async () => {
    const world = ingressWorld()
    world.annotations[`${PREFIX}/canary-weight-total`] = '40'
    const { turn } = leverOn(world)
    expect(await turn(25)).toBe(25)
    expect(world.annotations[WEIGHT]).toBe('10')
    await expect(turn(33)).rejects.toThrow('cannot hold a share of 33 %')
    expect(world.annotations[WEIGHT]).toBe('10')
  })

  it('refuses an older generation, and whoever read before somebody else wrote', async () => {
    const world = ingressWorld()
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
    expect(world.annotations[WEIGHT]).toBe('30')
  })

  it('sends nobody to a service without anybody ready, and nobody back to one either', async () => {
    const world = ingressWorld()
    const { turn } = leverOn(world)
    world.ready.delete('shop-dr')
    await expect(turn(10)).rejects.toThrow('nobody is ready behind prod/shop-dr')
    expect(world.mutations).toEqual([])
    world.ready.add('shop-dr')
    await turn(100)
    world.ready.delete('shop-main')
    await expect(turn(0)).rejects.toThrow('nobody is ready behind prod/shop-main')
    expect(world.annotations[WEIGHT]).toBe('100')
  })

  it('is left alone where the Ingress is not what the plan says', async () => {
    const world = ingressWorld()
    const { read, turn } = leverOn(world)
    world.leadsTo = 'shop-main'
    await expect(turn(10)).rejects.toThrow('leads to shop-main, and the plan means shop-dr')
    world.leadsTo = 'shop-dr'
    world.annotations[`${PREFIX}/canary-by-header`] = 'x-canary'
    await expect(read()).rejects.toThrow('goes before any weight')
    delete world.annotations[`${PREFIX}/canary-by-header`]
    world.annotations[WEIGHT] = 'ten'
    await expect(read()).rejects.toThrow('has a weight of "ten"')
    world.annotations[`${PREFIX}/canary`] = 'false'
    await expect(read()).rejects.toThrow('is not a canary')
    await expect(leverOn(world, { ...OPTIONS, canary: 'shop' }).read()).rejects.toThrow('there is no Ingress prod/shop')
    expect(world.mutations).toEqual([])
  })
})
