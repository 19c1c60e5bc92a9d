import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { asFault, ERROR_CODES, type ErrorCode, Fault } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'

/** The body of every answer that is not a success. */
export const ErrorBody = z.object({
  error: z.object({
    code: z.string().meta({ examples: ['payload_invalid'] }),
    message: z.string(),
    hint: z.string().optional(),
    requestId: z.string(),
  }),
})

/** When the store is away, senders should try again soon: Alertmanager and SNS do so by themselves. */
const DEFAULT_RETRY_SECONDS = 5

const CODE_BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'payload_invalid',
  404: 'not_found',
  408: 'deadline',
  413: 'payload_too_large',
  414: 'usage',
  415: 'payload_invalid',
  429: 'rate_limited',
  503: 'store_unavailable',
}

/** Answers an error: the one place where faults become HTTP. Never a stack, never an upstream's words, never our own fault's details. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply, log: Log): void {
  const fault = toFault(error)
  const { status } = ERROR_CODES[fault.code]
  const fields = {
    requestId: request.id,
    method: request.method,
    route: request.routeOptions.url ?? 'unknown',
    status,
    err: fault,
  }
  if (status >= 500 && !fault.retryable) log.error(fields, 'request failed')
  else if (status >= 500 || status === 401 || status === 403) log.warn(fields, 'request refused')
  else log.info(fields, 'request refused')
  if (fault.retryable && [429, 502, 503, 504].includes(status)) {
    const seconds = fault.retryAfterMs === undefined ? DEFAULT_RETRY_SECONDS : Math.ceil(fault.retryAfterMs / 1000)
    reply.header('retry-after', String(Math.max(1, seconds)))
  }
  // A script of the console handles this itself; with the header, the browser would put its own dialog before the page.
  if (status === 401 && request.headers['sec-fetch-dest'] !== 'empty')
    reply.header('www-authenticate', 'Bearer realm="failwise", Basic realm="failwise", charset="UTF-8"')
  const isOurs = fault.code === 'internal'
  const message = isOurs
    ? 'the agent failed to handle the request; its log has the details under this request id'
    : fault.message
  reply.code(status).header('content-type', 'application/json; charset=utf-8')
  reply.send(
    JSON.stringify({
      error: {
        code: fault.code,
        message,
        ...(fault.hint && !isOurs ? { hint: fault.hint } : {}),
        requestId: request.id,
      },
    }),
  )
}

function toFault(error: unknown): Fault {
  if (error instanceof Fault) return error
  if (hasZodFastifySchemaValidationErrors(error)) {
    const where = error.validationContext ?? 'request'
    const problems = error.validation.slice(0, 5).map((problem) => {
      const path = problem.instancePath.replace(/^\//, '').replaceAll('/', '.')
      return `${path || where}: ${problem.message}`
    })
    return new Fault('payload_invalid', `the ${where} is not valid: ${problems.join('; ')}`, {
      hint: '/docs lists what each route takes',
    })
  }
  const status = (error as FastifyError | undefined)?.statusCode
  const code = status === undefined ? undefined : CODE_BY_STATUS[status]
  if (code === undefined) return asFault(error)
  if (code === 'payload_too_large')
    return new Fault(code, 'the body is larger than the server accepts', {
      hint: 'send fewer alerts per request (max_alerts)',
      cause: error,
    })
  return new Fault(code, (error as Error).message, { cause: error })
}
