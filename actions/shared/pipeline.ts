import type { z } from 'zod'
import { Fault } from '../../agent/lib/errors.ts'
import type { HttpResponse } from '../../agent/lib/http.ts'
import { retryAfterMsOf } from '../../agent/lib/retry.ts'
import type { WritePorts } from '../ports.ts'
import type { StageContext } from '../stage.ts'

/** How a triggered run of a pipeline stands. `unknown`: it was not found, which right after the start means "not yet". */
export interface PipelineState {
  readonly state: 'unknown' | 'running' | 'succeeded' | 'failed'
  readonly detail: string
}

/** One system that runs pipelines. A handle is what finds the run again, after a crash too. */
export interface Pipeline {
  readonly fencing: 'fenced' | 'unfenced'
  /** What is triggered, in words. */
  readonly place: string
  /** How long after the start a run may stay unseen; null where none can ever be found by its key. */
  readonly appearsWithinMs: number | null
  /** Throws unless the pipeline exists and takes what it is given. */
  identify(ctx: StageContext): Promise<void>
  /** A run that this stage has already started; null when there is none. */
  find(ctx: StageContext, key: string): Promise<string | null>
  start(
    ctx: StageContext,
    write: WritePorts,
    key: string,
    parameters: Readonly<Record<string, string>>,
  ): Promise<string | null>
  look(ctx: StageContext, handle: string): Promise<PipelineState>
  /** Ends a run that is on its way; null where the system offers no way to. */
  readonly cancel: ((ctx: StageContext, write: WritePorts, handle: string) => Promise<void>) | null
}

/** What runs are marked with, so that one that was started is found again. */
export const KEY_PARAMETER = 'failwise_key'
const GENERATION_PARAMETER = 'failwise_generation'

/** The parameters of a run, with its key and its generation. */
export function markedParameters(ctx: StageContext, key: string, parameters: Readonly<Record<string, string>>) {
  return { ...parameters, [KEY_PARAMETER]: key, [GENERATION_PARAMETER]: String(ctx.run.generation) }
}

/** Throws for a status that is not expected; the message carries no body, since error pages quote requests and secrets. */
export function expectStatus(response: HttpResponse, what: string, expected: readonly number[]): HttpResponse {
  const { status } = response
  if (expected.includes(status)) return response
  if (status === 429 || (status === 403 && response.headers['x-ratelimit-remaining'] === '0')) {
    const retryAfterMs = retryAfterMsOf(response)
    throw new Fault(
      'rate_limited',
      `${what} asks us to wait (${status})`,
      retryAfterMs === undefined ? {} : { retryAfterMs },
    )
  }
  const hint =
    status === 401 || status === 403
      ? 'check the user and the token, and what they may do'
      : status === 404
        ? 'check the name and its folder'
        : undefined
  throw new Fault('upstream_refused', `${what} answered ${status}`, {
    details: { status },
    retryable: status >= 500,
    ...(hint !== undefined && { hint }),
  })
}

/** A JSON body, checked. */
export function jsonAs<T>(schema: z.ZodType<T>, { body }: HttpResponse, what: string): T {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    throw new Fault('upstream_malformed', `${what} answered something else than JSON`)
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new Fault('upstream_malformed', `${what}: ${issue?.path.join('.') || 'the body'}: ${issue?.message}`)
}
