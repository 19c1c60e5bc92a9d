import { z } from 'zod'
import { Fault } from '../../agent/lib/errors.ts'
import type { StageContext } from '../stage.ts'
import { GENERATION_ANNOTATION, KubernetesName, kubernetesAnswer, kubernetesHeaders } from './kubernetes.ts'
import { makeSureReady, refuseOlderTurn, sharedServices } from './kubernetes-traffic.ts'
import { patiently } from './patience.ts'
import type { TrafficLever } from './traffic-lever.ts'

/** The weight of a canary Ingress of ingress-nginx, which takes its share of the users from the Ingress of the same host and path. */
export const IngressLever = z.strictObject({
  by: z.literal('ingress'),
  ...sharedServices,
  /** The Ingress that is marked as canary and leads to `to`. */
  canary: KubernetesName,
})
export type IngressLever = z.infer<typeof IngressLever>

// https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#canary
const PREFIX = 'nginx.ingress.kubernetes.io'
const CANARY = `${PREFIX}/canary`
const WEIGHT = `${PREFIX}/canary-weight`
const TOTAL = `${PREFIX}/canary-weight-total`
/** They go before the weight: who sends them is not moved by it. */
const BY_HAND = [`${PREFIX}/canary-by-header`, `${PREFIX}/canary-by-cookie`]

const Backend = z.object({ service: z.object({ name: z.string() }).nullish() })
const Ingress = z.object({
  metadata: z.object({ resourceVersion: z.string(), annotations: z.record(z.string(), z.string()).nullish() }),
  spec: z.object({
    defaultBackend: Backend.nullish(),
    rules: z
      .array(z.object({ http: z.object({ paths: z.array(z.object({ backend: Backend })).default([]) }).nullish() }))
      .nullish(),
  }),
})
type Ingress = z.infer<typeof Ingress>

/** Turns the weight in one patch that holds the version which was read, so that the API server refuses whoever was slower. */
export function ingressLever(options: IngressLever): TrafficLever {
  const { api, namespace, canary, from, to } = options
  const url = `${api.replace(/\/+$/, '')}/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses/${canary}`
  const place = `Ingress ${namespace}/${canary} at ${new URL(api).host}`
  const headers = kubernetesHeaders(options)
  const read = async (ctx: StageContext) => {
    const seen = await patiently(ctx, async () =>
      kubernetesAnswer(Ingress, await ctx.read.httpGet({ url, headers }, ctx.abort), place),
    )
    return { seen, ...weightIn(seen, place, to) }
  }
  return {
    fencing: 'fenced',
    describe: `the canary weight of ${to} against ${from} in ${place}`,
    read: async (ctx) => {
      const { weight, total } = await read(ctx)
      return Math.round((100 * weight) / total)
    },
    set: async (ctx, write, percent) => {
      await makeSureReady(percent > 0 ? to : from, options, ctx)
      const { seen, total } = await read(ctx)
      const { annotations: before, resourceVersion } = seen.metadata
      refuseOlderTurn(before, place, ctx)
      const weight = (percent * total) / 100
      if (!Number.isInteger(weight))
        throw new Fault('usage', `a weight of ${total} in all cannot hold a share of ${percent} %`)
      const annotations = { [WEIGHT]: String(weight), [GENERATION_ANNOTATION]: String(ctx.run.generation) }
      const body = JSON.stringify({ metadata: { resourceVersion, annotations } })
      const sent = { ...headers, 'content-type': 'application/merge-patch+json' }
      kubernetesAnswer(
        z.looseObject({}),
        await write.http({ method: 'PATCH', url, headers: sent, body }, ctx.abort),
        place,
      )
    },
  }
}

/** The weight that stands there; throws when the Ingress is not a canary that leads to the target alone. */
function weightIn({ metadata, spec }: Ingress, place: string, to: string): { weight: number; total: number } {
  const annotations = metadata.annotations ?? {}
  if (annotations[CANARY] !== 'true')
    throw new Fault('conflict', `${place} is not a canary`, { hint: `mark it with ${CANARY}: "true"` })
  const steered = BY_HAND.filter((name) => annotations[name] !== undefined)
  if (steered.length > 0)
    throw new Fault('conflict', `${place} is steered by ${steered.join(', ')}, which goes before any weight`)
  const backends = [
    spec.defaultBackend,
    ...(spec.rules ?? []).flatMap(({ http }) => http?.paths ?? []).map(({ backend }) => backend),
  ]
  const names = new Set(backends.flatMap((one) => (one?.service ? [one.service.name] : [])))
  if (names.size !== 1 || !names.has(to))
    throw new Fault('conflict', `${place} leads to ${[...names].join(', ') || 'no service'}, and the plan means ${to}`)
  const [weight, total] = [Number(annotations[WEIGHT] ?? 0), Number(annotations[TOTAL] ?? 100)]
  if (!(Number.isInteger(weight) && Number.isInteger(total) && weight >= 0 && total > 0 && weight <= total))
    throw new Fault('conflict', `${place} has a weight of "${annotations[WEIGHT]}" of "${annotations[TOTAL] ?? 100}"`)
  return { weight, total }
}
