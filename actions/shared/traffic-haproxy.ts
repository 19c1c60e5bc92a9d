import { z } from 'zod'
import { Fault } from '../../agent/lib/errors.ts'
import type { SocketAddress, WritePorts } from '../ports.ts'
import type { StageContext } from '../stage.ts'
import { type Haproxy, type HaproxyServer, haproxyAt, takesUsers } from './haproxy.ts'
import type { TrafficLever } from './traffic-lever.ts'

const Name = z.string().regex(/^[A-Za-z0-9_.:-]+$/, 'expected a name as it stands in haproxy.cfg')

/** Weights of a HAProxy backend, by its runtime API. */
export const HaproxyLever = z.strictObject({
  by: z.literal('haproxy'),
  /** The stats socket with level admin: a path, or a host and port. */
  socket: z.union([
    z.strictObject({ path: z.string().min(1) }),
    z.strictObject({ host: z.string().min(1), port: z.number().int().min(1).max(65_535) }),
  ]),
  backend: Name,
  /** Servers of the source and of the target. */
  from: z.array(Name).min(1),
  to: z.array(Name).min(1),
  /** What becomes of a side that gets no users: weight 0 only, or drained or in maintenance as well. */
  emptied: z.enum(['weight', 'drain', 'maint']).default('weight'),
})
export type HaproxyLever = z.infer<typeof HaproxyLever>

const GENERATION_VARIABLE = 'failwise_generation'
const MAX_WEIGHT = 256

/** Raises before it lowers, and looks before each command: neither an unhealthy side nor no side is ever left with the users. */
export function haproxyLever(options: HaproxyLever): TrafficLever {
  const { backend, from, to } = options
  const described = `weights of ${to.join(', ')} against ${from.join(', ')} in HAProxy backend ${backend} at ${placeOf(options.socket)}`
  const looking = (ctx: StageContext) => haproxyAt(options.socket, ctx.read.askSocket, ctx.abort)
  return {
    // A weight cannot be set on condition of a variable: older generations are refused, but not in the same moment.
    fencing: 'unfenced',
    describe: described,
    async identify(ctx) {
      const servers = await sidesOf(looking(ctx), options)
      const off = servers.to.filter(({ mode }) => mode !== 'ready')
      if (off.length > 0 && options.emptied === 'weight')
        throw new Fault(
          'conflict',
          `${off.map(({ name, mode }) => `${name} is in ${mode}`).join(', ')}: somebody took it out`,
          {
            hint: 'put it back (state ready) before users are sent there',
          },
        )
    },
    read: async (ctx) => percentOf(await sidesOf(looking(ctx), options)),
    set: (ctx, write, percent) => turn(options, ctx, write, percent),
  }
}

function placeOf(address: SocketAddress): string {
  return 'path' in address ? address.path : `${address.host}:${address.port}`
}

interface Sides {
  readonly from: readonly HaproxyServer[]
  readonly to: readonly HaproxyServer[]
}

async function sidesOf(haproxy: Haproxy, { backend, from, to }: HaproxyLever): Promise<Sides> {
  const servers = await haproxy.servers(backend)
  const find = (name: string) => {
    const server = servers.find((one) => one.name === name)
    if (!server)
      throw new Fault('conflict', `HAProxy backend ${backend} has no server "${name}"`, {
        hint: `it has ${servers.map((one) => one.name).join(', ') || 'none'}`,
      })
    return server
  }
  return { from: from.map(find), to: to.map(find) }
}

function percentOf({ from, to }: Sides): number {
  const weightOf = (side: readonly HaproxyServer[]) =>
    side.reduce((sum, { weight, mode }) => sum + (mode === 'ready' ? weight : 0), 0)
  const [source, target] = [weightOf(from), weightOf(to)]
  return source + target === 0 ? 0 : Math.round((100 * target) / (source + target))
}

/** The weight of each server of both sides, so that the target gets this share of the requests. */
export function weightsFor(percent: number, sources: number, targets: number): { from: number; to: number } {
  const [from, to] = [(100 - percent) * targets, percent * sources]
  const scale = Math.max(from, to) > MAX_WEIGHT ? MAX_WEIGHT / Math.max(from, to) : 1
  // A side that shall get some must not be rounded down to nothing.
  const rounded = (weight: number) => (weight === 0 ? 0 : Math.max(1, Math.round(weight * scale)))
  return { from: rounded(from), to: rounded(to) }
}

async function turn(options: HaproxyLever, ctx: StageContext, write: WritePorts, percent: number): Promise<void> {
  if (!Number.isInteger(percent)) throw new Fault('usage', `HAProxy's weights cannot hold a share of ${percent} %`)
  const haproxy = haproxyAt(options.socket, write.tellSocket, ctx.abort)
  const sides = await sidesOf(haproxy, options)
  const wanted = weightsFor(percent, options.from.length, options.to.length)
  const generation = await haproxy.readGeneration(GENERATION_VARIABLE)
  if (generation !== null && generation > ctx.run.generation)
    throw new Fault('conflict', `a newer run or takeover has already turned HAProxy backend ${options.backend}`, {
      details: { reason: 'older_generation' },
    })
  await haproxy.writeGeneration(GENERATION_VARIABLE, ctx.run.generation)
  const isToRising = percent >= percentOf(sides)
  const order = isToRising ? (['to', 'from'] as const) : (['from', 'to'] as const)
  let seen = sides
  for (const side of order) {
    const now = await sidesOf(haproxy, options)
    refuseStrangers(seen, now)
    if (side !== order[0]) refuseEmpty(now[order[0]], options)
    for (const server of now[side]) await setServer(haproxy, options, server, wanted[side])
    seen = await sidesOf(haproxy, options)
  }
  if (![...seen.from, ...seen.to].some(takesUsers))
    throw new Fault('stage_failed', `no server of HAProxy backend ${options.backend} takes users`)
}

async function setServer(
  haproxy: Haproxy,
  options: HaproxyLever,
  server: HaproxyServer,
  weight: number,
): Promise<void> {
  const { backend, emptied } = options
  if (server.weight !== weight) await haproxy.setWeight(backend, server.name, weight)
  const mode = weight === 0 && emptied !== 'weight' ? emptied : emptied === 'weight' ? server.mode : 'ready'
  if (server.mode !== mode) await haproxy.setMode(backend, server.name, mode)
}

/** Before users are taken from one side, the other one must have somebody to serve them. */
function refuseEmpty(rising: readonly HaproxyServer[], { backend }: HaproxyLever): void {
  if (rising.some(takesUsers)) return
  const told = rising.map(
    ({ name, isUp, mode, weight }) => `${name} ${isUp ? 'up' : 'down'}, ${mode}, weight ${weight}`,
  )
  throw new Fault('conflict', `nobody would serve the users of HAProxy backend ${backend}: ${told.join('; ')}`, {
    details: { reason: 'no_healthy_target' },
    hint: 'nothing was taken from the other side',
  })
}

/** Throws when somebody else turned a weight or a state since the last look. */
function refuseStrangers(before: Sides, now: Sides): void {
  const told = (sides: Sides) =>
    [...sides.from, ...sides.to].map(({ name, weight, mode }) => `${name} ${weight} ${mode}`)
  const [old, current] = [told(before), told(now)]
  const changed = current.filter((text, index) => text !== old[index])
  if (changed.length > 0)
    throw new Fault('conflict', `somebody else changed ${changed.join(', ')} meanwhile`, {
      details: { reason: 'changed_meanwhile' },
    })
}
