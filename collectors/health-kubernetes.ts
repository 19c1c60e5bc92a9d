import { z } from 'zod'
import { Fault } from '../agent/lib/errors.ts'
import type { CollectContext, Collector } from './collector.ts'
import { CheckOptions, checkSignal, observerOf } from './shared/checks.ts'
import { EndpointOptions, jsonOf, readAs, urlBelow } from './shared/endpoint.ts'

/** The nodes of a Kubernetes cluster; the token needs to list nodes, nothing else. */
export const Options = EndpointOptions.extend(CheckOptions.shape).extend({
  source: z.literal('health-kubernetes'),
  check: z.string().min(1).default('node_states'),
  labelSelector: z.string().min(1).optional(),
  /** A cluster always has some node on its way in or out. */
  degradedFromShare: z.number().min(0).max(1).default(0.05),
  errorFromShare: z.number().min(0).max(1).default(0.3),
  maxNodes: z.number().int().positive().default(5000),
})
export type Options = z.infer<typeof Options>

const Node = z.object({
  metadata: z.object({ labels: z.record(z.string(), z.string()).nullish() }),
  status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).nullish() }).nullish(),
})

const NodeList = z.object({
  kind: z.literal('NodeList'),
  metadata: z.object({ continue: z.string().nullish() }).nullish(),
  items: z.array(Node).nullable(),
})

const PAGE = 500

/** Counts the nodes that are Ready. One whose state is Unknown has stopped talking to its cluster and counts as not ready. */
export function healthKubernetes(options: Options): Collector {
  return {
    name: `health:${options.check}`,
    source: 'health-kubernetes',
    observer: observerOf(options),
    timeoutMs: options.timeoutMs,
    async collect(_scope, ctx) {
      const nodes = await listNodes(options, ctx)
      if (nodes.length === 0) return [checkSignal(options.check, 'unknown', 'there are no such nodes', ctx.window.to)]
      const notReady = nodes.filter((node) => !isReady(node))
      const share = notReady.length / nodes.length
      const status = share >= options.errorFromShare ? 'error' : share >= options.degradedFromShare ? 'degraded' : 'ok'
      const detail = `${nodes.length - notReady.length} of ${nodes.length} nodes Ready${zonesOf(notReady)}`
      return [checkSignal(options.check, notReady.length === 0 ? 'ok' : status, detail, ctx.window.to)]
    },
  }
}

async function listNodes(options: Options, ctx: CollectContext): Promise<z.infer<typeof Node>[]> {
  const nodes: z.infer<typeof Node>[] = []
  let next = ''
  do {
    const url = urlBelow(options.url, '/api/v1/nodes', {
      limit: String(PAGE),
      ...(options.labelSelector && { labelSelector: options.labelSelector }),
      ...(next && { continue: next }),
    })
    const page = readAs(NodeList, await jsonOf(ctx, 'the Kubernetes API', options, url), 'the Kubernetes API')
    nodes.push(...(page.items ?? []))
    next = page.metadata?.continue ?? ''
    if (nodes.length > options.maxNodes)
      throw new Fault('upstream_too_large', `the cluster has more than ${options.maxNodes} nodes`, {
        hint: 'narrow it by labelSelector',
      })
  } while (next)
  return nodes
}

function isReady(node: z.infer<typeof Node>): boolean {
  return node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}

/** Where the nodes are that are not ready: one zone or all of them makes two different incidents. */
function zonesOf(nodes: z.infer<typeof Node>[]): string {
  const counts = new Map<string, number>()
  for (const { metadata } of nodes) {
    const zone = metadata.labels?.['topology.kubernetes.io/zone'] ?? 'no zone'
    counts.set(zone, (counts.get(zone) ?? 0) + 1)
  }
  if (counts.size === 0) return ''
  return `, not ready: ${[...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([zone, count]) => `${count} in ${zone}`)
    .join(', ')}`
}
