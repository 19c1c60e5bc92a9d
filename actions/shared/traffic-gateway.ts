import { z } from 'zod'
import { Fault } from '../../agent/lib/errors.ts'
import type { WritePorts } from '../ports.ts'
import type { StageContext } from '../stage.ts'
import { GENERATION_ANNOTATION, KubernetesName, kubernetesAnswer, kubernetesHeaders } from './kubernetes.ts'
import { makeSureReady, refuseOlderTurn, sharedServices } from './kubernetes-traffic.ts'
import { patiently } from './patience.ts'
import type { TrafficLever } from './traffic-lever.ts'

/** Weights of two services in one rule of an HTTPRoute (Gateway API). */
export const GatewayLever = z.strictObject({
  by: z.literal('gateway'),
  ...sharedServices,
  route: KubernetesName,
  /** Which rule of the route, counted from 0. */
  rule: z.number().int().min(0).default(0),
})
export type GatewayLever = z.infer<typeof GatewayLever>

const Backend = z.looseObject({ name: z.string(), weight: z.number().int().min(0).optional() })
const Condition = z.object({ type: z.string(), status: z.string(), observedGeneration: z.number().default(0) })
const Route = z.object({
  metadata: z.object({
    resourceVersion: z.string(),
    generation: z.number(),
    annotations: z.record(z.string(), z.string()).nullish(),
  }),
  spec: z.object({ rules: z.array(z.looseObject({ backendRefs: z.array(Backend).default([]) })).default([]) }),
  status: z
    .object({ parents: z.array(z.object({ conditions: z.array(Condition).default([]) })).default([]) })
    .prefault({}),
})
type Route = z.infer<typeof Route>

const LOOK_EVERY_MS = 500

/** Turns both weights in one patch that holds the version which was read, so that the API server refuses whoever was slower. */
export function gatewayLever(options: GatewayLever): TrafficLever {
  const { api, namespace, route, rule, from, to } = options
  const root = api.replace(/\/+$/, '')
  const url = `${root}/apis/gateway.networking.k8s.io/v1/namespaces/${namespace}/httproutes/${route}`
  const place = `HTTPRoute ${namespace}/${route} at ${new URL(api).host}`
  const headers = kubernetesHeaders(options)

  const readRoute = (ctx: StageContext) =>
    patiently(ctx, async () => kubernetesAnswer(Route, await ctx.read.httpGet({ url, headers }, ctx.abort), place))
  const sides = ({ spec }: Route) => {
    const backends = spec.rules[rule]?.backendRefs ?? []
    const [source, target] = [from, to].map((name) => backends.filter((one) => one.name === name))
    if (source?.length !== 1 || target?.length !== 1)
      throw new Fault('conflict', `rule ${rule} of ${place} does not name ${from} and ${to} once each`)
    return { backends, source: source[0]!, target: target[0]! }
  }
  const shareIn = (seen: Route) => {
    const { source, target } = sides(seen)
    // A backend without a weight has 1.
    const [lost, gained] = [source.weight ?? 1, target.weight ?? 1]
    return lost + gained === 0 ? 0 : Math.round((100 * gained) / (lost + gained))
  }
  /** The gateway serves a route once its controller has seen this very version of it. */
  const untilServed = async (ctx: StageContext) => {
    for (;;) {
      const { metadata, status } = await readRoute(ctx)
      const accepted = status.parents.map(({ conditions }) => conditions.find(({ type }) => type === 'Accepted'))
      const seen = accepted.filter((one) => one !== undefined && one.observedGeneration >= metadata.generation)
      if (seen.some((one) => one?.status === 'False'))
        throw new Fault('stage_failed', `the gateway does not accept ${place}`)
      if (accepted.length > 0 && seen.length === accepted.length) return
      await ctx.clock.sleep(LOOK_EVERY_MS, ctx.abort)
    }
  }
  return {
    fencing: 'fenced',
    describe: `weights of ${to} against ${from} in rule ${rule} of ${place}`,
    read: async (ctx) => shareIn(await readRoute(ctx)),
    set: async (ctx, write, percent) => {
      if (!Number.isInteger(percent)) throw new Fault('usage', `weights cannot hold a share of ${percent} %`)
      await makeSureReady(percent > 0 ? to : from, options, ctx)
      const seen = await readRoute(ctx)
      refuseOlderTurn(seen.metadata.annotations, place, ctx)
      const { backends } = sides(seen)
      const weighed = backends.map((one) =>
        one.name === to ? { ...one, weight: percent } : one.name === from ? { ...one, weight: 100 - percent } : one,
      )
      const rules = seen.spec.rules.map((one, index) => (index === rule ? { ...one, backendRefs: weighed } : one))
      await patch(write, { url, headers, place }, seen, rules, ctx)
      await untilServed(ctx)
    },
  }
}

async function patch(
  write: WritePorts,
  at: { readonly url: string; readonly headers: Readonly<Record<string, string>>; readonly place: string },
  { metadata: { resourceVersion } }: Route,
  rules: Route['spec']['rules'],
  ctx: StageContext,
): Promise<void> {
  const annotations = { [GENERATION_ANNOTATION]: String(ctx.run.generation) }
  const body = JSON.stringify({ metadata: { resourceVersion, annotations }, spec: { rules } })
  const headers = { ...at.headers, 'content-type': 'application/merge-patch+json' }
  const response = await write.http({ method: 'PATCH', url: at.url, headers, body }, ctx.abort)
  kubernetesAnswer(z.looseObject({}), response, at.place)
}
