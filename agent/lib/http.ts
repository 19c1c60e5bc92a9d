/** One request. Bodies are text: every upstream that is read here speaks JSON or XML. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface HttpResponse {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * Sends one request and returns whatever status comes back.
 * Throws Fault `upstream_unreachable` (connection), `deadline` (aborted or timed out) or `upstream_too_large`; never follows a redirect to
 * another host, and never puts the URL's credentials or the body into an error.
 */
export type Http = (request: HttpRequest, abort: AbortSignal) => Promise<HttpResponse>
