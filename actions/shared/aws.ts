import { z } from 'zod'
import { Fault, isFault } from '../../agent/lib/errors.ts'
import type { Http, HttpRequest } from '../../agent/lib/http.ts'

/** How an AWS account is reached; without keys, the usual chain of the SDK (environment, profile, role) is used. */
export const awsShape = {
  region: z.string().min(1),
  credentials: z
    .strictObject({
      accessKeyId: z.string().min(1),
      secretAccessKey: z.string().min(1),
      sessionToken: z.string().min(1).optional(),
    })
    .optional(),
  endpoint: z.url({ protocol: /^https?$/ }).optional(),
} as const

const AwsAccount = z.object(awsShape)
type AwsAccount = z.infer<typeof AwsAccount>

/** The part of the SDK's signed request that matters here. */
interface SdkRequest {
  readonly method: string
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly path: string
  readonly query?: Readonly<Record<string, string | string[] | null>>
  readonly headers: Record<string, string>
  readonly body?: unknown
}

/** Settings of a client of the SDK that sends through our HTTP; waiting and trying again is ours. */
export function awsClientConfig({ region, credentials, endpoint }: AwsAccount, http: Http, abort: AbortSignal) {
  return {
    region,
    maxAttempts: 1,
    requestHandler: requestHandlerOver(http, abort),
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials && {
      credentials: {
        accessKeyId: credentials.accessKeyId,
        secretAccessKey: credentials.secretAccessKey,
        ...(credentials.sessionToken !== undefined && { sessionToken: credentials.sessionToken }),
      },
    }),
  }
}

function requestHandlerOver(http: Http, abort: AbortSignal) {
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(request: SdkRequest) {
      const port = request.port ? `:${request.port}` : ''
      // The host header is set by whoever opens the connection; it equals the signed one.
      const { host: _host, 'content-length': _length, ...headers } = request.headers
      const { status, ...response } = await http(
        {
          method: request.method as HttpRequest['method'],
          url: `${request.protocol}//${request.hostname}${port}${request.path}${queryOf(request)}`,
          headers,
          ...(request.body !== undefined && request.body !== null && { body: textOf(request.body) }),
        },
        abort,
      )
      return {
        response: {
          statusCode: status,
          headers: { ...response.headers },
          body: new TextEncoder().encode(response.body),
        },
      }
    },
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
    destroy() {},
  }
}

/** In the order of the names, escaped as AWS signs it. */
function queryOf({ query = {} }: SdkRequest): string {
  const escaped = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
  const parts = Object.keys(query)
    .sort()
    .flatMap((name) => {
      const value = query[name]
      if (value === null || value === undefined) return [escaped(name)]
      return [value].flat().map((one) => `${escaped(name)}=${escaped(one)}`)
    })
  return parts.length > 0 ? `?${parts.join('&')}` : ''
}

function textOf(body: unknown): string {
  if (typeof body === 'string') return body
  return body instanceof Uint8Array ? new TextDecoder().decode(body) : ''
}

const THROTTLED =
  /^(Throttling|ThrottlingException|TooManyRequestsException|RequestLimitExceeded|PriorRequestNotComplete)$/
const NOT_ALLOWED =
  /^(AccessDenied|AccessDeniedException|UnrecognizedClientException|InvalidSignatureException|SignatureDoesNotMatch|ExpiredToken|ExpiredTokenException|InvalidClientTokenId|CredentialsProviderError|TokenProviderError)$/

/** Runs a call of an AWS client and names what went wrong, by the exception's name; messages may quote requests. */
export async function awsCall<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (isFault(error)) throw error
    const { name = 'UnknownError', $metadata } = (error ?? {}) as {
      name?: string
      $metadata?: { httpStatusCode?: number }
    }
    const status = $metadata?.httpStatusCode
    const details = { exception: name, ...(status !== undefined && { status }) }
    if (THROTTLED.test(name)) throw new Fault('rate_limited', `${what}: AWS asks us to wait (${name})`, { details })
    if (NOT_ALLOWED.test(name))
      throw new Fault('upstream_refused', `${what}: AWS refuses our credentials (${name})`, {
        details,
        hint: 'check the keys or the role, and what its policy allows',
      })
    if (status === undefined || status < 300)
      throw new Fault('upstream_malformed', `${what}: AWS answered what its client cannot read (${name})`, { details })
    throw new Fault('upstream_refused', `${what}: AWS answered ${status} (${name})`, {
      details,
      retryable: status >= 500,
    })
  }
}

/** The name of AWS's exception behind a fault. */
export function awsException(error: unknown): string | undefined {
  const name = isFault(error) ? error.details.exception : undefined
  return typeof name === 'string' ? name : undefined
}
