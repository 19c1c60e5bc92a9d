import { randomBytes } from 'node:crypto'
import Fastify, { type FastifyInstance } from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import type { Person } from './approval/people.ts'
import { assertSafeToBind, type ServerOptions } from './config/server-options.ts'
import { Fault } from './lib/errors.ts'
import type { Admitted } from './server/accounts.ts'
import { alertRoutes } from './server/alert-routes.ts'
import { approvalRoutes } from './server/approval-routes.ts'
import { auditRoutes } from './server/audit-routes.ts'
import { accessFor } from './server/auth.ts'
import { acceptJsonBodies } from './server/body.ts'
import type { ConsoleFiles } from './server/console-files.ts'
import { consoleRoutes } from './server/console-routes.ts'
import type { ServerDeps } from './server/deps.ts'
import { serveDocs } from './server/docs.ts'
import { answerError } from './server/errors.ts'
import { labelRoutes } from './server/label-routes.ts'
import { liveRoute } from './server/live-route.ts'
import { oidcWith } from './server/oidc.ts'
import { operationRoutes } from './server/operation-routes.ts'
import { probeRoutes } from './server/probe-routes.ts'
import { recordRoutes } from './server/record-routes.ts'
import { measureRequests } from './server/request-metrics.ts'
import { reviewRoutes } from './server/review-routes.ts'
import { sessionRoutes } from './server/session-routes.ts'
import { sessionsUnder } from './server/sessions.ts'
import { secureContextOf } from './server/tls.ts'

export interface ServerConfig {
  readonly options: ServerOptions
  /** Who may sign in, and as what. */
  readonly people?: readonly Person[]
  /** Who may come in, where that can change while it runs. */
  readonly credentials?: () => Admitted
  /** How people reach the server; a sign-in provider sends them back there. */
  readonly publicUrl?: string | undefined
  readonly version: string
  /** The key of sessions, which then outlive a restart, and whether browsers come through TLS. */
  readonly session?: { readonly key: string; readonly isSecure: boolean }
  /** The built console; without it its addresses say how to build it. */
  readonly console?: ConsoleFiles | null
}

/** The HTTP server, ready to listen or to be called in process. */
export function createServer(
  deps: ServerDeps,
  { options, people = [], credentials, publicUrl, version, session, console = null }: ServerConfig,
): FastifyInstance {
  const { tls } = options
  const app: FastifyInstance = Fastify({
    https: tls ? secureContextOf(tls) : null,
    // Fastify's own lines would be two per webhook; requests that went wrong are logged by the error translator.
    logger: false,
    bodyLimit: options.bodyLimitBytes,
    requestTimeout: options.requestTimeoutMs,
    handlerTimeout: options.requestTimeoutMs,
    connectionTimeout: options.requestTimeoutMs * 2,
    keepAliveTimeout: 75_000,
    forceCloseConnections: 'idle',
    genReqId: () => deps.newRequestId(),
    requestIdHeader: false,
    routerOptions: { maxParamLength: 200, ignoreTrailingSlash: true },
  })
  app.server.maxConnections = options.maxConnections
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.decorateRequest('principal', null)
  app.decorateRequest('person', null)
  acceptJsonBodies(app)
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, deps.log))
  app.setNotFoundHandler((request, reply) => {
    const fault = new Fault('not_found', `there is nothing at ${request.method} ${pathOf(request.url)}`, {
      hint: 'GET /docs lists the routes',
    })
    answerError(fault, request, reply, deps.log)
  })
  app.addHook('onSend', async (request, reply) => {
    reply.header('x-request-id', request.id)
    reply.header('x-content-type-options', 'nosniff')
    reply.header('referrer-policy', 'no-referrer')
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
  })
  measureRequests(app, deps)
  serveDocs(app, version)
  const sessions = sessionsUnder({
    key: session?.key ?? randomBytes(32).toString('hex'),
    hours: options.sessionHours,
    isSecure: tls !== undefined || (session?.isSecure ?? false),
  })
  const access = accessFor(options, people, () => deps.clock.now(), sessions, credentials)
  const oidc =
    options.oidc && publicUrl !== undefined
      ? oidcWith(options.oidc, {
          ...{ http: deps.http, now: () => deps.clock.now() },
          redirectUri: `${publicUrl.replace(/\/$/, '')}/v1/session/oidc/callback`,
          homeUri: `${publicUrl.replace(/\/$/, '')}/`,
        })
      : null
  // Inside a plugin, so that the documentation has been registered before and sees these routes.
  app.register(async (routes) => {
    alertRoutes(routes, deps, options, access)
    operationRoutes(routes, deps, access)
    recordRoutes(routes, deps, access)
    auditRoutes(routes, deps, access)
    reviewRoutes(routes, deps, access)
    approvalRoutes(routes, deps, access)
    labelRoutes(routes, deps, access)
    liveRoute(routes, deps, access)
    probeRoutes(routes, deps, access)
    consoleRoutes(routes, console)
    sessionRoutes(routes, deps, access, oidc, options.sessionHours)
  })
  return app
}

/** Starts to listen and returns the URL; refuses to be reachable from elsewhere without credentials. */
export async function listen(
  app: FastifyInstance,
  options: ServerOptions,
  people: readonly Person[] = [],
): Promise<string> {
  assertSafeToBind(options, people)
  return app.listen({ host: options.host, port: options.port })
}

/** Without the query: it may hold what a log must not. */
function pathOf(url: string): string {
  return url.split('?', 1)[0]?.slice(0, 200) ?? ''
}
