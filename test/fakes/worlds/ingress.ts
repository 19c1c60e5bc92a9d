import { emptyResponse, httpPorts, jsonResponse, type World } from './world.ts'

const INGRESS = '/apis/networking.k8s.io/v1/namespaces/prod/ingresses/shop-canary'
const SLICES = '/apis/discovery.k8s.io/v1/namespaces/prod/endpointslices'
const PREFIX = 'nginx.ingress.kubernetes.io'

export interface IngressWorld extends World {
  readonly annotations: Record<string, string>
  readonly ready: Set<string>
  /** The service that the canary leads to. */
  leadsTo: string
  /** Somebody else changes the Ingress between a read and the next patch. */
  meddle(): void
}

/** An API server with the canary Ingress of a shop; every fourth read is throttled. */
export function ingressWorld(): IngressWorld {
  const mutations: string[] = []
  const ready = new Set(['shop-main', 'shop-dr'])
  const annotations: Record<string, string> = {
    [`${PREFIX}/canary`]: 'true',
    [`${PREFIX}/canary-weight`]: '0',
    'cert-manager.io/cluster-issuer': 'letsencrypt',
  }
  let version = 7
  let reads = 0
  const world: IngressWorld = {
    ...httpPorts(({ method, url, headers, body }) => {
      if (headers?.authorization !== 'Bearer kube-token-of-tests') return emptyResponse(401)
      const { pathname, searchParams } = new URL(url)
      if (method === 'GET' && ++reads % 4 === 0) return emptyResponse(429, { 'retry-after': '1' })
      if (pathname === SLICES) {
        const service = searchParams.get('labelSelector')?.replace('kubernetes.io/service-name=', '') ?? ''
        return jsonResponse(200, { items: [{ endpoints: [{ conditions: { ready: ready.has(service) } }] }] })
      }
      if (pathname !== INGRESS) return emptyResponse(404)
      if (method === 'PATCH') {
        if (headers['content-type'] !== 'application/merge-patch+json') return emptyResponse(415)
        const { metadata, ...rest } = JSON.parse(body ?? '') as { metadata: Record<string, unknown> }
        // Annotations are all that a weight needs; whatever else is sent would change what is served.
        if (Object.keys(rest).length > 0) return emptyResponse(403)
        if (metadata.resourceVersion !== String(version)) return emptyResponse(409)
        const sent = metadata.annotations as Record<string, unknown>
        if (Object.values(sent).some((value) => typeof value !== 'string')) return emptyResponse(422)
        Object.assign(annotations, sent)
        version += 1
        mutations.push(`patch ${body}`)
        return jsonResponse(200, {})
      }
      const backend = { service: { name: world.leadsTo, port: { number: 80 } } }
      const http = { paths: [{ path: '/', pathType: 'Prefix', backend }] }
      return jsonResponse(200, {
        kind: 'Ingress',
        metadata: { resourceVersion: String(version), annotations },
        spec: { ingressClassName: 'nginx', rules: [{ host: 'shop.example', http }] },
      })
    }),
    ...{ mutations, ready, annotations, leadsTo: 'shop-dr' },
    meddle: () => {
      version += 1
    },
    snapshot: () => ({ ...annotations }),
  }
  return world
}
