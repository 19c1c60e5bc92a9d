import { clusterPorts } from './cluster.ts'
import { emptyResponse, jsonResponse, type World } from './world.ts'

const ROUTE = '/apis/gateway.networking.k8s.io/v1/namespaces/prod/httproutes/shop'

export interface GatewayWorld extends World {
  readonly weights: () => Readonly<Record<string, number>>
  readonly ready: Set<string>
  /** Somebody else changes the route between a read and the next patch. */
  meddle(): void
  refusesRoutes: boolean
}

/** An API server with one HTTPRoute of two rules, and a gateway controller that needs two looks to take a change in; every fourth read is throttled. */
export function gatewayWorld(): GatewayWorld {
  const mutations: string[] = []
  const ready = new Set(['shop-main', 'shop-dr'])
  const filters = [{ type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: 'x-site', value: 'a' }] } }]
  let rules: { backendRefs: { name: string; port: number; weight?: number }[]; filters?: unknown }[] = [
    { backendRefs: [{ name: 'static', port: 80 }] },
    {
      filters,
      backendRefs: [
        { name: 'shop-main', port: 80, weight: 100 },
        { name: 'shop-dr', port: 80, weight: 0 },
      ],
    },
  ]
  const metadata = { resourceVersion: '7', generation: 3, annotations: {} as Record<string, string> }
  let observed = 3
  let looksUntilSeen = 0
  const touch = () => {
    metadata.resourceVersion = String(Number(metadata.resourceVersion) + 1)
    metadata.generation += 1
    looksUntilSeen = 2
  }
  const world: GatewayWorld = {
    ...clusterPorts(ROUTE, ready, ({ method, body }) => {
      if (method === 'PATCH') {
        const patch = JSON.parse(body ?? '') as { metadata: typeof metadata; spec: { rules: typeof rules } }
        if (patch.metadata.resourceVersion !== metadata.resourceVersion) return emptyResponse(409)
        Object.assign(metadata.annotations, patch.metadata.annotations)
        rules = patch.spec.rules
        touch()
        mutations.push(`patch ${body}`)
        return jsonResponse(200, {})
      }
      if (looksUntilSeen > 0) looksUntilSeen -= 1
      else observed = metadata.generation
      const status = world.refusesRoutes ? 'False' : 'True'
      const conditions = [{ type: 'Accepted', status, observedGeneration: observed }]
      return jsonResponse(200, { kind: 'HTTPRoute', metadata, spec: { rules }, status: { parents: [{ conditions }] } })
    }),
    ...{ mutations, ready, meddle: touch, refusesRoutes: false },
    weights: () => Object.fromEntries((rules[1]?.backendRefs ?? []).map(({ name, weight }) => [name, weight ?? 1])),
    snapshot: () => rules,
  }
  return world
}
