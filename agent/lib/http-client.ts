import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Readable } from 'node:stream'
import { getCACertificates, type SecureContextOptions } from 'node:tls'
import axios, { type AxiosResponse } from 'axios'
import { z } from 'zod'
import { limitConnecting } from './connect-timeout.ts'
import { Fault, isFault } from './errors.ts'
import { forbiddenAddress, guardedLookup, isForbiddenAddress } from './forbidden-addresses.ts'
import type { Http, HttpRequest, HttpResponse } from './http.ts'

const Tls = z.object({
  /** PEM of an authority that is trusted besides the machine's own. */
  ca: z.string().min(1).optional(),
  /** PEM of a client certificate and its key. */
  cert: z.string().min(1).optional(),
  key: z.string().min(1).optional(),
})

export const HttpClientOptions = z
  .object({
    /** Of a body after decompression, counted while it streams; what is larger is dropped at once. */
    maxBytes: z
      .number()
      .int()
      .positive()
      .default(10 * 1024 * 1024),
    connectTimeoutMs: z.number().int().positive().default(3000),
    /** From the first byte sent to the last byte received. */
    totalTimeoutMs: z.number().int().positive().default(20_000),
    maxRedirects: z.number().int().min(0).max(10).default(3),
    userAgent: z.string().min(1).default('failwise'),
    tls: Tls.default({}),
    /** TLS of single hosts, by name. */
    hosts: z.record(z.string(), Tls).default({}),
  })
  .prefault({})
export type HttpClientOptions = z.infer<typeof HttpClientOptions>

interface Agents {
  readonly httpAgent: HttpAgent
  readonly httpsAgent: HttpsAgent
}

/** The Http of a running agent, over axios. Credentials of a URL, bodies and headers never get into an error. */
export function httpClient(options: HttpClientOptions): Http {
  const common = agentsFor(options, options.tls)
  const perHost = new Map(
    Object.entries(options.hosts).map(([host, tls]) => [host.toLowerCase(), agentsFor(options, tls)]),
  )
  return async (request, abort) => {
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), options.totalTimeoutMs)
    try {
      return await followed(request, options, AbortSignal.any([abort, late.signal]), (hostname) => {
        return perHost.get(hostname) ?? common
      })
    } catch (error) {
      if (isFault(error)) throw error
      if (abort.aborted) throw isFault(abort.reason) ? abort.reason : new Fault('deadline', 'the request was aborted')
      if (late.signal.aborted)
        throw new Fault(
          'deadline',
          `${hostOf(request.url)} gave no complete answer within ${options.totalTimeoutMs} ms`,
        )
      throw faultOf(error, request)
    } finally {
      clearTimeout(timer)
    }
  }
}

function agentsFor(options: HttpClientOptions, { ca, cert, key }: z.infer<typeof Tls>): Agents {
  const secure: SecureContextOptions = {
    ...(ca !== undefined && { ca: [...getCACertificates('default'), ca] }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  }
  return {
    httpAgent: limitConnecting(new HttpAgent({ keepAlive: true, lookup: guardedLookup }), options.connectTimeoutMs),
    httpsAgent: limitConnecting(
      new HttpsAgent({ keepAlive: true, lookup: guardedLookup, ...secure }),
      options.connectTimeoutMs,
    ),
  }
}

/** Follows redirects within one origin; any other is returned as it is, since following it would carry headers and bodies to a stranger. */
async function followed(
  request: HttpRequest,
  options: HttpClientOptions,
  abort: AbortSignal,
  agentsOf: (hostname: string) => Agents,
): Promise<HttpResponse> {
  let current = request
  for (let redirects = 0; ; redirects++) {
    const response = await once(current, options, abort, agentsOf)
    const next = nextUrl(current, response)
    if (next === null || redirects >= options.maxRedirects) return response
    current = { ...current, url: next }
  }
}

function nextUrl(request: HttpRequest, { status, headers }: HttpResponse): string | null {
  // Only reads that keep their method may be repeated elsewhere.
  if (request.method !== 'GET' || ![301, 302, 303, 307, 308].includes(status) || !headers.location) return null
  const from = new URL(request.url)
  if (!URL.canParse(headers.location, from.href)) return null
  const to = new URL(headers.location, from)
  return to.origin === from.origin ? to.toString() : null
}

async function once(
  request: HttpRequest,
  options: HttpClientOptions,
  abort: AbortSignal,
  agentsOf: (hostname: string) => Agents,
): Promise<HttpResponse> {
  const { hostname } = new URL(request.url)
  // An address is not looked up, so that it is looked at here.
  if (isForbiddenAddress(hostname)) throw forbiddenAddress(hostname)
  const response: AxiosResponse<Readable> = await axios.request({
    method: request.method,
    url: request.url,
    headers: { 'User-Agent': options.userAgent, ...request.headers },
    ...(request.body !== undefined && { data: request.body }),
    ...agentsOf(hostname.toLowerCase()),
    // Redirects and statuses are ours to judge, and so is the size: axios tells of it by text only.
    maxRedirects: 0,
    validateStatus: null,
    responseType: 'stream',
    transformRequest: [],
    signal: abort,
  })
  const body = await textOf(response.data, options.maxBytes, hostOf(request.url), abort)
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(response.headers))
    if (value !== undefined && value !== null) headers[name.toLowerCase()] = String(value)
  return { status: response.status, headers, body }
}

async function textOf(stream: Readable, maxBytes: number, host: string, abort: AbortSignal): Promise<string> {
  const onAbort = () => stream.destroy(new Error('aborted'))
  if (abort.aborted) onAbort()
  abort.addEventListener('abort', onAbort, { once: true })
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > maxBytes) {
        throw new Fault('upstream_too_large', `${host} answered more than ${maxBytes} bytes`, { details: { maxBytes } })
      }
      chunks.push(chunk)
    }
  } finally {
    abort.removeEventListener('abort', onAbort)
    stream.destroy()
  }
  return decoded(Buffer.concat(chunks))
}

/** UTF-8 unless the body opens with the mark of UTF-16, as AWS's public events do. */
function decoded(bytes: Buffer): string {
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  return new TextDecoder().decode(bytes)
}

const TLS_CODES = /^(?:CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO)/
const BROKEN_ENCODING = /^(?:Z_|ERR_BROTLI|ERR__ERROR_FORMAT|ZSTD_)/

/** Names what happened to a connection by its code; the message of the error may quote the URL and is not used. */
function faultOf(error: unknown, request: HttpRequest): Fault {
  const host = hostOf(request.url)
  const { code: own, cause } = (error ?? {}) as { code?: unknown; cause?: { code?: unknown } }
  if (own === 'forbidden' || cause?.code === 'forbidden') return forbiddenAddress(host)
  const code = [own, cause?.code].find(
    (value): value is string => typeof value === 'string' && /^[A-Z0-9_]+$/.test(value),
  )
  const details = { host, ...(code !== undefined && { code }) }
  if (code !== undefined && BROKEN_ENCODING.test(code))
    return new Fault('upstream_malformed', `${host} sent a body that cannot be decompressed (${code})`, { details })
  if (code !== undefined && TLS_CODES.test(code))
    return new Fault('upstream_unreachable', `the TLS connection to ${host} failed (${code})`, {
      details,
      retryable: false,
      hint: 'check its certificate, or add the authority that signed it (http.tls.ca)',
    })
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return new Fault('upstream_unreachable', `the name ${host} could not be resolved (${code})`, { details })
  return new Fault('upstream_unreachable', `the connection to ${host} failed${code ? ` (${code})` : ''}`, { details })
}

/** Host and port of a URL: all of it that may be told. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'the upstream'
}
