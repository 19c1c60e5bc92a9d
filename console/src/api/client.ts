import { takeEarly } from './early.ts'
import type { Api } from './openapi.ts'

/** What the API answered when it did not do what was asked, in words for people. */
export class ApiError extends Error {
  readonly status: number
  readonly hint: string | undefined

  constructor(status: number, message: string, hint?: string) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.hint = hint
  }
}

/** Proves to the agent that a change was asked for by this page; the session gives it. */
let csrf: string | null = null

/** Remembers the proof of the session that began. */
export function rememberProof(proof: string | null): void {
  csrf = proof
}

/** Asks the API; throws ApiError for every answer that is not a success. */
export async function api<T>(path: string, options: { method?: string; body?: unknown } = {}): Promise<T> {
  const { method = 'GET', body } = options
  const early = method === 'GET' ? await takeEarly(path) : null
  if (early !== null) return early as T
  const response = await fetch(path, {
    method,
    credentials: 'same-origin',
    headers: {
      accept: 'application/json',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(method !== 'GET' && csrf !== null && { 'x-failwise-csrf': csrf }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }).catch(() => {
    throw new ApiError(
      0,
      'The agent does not answer.',
      'Check that it runs and that you can reach it; this page tries again by itself.',
    )
  })
  if (response.ok) return (await response.json()) as T
  throw await errorOf(response)
}

/** What a route of the API takes, as its own description says. */
interface Given<K extends keyof Api> {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Api[K]['query']
  readonly body?: Api[K]['body']
}

/** Asks a route by the name and with the types that the API's own description gives it. */
export function call<K extends keyof Api>(route: K, given: Given<K> = {}): Promise<Api[K]['answer']> {
  const [method = 'GET', template = ''] = route.split(' ')
  const path = template.replace(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(given.params?.[name] ?? ''))
  const query = (given.query ?? {}) as Readonly<Record<string, string | number | undefined>>
  return api(withQuery(path, query), { method, ...(given.body !== undefined && { body: given.body }) })
}

async function errorOf(response: Response): Promise<ApiError> {
  const answer = (await response.json().catch(() => null)) as {
    error?: { message?: string; hint?: string }
  } | null
  const message = answer?.error?.message ?? `The agent answered ${response.status}.`
  return new ApiError(response.status, message, answer?.error?.hint)
}

/** A path with a query of what is set. */
export function withQuery(path: string, query: Readonly<Record<string, string | number | undefined>>): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== '') parameters.set(name, String(value))
  const text = parameters.toString()
  return text === '' ? path : `${path}?${text}`
}
