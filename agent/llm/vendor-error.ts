import { Fault } from '../lib/errors.ts'
import { retryAfterMsOf } from '../lib/retry.ts'

/** The parts of both vendors' SDK errors that are read; their messages may quote what was sent and are left where they are. */
interface VendorError {
  readonly status?: unknown
  readonly headers?: unknown
  readonly code?: unknown
  readonly type?: unknown
}

/** Overloaded, busy or broken for the moment; 529 is Anthropic's "overloaded". */
function isPassing(status: number): boolean {
  return status === 408 || status === 409 || status === 425 || status === 429 || status >= 500
}

/** What an SDK threw as a Fault that says whether to try again, and when. */
export function faultOf(error: unknown, provider: string, abort: AbortSignal): Fault {
  if (error instanceof Fault) return error
  if (abort.aborted) return new Fault('deadline', `${provider} did not answer in time`)
  const { status, headers, code, type } = (error ?? {}) as VendorError
  if (typeof status !== 'number')
    return new Fault('model_unavailable', `${provider} could not be reached`, { cause: error })
  const word = [code, type].find((value): value is string => typeof value === 'string' && /^[\w.-]{1,60}$/.test(value))
  const details = { status, ...(word !== undefined && { code: word }) }
  const said = `${provider} answered ${status}${word === undefined ? '' : ` (${word})`}`
  // Money that has run out does not come back within an incident.
  if (!isPassing(status) || word === 'insufficient_quota')
    return new Fault('model_rejected', said, { details, hint: hintFor(status) })
  const retryAfterMs = waitOf(headers)
  return new Fault('model_unavailable', said, { details, ...(retryAfterMs !== undefined && { retryAfterMs }) })
}

/** The status that an SDK error carries; undefined when the server was never reached. */
export function statusOf(error: unknown): number | undefined {
  const { status } = (error ?? {}) as VendorError
  return typeof status === 'number' ? status : undefined
}

/** A 200 whose body is not what the API documents: a proxy's page, a half-compatible server. */
export function malformedReply(provider: string): Fault {
  return new Fault('model_unavailable', `${provider} answered something else than its API documents`, {
    hint: 'Check the base URL: does it point at the API, and not at a page?',
  })
}

function waitOf(headers: unknown): number | undefined {
  if (!(headers instanceof Headers)) return undefined
  const exact = Number(headers.get('retry-after-ms') ?? Number.NaN)
  if (Number.isFinite(exact) && exact >= 0) return exact
  return retryAfterMsOf({ headers: Object.fromEntries(headers) })
}

function hintFor(status: number): string {
  if (status === 401 || status === 403) return 'Check the API key and what it may use.'
  if (status === 404) return 'Check the model name and the base URL.'
  if (status === 429) return 'The account has no credit left.'
  return 'The provider does not take this request; check the model name and its limits.'
}
