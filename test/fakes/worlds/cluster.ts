import type { HttpRequest, HttpResponse } from '../../../agent/lib/http.ts'
import { emptyResponse, httpPorts, jsonResponse, type World } from './world.ts'

const SLICES = '/apis/discovery.k8s.io/v1/namespaces/prod/endpointslices'

/** Ports to an API server that wants its token, throttles every fourth read, knows which services have ready endpoints, and serves one object. */
export function clusterPorts(
  path: string,
  ready: ReadonlySet<string>,
  serve: (request: HttpRequest) => HttpResponse,
): Pick<World, 'read' | 'write'> {
  let reads = 0
  return httpPorts((request) => {
    const { method, url, headers } = request
    if (headers?.authorization !== 'Bearer kube-token-of-tests') return emptyResponse(401)
    const { pathname, searchParams } = new URL(url)
    if (method === 'GET' && ++reads % 4 === 0) return emptyResponse(429, { 'retry-after': '1' })
    if (pathname === SLICES) {
      const service = searchParams.get('labelSelector')?.replace('kubernetes.io/service-name=', '') ?? ''
      return jsonResponse(200, { items: [{ endpoints: [{ conditions: { ready: ready.has(service) } }] }] })
    }
    if (pathname !== path) return emptyResponse(404)
    if (method === 'PATCH' && headers['content-type'] !== 'application/merge-patch+json') return emptyResponse(415)
    return serve(request)
  })
}
