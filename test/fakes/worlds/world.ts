import type { ReadPorts, WritePorts } from '../../../actions/ports.ts'
import type { Http, HttpRequest, HttpResponse } from '../../../agent/lib/http.ts'

/** A small part of the outside world that stages can be carried out in. It refuses whatever the real one would refuse. */
export interface World {
  readonly read: Partial<ReadPorts>
  readonly write: Partial<WritePorts>
  /** Everything that a stage could have changed. */
  snapshot(): unknown
  /** Each change that happened, in order. */
  readonly mutations: string[]
}

export function jsonResponse(status: number, body: unknown, headers: Record<string, string> = {}): HttpResponse {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) }
}

export const emptyResponse = (status: number, headers: Record<string, string> = {}): HttpResponse => ({
  status,
  headers,
  body: '',
})

/** Ports over a fake server: reading ports may send what only reads. */
export function httpPorts(
  serve: (request: HttpRequest) => HttpResponse,
  isReading: (request: HttpRequest) => boolean = ({ method }) => method === 'GET',
): Pick<World, 'read' | 'write'> {
  const http: Http = async (request, abort) => {
    abort.throwIfAborted()
    return serve(request)
  }
  const reading: Http = (request, abort) => {
    if (!isReading(request)) throw new Error(`${request.method} ${request.url} through a port that only reads`)
    return http(request, abort)
  }
  return {
    read: { httpGet: (request, abort) => reading({ method: 'GET', ...request }, abort), httpAsk: reading },
    write: { http },
  }
}
