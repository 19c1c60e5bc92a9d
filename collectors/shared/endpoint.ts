import { z } from 'zod'
import { Fault } from '../../agent/lib/errors.ts'
import type { HttpRequest, HttpResponse } from '../../agent/lib/http.ts'
import { retryAfterMsOf } from '../../agent/lib/retry.ts'
import type { CollectContext } from '../collector.ts'

const HttpUrl = z.url({ protocol: /^https?$/, error: 'expected an http:// or https:// URL' })

/** Where an upstream answers and how we prove who we are; every collector that speaks HTTP spreads these options. */
export const EndpointOptions = z.strictObject({
  url: HttpUrl,
  headers: z.record(z.string(), z.string()).default({}),
  basicAuth: z.strictObject({ username: z.string().min(1), password: z.string() }).optional(),
  bearerToken: z.string().min(1).optional(),
  timeoutMs: z.number().int().min(100).max(60_000).default(10_000),
})
export type EndpointOptions = z.infer<typeof EndpointOptions>

/** Headers that authenticate; a bearer token wins over basic, as both share one header. */
export function endpointHeaders(
  endpoint: Pick<EndpointOptions, 'headers' | 'basicAuth' | 'bearerToken'>,
): Record<string, string> {
  const headers: Record<string, string> = { accept: 'application/json', ...endpoint.headers }
  if (endpoint.bearerToken) headers.authorization = `Bearer ${endpoint.bearerToken}`
  else if (endpoint.basicAuth) {
    const { username, password } = endpoint.basicAuth
    headers.authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  }
  return headers
}

/** A path and parameters below a base URL that may have a path of its own (`https://metrics.example/prod`). */
export function urlBelow(base: string, path: string, params: Record<string, string> = {}): string {
  const url = new URL(base)
  url.pathname = `${url.pathname.replace(/\/+$/, '')}${path}`
  for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value)
  return url.toString()
}

/** Sends a reading request and returns its body, or throws the Fault that the status stands for; what fails for the moment is repeated. */
export function bodyOf(ctx: CollectContext, what: string, request: HttpRequest): Promise<string> {
  return ctx.retry(async () => {
    const response = await ctx.http(request, ctx.abort)
    refuseBadStatus(response, what)
    return response.body
  }, ctx.abort)
}

/** GETs an endpoint and parses its JSON. */
export async function jsonOf(
  ctx: CollectContext,
  what: string,
  endpoint: EndpointOptions,
  url = endpoint.url,
): Promise<unknown> {
  return parseJson(await bodyOf(ctx, what, { method: 'GET', url, headers: endpointHeaders(endpoint) }), what)
}

/** Throws for every status but 2xx; the message carries no body, since error pages quote requests and secrets. */
export function refuseBadStatus(response: HttpResponse, what: string): void {
  const { status } = response
  if (status >= 200 && status < 300) return
  const details = { status }
  // GitHub tells of a spent limit by 403.
  if (status === 429 || (status === 403 && response.headers['x-ratelimit-remaining'] === '0')) {
    const retryAfterMs = retryAfterMsOf(response)
    throw new Fault('rate_limited', `${what} answered ${status}: too many requests`, {
      details,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    })
  }
  if (status === 401 || status === 403)
    throw new Fault('upstream_refused', `${what} answered ${status}: the credentials are missing or not allowed`, {
      details,
      hint: 'check the token or user configured for it',
    })
  if (status >= 300 && status < 400)
    throw new Fault('upstream_refused', `${what} answered ${status}: a redirect that is not followed`, {
      details,
      hint: 'configure the final URL; redirects to another host would carry credentials away',
    })
  throw new Fault('upstream_refused', `${what} answered ${status}`, { details, retryable: status >= 500 })
}

/** Parses a JSON body; a page of HTML is named as such, since it mostly is a login or a proxy in between. */
export function parseJson(body: string, what: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    const isMarkup = /^\s*</.test(body)
    const found = body.trim() === '' ? 'an empty body' : isMarkup ? 'HTML or XML' : 'broken or truncated JSON'
    throw new Fault('upstream_malformed', `${what} answered ${found} where JSON is expected`, {
      details: { bytes: body.length },
      ...(isMarkup && { hint: 'is a login page or a proxy in between?' }),
    })
  }
}

/** Checks a parsed body against a schema; the message names the first field that differs. */
export function readAs<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const field = issue?.path.join('.') || 'the body'
  throw new Fault('upstream_malformed', `${what} answered an unexpected shape: ${field}: ${issue?.message}`, {
    details: { field, mistakes: parsed.error.issues.length },
  })
}
