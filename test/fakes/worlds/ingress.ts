import { clusterPorts } from './cluster.ts'
import { emptyResponse, jsonResponse, type World } from './world.ts'

const INGRESS = '/apis/networking.k8s.io/v1/namespaces/prod/ingresses/shop-canary'
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
  const world: IngressWorld = {
    ...clusterPorts(INGRESS, ready, ({ method, body }) => {
      if (method === 'PATCH') {
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
