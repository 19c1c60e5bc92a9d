import { Fault } from '../../agent/lib/errors.ts'
import type { HttpRequest } from '../../agent/lib/http.ts'
import type { CollectContext } from '../collector.ts'
import { refuseBadStatus } from './endpoint.ts'

/** The part of the SDK's signed request that matters here. */
interface SdkRequest {
  readonly method: string
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly path: string
  readonly headers: Record<string, string>
  readonly body?: unknown
}

/** What the SDK takes back: its deserialiser accepts bytes as a body. */
interface SdkResponse {
  statusCode: number
  headers: Record<string, string>
  body: Uint8Array
}

/** A request handler for an AWS client that sends through `ctx.http`, where bodies are capped, masked and kept. */
export function requestHandlerOver(ctx: CollectContext, what: string) {
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(request: SdkRequest): Promise<{ response: SdkResponse }> {
      const port = request.port ? `:${request.port}` : ''
      // The host header is set by whoever opens the connection; it equals the signed one.
      const { host: _host, 'content-length': _length, ...headers } = request.headers
      const response = await ctx.http(
        {
          method: request.method as HttpRequest['method'],
          url: `${request.protocol}//${request.hostname}${port}${request.path}`,
          headers,
          ...(request.body !== undefined && { body: textOf(request.body) }),
        },
        ctx.abort,
      )
      // Errors of the API are JSON and the SDK's to read; anything else comes from something in between.
      if (!isJson(response.body)) {
        refuseBadStatus(response, what)
        throw new Fault('upstream_malformed', `${what} answered broken or truncated JSON`)
      }
      const { status: statusCode } = response
      return {
        response: { statusCode, headers: { ...response.headers }, body: new TextEncoder().encode(response.body) },
      }
    },
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
    destroy() {},
  }
}

function textOf(body: unknown): string {
  if (typeof body === 'string') return body
  return body instanceof Uint8Array ? new TextDecoder().decode(body) : ''
}

function isJson(body: string): boolean {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null
  } catch {
    return false
  }
}

const THROTTLED = new Set([
  'ThrottlingException',
  'Throttling',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'ConcurrencyException',
])
const NOT_ALLOWED = new Set([
  'AccessDeniedException',
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'MissingAuthenticationTokenException',
  'CredentialsProviderError',
  'TokenProviderError',
])

/** The Fault that an exception of an AWS client stands for, told by its name. */
export function awsFault(error: unknown, what: string): Fault {
  const { name = 'UnknownError', $metadata } = (error ?? {}) as {
    name?: string
    $metadata?: { httpStatusCode?: number }
  }
  const status = $metadata?.httpStatusCode
  const details = { exception: name, ...(status !== undefined && { status }) }
  if (name === 'SubscriptionRequiredException')
    return new Fault('upstream_refused', `${what} needs a Business or Enterprise support plan`, {
      details: { ...details, failureKind: 'subscription_required' },
      hint: 'subscribe to one, or use the public status events instead',
    })
  if (THROTTLED.has(name)) return new Fault('rate_limited', `${what} throttles our calls`, { details })
  if (NOT_ALLOWED.has(name))
    return new Fault('upstream_refused', `${what} refuses our credentials (${name})`, {
      details: { ...details, failureKind: 'auth' },
      hint: 'allow health:DescribeEvents, health:DescribeEventDetails and health:DescribeAffectedEntities',
    })
  if (status === undefined || status < 300)
    return new Fault('upstream_malformed', `${what} answered what its client cannot read (${name})`, { details })
  return new Fault('upstream_refused', `${what} answered ${status} (${name})`, { details, retryable: status >= 500 })
}
