import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Fault } from '../lib/errors.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The body's bytes as they came, for signatures and for the record. */
    rawBody: Buffer | null
  }
}

const JSON_TYPE = 'application/json'

/**
 * Reads every body as JSON whatever its content type says: SNS sends JSON as text/plain and curl as a form, and refusing an alert for
 * its label would be pedantry at the wrong moment.
 */
export function acceptJsonBodies(app: FastifyInstance): void {
  app.decorateRequest('rawBody', null)
  app.removeAllContentTypeParsers()
  app.addHook('onRequest', async (request) => {
    request.headers['content-type'] = JSON_TYPE
  })
  app.addContentTypeParser(JSON_TYPE, { parseAs: 'buffer' }, (request: FastifyRequest, body: Buffer, done) => {
    request.rawBody = body
    try {
      done(null, readJson(body, request.headers['content-encoding']))
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)), undefined)
    }
  })
}

function readJson(body: Buffer, encoding: string | undefined): unknown {
  if (encoding !== undefined && encoding !== 'identity')
    throw new Fault('payload_invalid', `content-encoding ${JSON.stringify(encoding.slice(0, 40))} is not supported`, {
      hint: 'send the body uncompressed',
    })
  if (body.length === 0) return undefined
  const text =
    body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? body.toString('utf8', 3) : body.toString('utf8')
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Fault('payload_invalid', `the body is not JSON: ${jsonProblem(error, text)}`, {
      hint: 'send one JSON object',
    })
  }
}

/** Where the JSON breaks, in line and column, without quoting the body: it may hold what a log must not. */
function jsonProblem(error: unknown, text: string): string {
  const message = error instanceof Error ? error.message : ''
  const position = /at position (\d+)/.exec(message)?.[1]
  if (/Unexpected end|Unterminated/.test(message) || Number(position) >= text.trimEnd().length)
    return `it ends too early, after ${text.length} characters`
  if (position === undefined) return 'it does not parse'
  const before = text.slice(0, Number(position)).split('\n')
  return `unexpected text at line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`
}
