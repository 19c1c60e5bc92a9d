import type { FastifyInstance } from 'fastify'
import { Counter, Histogram } from 'prom-client'
import type { ServerDeps } from './deps.ts'

/**
 * Rate, errors and duration of every entrance. The route is the pattern it was registered under, never the address that was asked for, so that
 * nobody can fill a memory with labels.
 */
export function measureRequests(app: FastifyInstance, { registry, clock }: ServerDeps): void {
  const registers = [registry]
  const requests = new Counter({
    name: 'failwise_http_requests_total',
    help: 'Requests answered, by method, route and status.',
    labelNames: ['method', 'route', 'status'],
    registers,
  })
  const seconds = new Histogram({
    name: 'failwise_http_request_seconds',
    help: 'Time from a request to its answer, by method and route.',
    labelNames: ['method', 'route'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  })
  const startedAt = new WeakMap<object, number>()
  app.addHook('onRequest', async (request) => void startedAt.set(request, clock.elapsed()))
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown'
    // Without a route any word may stand where the method does.
    const method = route === 'unknown' ? 'any' : request.method
    requests.inc({ method, route, status: String(reply.statusCode) })
    seconds.observe({ method, route }, Math.max(0, clock.elapsed() - (startedAt.get(request) ?? 0)) / 1000)
  })
}
