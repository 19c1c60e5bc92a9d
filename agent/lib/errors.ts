/**
 * The catalogue of everything that can go wrong, by code. `retryable` says whether the same call may succeed later.
 * The README lists the codes; a test compares the two.
 */
export const ERROR_CODES = Object.freeze({
  config_invalid: { retryable: false, status: 500, about: 'a configuration, catalogue or policy file has mistakes' },
  usage: { retryable: false, status: 400, about: 'a command or request was used wrongly' },
  not_found: { retryable: false, status: 404, about: 'no such incident, decision, service or record' },
  conflict: { retryable: false, status: 409, about: 'the state does not allow it' },
  unauthenticated: { retryable: false, status: 401, about: 'credentials are missing or wrong' },
  forbidden: { retryable: false, status: 403, about: 'the caller may not do this' },
  payload_invalid: { retryable: false, status: 400, about: 'a request body is malformed or of an unsupported version' },
  payload_too_large: { retryable: false, status: 413, about: 'a request body exceeds the limit' },
  rate_limited: { retryable: true, status: 429, about: 'too many requests' },
  upstream_unreachable: { retryable: true, status: 502, about: 'an upstream could not be reached' },
  upstream_refused: { retryable: false, status: 502, about: 'an upstream answered with an error' },
  upstream_malformed: { retryable: false, status: 502, about: 'an upstream answered something else than it documents' },
  upstream_too_large: { retryable: false, status: 502, about: 'an upstream answered more than the cap' },
  deadline: { retryable: true, status: 504, about: 'the time for it ran out' },
  model_unavailable: { retryable: true, status: 502, about: 'the model could not be reached or is overloaded' },
  model_rejected: { retryable: false, status: 502, about: 'the model provider refused the request' },
  store_unavailable: { retryable: true, status: 503, about: 'the database cannot be reached; the sender should retry' },
  store_locked: { retryable: false, status: 500, about: 'another agent uses this data folder' },
  store_corrupt: { retryable: false, status: 500, about: 'the database answered something that cannot be true' },
  audit_broken: { retryable: false, status: 500, about: 'the audit chain does not verify' },
  stage_failed: { retryable: false, status: 500, about: 'a stage of a plan failed' },
  internal: { retryable: false, status: 500, about: 'a fault of our own' },
} as const)

export type ErrorCode = keyof typeof ERROR_CODES

export interface FaultOptions {
  readonly cause?: unknown
  /** What the person who reads it should do. */
  readonly hint?: string
  /** Machine-readable facts; never a secret, a URL with credentials, or an upstream's body. */
  readonly details?: Readonly<Record<string, unknown>>
  readonly retryable?: boolean
  /** How long the other side asks us to wait. */
  readonly retryAfterMs?: number
}

/** The one error type that crosses module borders. */
export class Fault extends Error {
  readonly code: ErrorCode
  readonly retryable: boolean
  readonly hint: string | undefined
  readonly details: Readonly<Record<string, unknown>>
  readonly retryAfterMs: number | undefined

  constructor(code: ErrorCode, message: string, options: FaultOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'Fault'
    this.code = code
    this.retryable = options.retryable ?? ERROR_CODES[code].retryable
    this.hint = options.hint
    this.details = options.details ?? {}
    this.retryAfterMs = options.retryAfterMs
  }
}

/** Whether a caught value is a Fault, optionally of one code. */
export function isFault(error: unknown, code?: ErrorCode): error is Fault {
  return error instanceof Fault && (code === undefined || error.code === code)
}

/** A caught value as a Fault; anything unknown becomes `internal` and keeps the original as its cause. */
export function asFault(error: unknown): Fault {
  if (error instanceof Fault) return error
  return new Fault('internal', error instanceof Error ? error.message : String(error), { cause: error })
}
