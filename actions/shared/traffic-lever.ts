import { z } from 'zod'
import { Fault } from '../../agent/lib/errors.ts'
import type { WritePorts } from '../ports.ts'
import type { StageContext } from '../stage.ts'
import { GatewayLever, gatewayLever } from './traffic-gateway.ts'
import { HaproxyLever, haproxyLever } from './traffic-haproxy.ts'
import { IngressLever, ingressLever } from './traffic-ingress.ts'
import { Route53Lever, route53Lever } from './traffic-route53.ts'

/** Something that says which share of the users goes to the target. */
export interface TrafficLever {
  readonly fencing: 'fenced' | 'unfenced'
  /** What is turned, in words. */
  readonly describe: string
  /** Throws when it is not what the plan thinks it is. */
  identify?(ctx: StageContext): Promise<void>
  /** The share that goes to the target now, in percent, as the thing itself says. */
  read(ctx: StageContext): Promise<number>
  /** Turns it. At least one healthy target must be on afterwards; a lever that sees none throws instead. */
  set(ctx: StageContext, write: WritePorts, percent: number): Promise<void>
}

/** A service of yours that holds the share: GET answers `{"percent": 30}`, PUT takes it. */
const HttpLever = z.strictObject({
  by: z.literal('http'),
  url: z.url({ protocol: /^https?$/ }),
  headers: z.record(z.string(), z.string()).default({}),
  /** It refuses an `x-failwise-generation` that is older than one it has seen. */
  fenced: z.boolean().default(false),
})

export const LeverOptions = z.discriminatedUnion('by', [
  GatewayLever,
  HaproxyLever,
  HttpLever,
  IngressLever,
  Route53Lever,
])
export type LeverOptions = z.infer<typeof LeverOptions>

const Share = z.object({ percent: z.number().min(0).max(100) })

/** The lever of a plan. */
export function trafficLever(options: LeverOptions): TrafficLever {
  switch (options.by) {
    case 'gateway':
      return gatewayLever(options)
    case 'haproxy':
      return haproxyLever(options)
    case 'http':
      return httpLever(options)
    case 'ingress':
      return ingressLever(options)
    case 'route53':
      return route53Lever(options)
  }
}

function httpLever({ url, headers, fenced }: z.infer<typeof HttpLever>): TrafficLever {
  const { host, pathname } = new URL(url)
  return {
    fencing: fenced ? 'fenced' : 'unfenced',
    describe: `the share at ${host}${pathname}`,
    read: async (ctx) => {
      const { status, body } = await ctx.read.httpGet({ url, headers }, ctx.abort)
      if (status !== 200) throw new Fault('upstream_refused', `${host} answers ${status}`)
      return percentIn(body, host)
    },
    set: async (ctx, write, percent) => {
      const sent = { ...headers, 'content-type': 'application/json', 'x-failwise-generation': `${ctx.run.generation}` }
      const body = JSON.stringify({ percent })
      const { status } = await write.http({ method: 'PUT', url, headers: sent, body }, ctx.abort)
      if (status < 200 || status > 299)
        throw new Fault('upstream_refused', `${host} answered ${status} to ${percent} %`)
    },
  }
}

function percentIn(body: string, host: string): number {
  try {
    return Share.parse(JSON.parse(body)).percent
  } catch (cause) {
    throw new Fault('upstream_malformed', `${host} does not answer {"percent": …}`, { cause })
  }
}
