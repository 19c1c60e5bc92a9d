import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Verdict } from '../../agent/domain/verdict.ts'
import { type Asked, bodyOf, type Protocol, type Said } from './model-replies.ts'
import { protocolOf, readRequest } from './model-requests.ts'
import { obedientVerdict } from './obedient-model.ts'

/** One scripted answer. */
export type Step =
  | { readonly kind: 'verdict'; readonly verdict: Verdict; readonly model?: string }
  | { readonly kind: 'text'; readonly text: string; readonly end?: Said['end']; readonly hasReasoned?: boolean }
  | {
      readonly kind: 'status'
      readonly status: number
      readonly headers?: Record<string, string>
      readonly code?: string
    }
  /** Answers nothing until the caller gives up. */
  | { readonly kind: 'silence' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'page' }
  /** A model that does whatever the evidence tells it to. */
  | { readonly kind: 'obeys' }

export interface ModelServerOptions {
  /** Answers every call alike instead of following a script. */
  readonly always?: Step
  /** Protocols that this server does not speak: a path answers 404. */
  readonly lacks?: readonly Protocol[]
  /** Whether structured output is refused as an unknown parameter, as by older compatible servers. */
  readonly lacksSchema?: boolean
  readonly port?: number
}

/** A local server that speaks both vendors' protocols, follows a script, and remembers what it was asked. */
export interface ModelServer {
  readonly url: string
  readonly asked: readonly Asked[]
  /** Headers and bodies as they arrived. */
  readonly raw: readonly { readonly path: string; readonly authorization: string; readonly body: string }[]
  script(...steps: Step[]): void
  /** Throws when a call was not scripted, was not what the vendor takes, or a step was left over. */
  verify(): void
  close(): Promise<void>
}

/** Starts the server on a free local port. */
export async function startModelServer(options: ModelServerOptions = {}): Promise<ModelServer> {
  const steps: Step[] = []
  const problems: string[] = []
  const asked: Asked[] = []
  const raw: { path: string; authorization: string; body: string }[] = []

  async function answer(request: IncomingMessage, response: ServerResponse) {
    const path = (request.url ?? '').split('?')[0] ?? ''
    const protocol = protocolOf(path)
    let body = ''
    for await (const chunk of request) body += chunk
    raw.push({ path, authorization: request.headers.authorization ?? '', body })
    if (!protocol || options.lacks?.includes(protocol)) {
      if (!protocol) problems.push(`nobody has the path ${path}`)
      return sendError(response, 404, 'not_found')
    }
    let question: Asked
    try {
      question = readRequest(protocol, request.headers, body)
    } catch (error) {
      problems.push(`${path}: ${error instanceof Error ? error.message : String(error)}`)
      return sendError(response, 400, 'invalid_request_error')
    }
    if (options.lacksSchema && question.structured === 'schema')
      return sendError(response, 400, 'invalid_request_error')
    asked.push(question)
    const step = steps.shift() ?? options.always
    if (!step) {
      problems.push(`call ${asked.length} was not scripted`)
      return sendError(response, 501, 'not_scripted')
    }
    perform(step, question, response, asked.length)
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      problems.push(String(error))
      response.destroy()
    })
  })
  // A client that reuses an idle connection must not meet one that is just being closed.
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    raw,
    script: (...more) => steps.push(...more),
    verify() {
      if (steps.length > 0) problems.push(`${steps.length} scripted answers were not called for`)
      if (problems.length > 0) throw new Error(problems.splice(0).join('\n'))
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function perform(step: Step, asked: Asked, response: ServerResponse, number: number) {
  if (step.kind === 'silence') return
  if (step.kind === 'reset') return response.socket?.resetAndDestroy()
  if (step.kind === 'status') return sendError(response, step.status, step.code ?? codeOf(step.status), step.headers)
  if (step.kind === 'page') {
    response.writeHead(200, { 'content-type': 'text/html' })
    return response.end('<html><body>It works!</body></html>')
  }
  response.writeHead(200, {
    'content-type': 'application/json',
    'x-request-id': `req_${number}`,
    'request-id': `req_${number}`,
  })
  response.end(JSON.stringify(bodyOf(saidBy(step, asked), asked, number)))
}

function saidBy(step: Extract<Step, { kind: 'verdict' | 'text' | 'obeys' }>, asked: Asked): Said {
  if (step.kind === 'text')
    return { text: step.text, end: step.end ?? 'complete', ...(step.hasReasoned && { hasReasoned: true }) }
  if (step.kind === 'obeys')
    return { text: JSON.stringify(obedientVerdict(asked.turns[0]?.content ?? '')), end: 'complete' }
  return { text: JSON.stringify(step.verdict), end: 'complete', ...(step.model !== undefined && { model: step.model }) }
}

function codeOf(status: number): string {
  if (status === 429) return 'rate_limit_error'
  if (status === 529) return 'overloaded_error'
  return status === 401 ? 'authentication_error' : status >= 500 ? 'api_error' : 'invalid_request_error'
}

function sendError(response: ServerResponse, status: number, code: string, headers: Record<string, string> = {}) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  // Both vendors' shapes in one; the message quotes the key, as one vendor's really does.
  response.end(
    JSON.stringify({
      type: 'error',
      error: { type: code, code, message: 'Incorrect API key provided: sk-test-leaked' },
    }),
  )
}
