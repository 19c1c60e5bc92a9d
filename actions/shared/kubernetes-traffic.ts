import { z } from 'zod'
import { Fault } from '../../agent/lib/errors.ts'
import type { StageContext } from '../stage.ts'
import { GENERATION_ANNOTATION, KubernetesName, kubernetesAnswer, kubernetesHeaders } from './kubernetes.ts'
import { patiently } from './patience.ts'

/** Two services of one namespace that share users; the token needs `list` on endpoint slices, and `get` and `patch` on what shares them. */
export const sharedServices = {
  api: z.url({ protocol: /^https?$/ }),
  bearerToken: z.string().min(1),
  namespace: KubernetesName.default('default'),
  /** Names of the services that users are taken from, and sent to. */
  from: KubernetesName,
  to: KubernetesName,
} as const

const Slices = z.object({
  items: z.array(
    z.object({
      endpoints: z.array(z.object({ conditions: z.object({ ready: z.boolean().nullish() }).nullish() })).nullish(),
    }),
  ),
})

interface Namespace {
  readonly api: string
  readonly bearerToken: string
  readonly namespace: string
}

/** Throws unless somebody is ready behind a service: nobody is sent to an empty place. */
export async function makeSureReady(
  service: string,
  { api, bearerToken, namespace }: Namespace,
  ctx: StageContext,
): Promise<void> {
  const selector = new URLSearchParams({ labelSelector: `kubernetes.io/service-name=${service}` })
  const root = api.replace(/\/+$/, '')
  const url = `${root}/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?${selector}`
  const headers = kubernetesHeaders({ bearerToken })
  const { items } = await patiently(ctx, async () =>
    kubernetesAnswer(Slices, await ctx.read.httpGet({ url, headers }, ctx.abort), `endpoints of ${service}`),
  )
  const isReady = items.some(({ endpoints }) => endpoints?.some(({ conditions }) => conditions?.ready === true))
  if (!isReady)
    throw new Fault('stage_failed', `nobody is ready behind ${namespace}/${service}; users stay where they are`)
}

/** Throws when a newer run has turned this before. */
export function refuseOlderTurn(
  annotations: Readonly<Record<string, string>> | null | undefined,
  place: string,
  ctx: StageContext,
): void {
  if (Number(annotations?.[GENERATION_ANNOTATION] ?? 0) <= ctx.run.generation) return
  throw new Fault('conflict', `a newer run or takeover has already turned ${place}`, {
    details: { reason: 'older_generation' },
  })
}
