import { z } from 'zod'
import { Fault } from '../../agent/lib/errors.ts'
import type { HttpResponse } from '../../agent/lib/http.ts'
import { retryAfterMsOf } from '../../agent/lib/retry.ts'
import type { WritePorts } from '../ports.ts'
import type { Check, StageContext } from '../stage.ts'
import { patiently } from './patience.ts'

export const KubernetesName = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, 'expected a name as Kubernetes takes it')

/** One Deployment; the token needs `get` and `patch` on it, and `list` on replicasets for going back. */
export const workloadShape = {
  api: z.url({ protocol: /^https?$/ }),
  bearerToken: z.string().min(1),
  namespace: KubernetesName.default('default'),
  deployment: KubernetesName,
} as const

const Workload = z.object(workloadShape)
export type Workload = z.infer<typeof Workload>

const Annotations = z.record(z.string(), z.string()).nullish()
const Deployment = z.object({
  kind: z.literal('Deployment'),
  metadata: z.object({
    uid: z.string(),
    resourceVersion: z.string(),
    generation: z.number(),
    annotations: Annotations,
  }),
  spec: z.object({
    replicas: z.number().default(1),
    paused: z.boolean().default(false),
    selector: z.object({ matchLabels: z.record(z.string(), z.string()).default({}) }),
    template: z.object({ metadata: z.object({ annotations: Annotations }).nullish() }),
  }),
  status: z
    .object({
      observedGeneration: z.number().default(0),
      replicas: z.number().default(0),
      updatedReplicas: z.number().default(0),
      availableReplicas: z.number().default(0),
      conditions: z.array(z.object({ type: z.string(), status: z.string(), reason: z.string().nullish() })).nullish(),
    })
    .prefault({}),
})
export type Deployment = z.infer<typeof Deployment>

const ReplicaSets = z.object({
  metadata: z.object({ continue: z.string().nullish() }).nullish(),
  items: z.array(
    z.object({
      metadata: z.object({
        name: z.string(),
        annotations: Annotations,
        ownerReferences: z.array(z.object({ uid: z.string() })).nullish(),
      }),
      spec: z.object({
        template: z.looseObject({ metadata: z.looseObject({ labels: z.record(z.string(), z.string()).nullish() }) }),
      }),
    }),
  ),
})

export interface Revision {
  readonly name: string
  readonly revision: number
  /** What pods are made of; without the label that Kubernetes adds to tell sets apart. */
  readonly template: unknown
}

export const GENERATION_ANNOTATION = 'failwise.io/generation'

/** A Deployment in words. */
export function workloadPlace({ api, namespace, deployment }: Workload): string {
  return `Deployment ${namespace}/${deployment} at ${new URL(api).host}`
}

function urlOf({ api, namespace }: Workload, tail: string): string {
  return `${api.replace(/\/+$/, '')}/apis/apps/v1/namespaces/${namespace}/${tail}`
}

/** What every request to an API server carries. */
export function kubernetesHeaders({ bearerToken }: Pick<Workload, 'bearerToken'>): Record<string, string> {
  return { authorization: `Bearer ${bearerToken}`, accept: 'application/json' }
}

/** Reads the Deployment. */
export async function readDeployment(workload: Workload, ctx: StageContext): Promise<Deployment> {
  return patiently(ctx, async () => {
    const url = urlOf(workload, `deployments/${workload.deployment}`)
    const response = await ctx.read.httpGet({ url, headers: kubernetesHeaders(workload) }, ctx.abort)
    return kubernetesAnswer(Deployment, response, workloadPlace(workload))
  })
}

/** Every revision that can be gone back to, newest first. */
export async function readRevisions(
  workload: Workload,
  deployment: Deployment,
  ctx: StageContext,
): Promise<Revision[]> {
  const labelSelector = Object.entries(deployment.spec.selector.matchLabels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',')
  const revisions: Revision[] = []
  let next: string | null | undefined
  do {
    const query = new URLSearchParams({ labelSelector, limit: '200', ...(next && { continue: next }) })
    const url = `${urlOf(workload, 'replicasets')}?${query}`
    const page = await patiently(ctx, async () =>
      kubernetesAnswer(
        ReplicaSets,
        await ctx.read.httpGet({ url, headers: kubernetesHeaders(workload) }, ctx.abort),
        'the replica sets',
      ),
    )
    for (const { metadata, spec } of page.items) {
      if (!metadata.ownerReferences?.some(({ uid }) => uid === deployment.metadata.uid)) continue
      const labels = { ...spec.template.metadata.labels }
      delete labels['pod-template-hash']
      const template = { ...spec.template, metadata: { ...spec.template.metadata, labels } }
      revisions.push({ name: metadata.name, revision: revisionIn(metadata.annotations), template })
    }
    next = page.metadata?.continue
  } while (next)
  return revisions.sort((a, b) => b.revision - a.revision)
}

/** The number that Kubernetes gives to a revision; 0 where there is none. */
export function revisionIn(annotations: Readonly<Record<string, string>> | null | undefined): number {
  return Number(annotations?.['deployment.kubernetes.io/revision'] ?? 0)
}

/** Throws when a newer run has been at the Deployment. */
export function refuseOlder(workload: Workload, { metadata }: Deployment, ctx: StageContext): void {
  if (Number(metadata.annotations?.[GENERATION_ANNOTATION] ?? 0) <= ctx.run.generation) return
  throw new Fault('conflict', `a newer run or takeover has already changed ${workloadPlace(workload)}`, {
    details: { reason: 'older_generation' },
  })
}

/**
 * Patches the Deployment only if it is still as it was read: with its version in the patch, the API server answers 409 to anything else. The
 * generation goes along in an annotation, so that an older one is refused in the same moment.
 */
export async function patchDeployment(
  workload: Workload,
  write: WritePorts,
  patch: { readonly kind: 'merge' | 'json'; readonly body: unknown },
  ctx: StageContext,
): Promise<void> {
  const response = await write.http(
    {
      method: 'PATCH',
      url: urlOf(workload, `deployments/${workload.deployment}`),
      headers: { ...kubernetesHeaders(workload), 'content-type': `application/${patch.kind}-patch+json` },
      body: JSON.stringify(patch.body),
    },
    ctx.abort,
  )
  kubernetesAnswer(z.looseObject({}), response, workloadPlace(workload))
}

/** Whether the last change has reached every pod. */
export function rolloutOf({ metadata, spec, status }: Deployment): Check {
  const told = `${status.updatedReplicas} of ${spec.replicas} updated, ${status.availableReplicas} available`
  const stuck = status.conditions?.find(
    ({ type, reason }) => type === 'Progressing' && reason === 'ProgressDeadlineExceeded',
  )
  const isSeen = status.observedGeneration >= metadata.generation
  if (isSeen && stuck) return { outcome: 'unclear', detail: `the rollout is stuck: ${told}`, isFinal: true }
  const isDone =
    isSeen &&
    status.updatedReplicas === spec.replicas &&
    status.availableReplicas === spec.replicas &&
    status.replicas === spec.replicas
  return { outcome: isDone ? 'done' : 'unclear', detail: told }
}

/** The body of an API server's answer; what it refuses says why, and whether to come back. */
export function kubernetesAnswer<T>(schema: z.ZodType<T>, response: HttpResponse, what: string): T {
  const { status, body } = response
  const retryAfterMs = retryAfterMsOf(response)
  if (status === 409 || status === 422)
    throw new Fault('conflict', `${what} was changed by somebody else meanwhile`, {
      details: { reason: 'changed_meanwhile' },
    })
  if (status === 429)
    throw new Fault(
      'rate_limited',
      `${what}: the API server asks us to wait`,
      retryAfterMs === undefined ? {} : { retryAfterMs },
    )
  if (status === 401 || status === 403)
    throw new Fault('upstream_refused', `${what}: the API server refuses the token (${status})`, {
      hint: 'docs/effectors.md lists what the token needs',
    })
  if (status === 404) throw new Fault('conflict', `there is no ${what}`, { hint: 'check the namespace and the name' })
  if (status < 200 || status > 299)
    throw new Fault('upstream_refused', `${what}: the API server answered ${status}`, { retryable: status >= 500 })
  const parsed = schema.safeParse(jsonOf(body))
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new Fault('upstream_malformed', `${what}: ${issue?.path.join('.') || 'the body'}: ${issue?.message}`)
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return null
  }
}
