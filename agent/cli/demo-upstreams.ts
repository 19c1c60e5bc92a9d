import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import type { RecordedIncident } from '../../evals/recorded-incident.ts'
import { recordedUpstream } from '../../evals/recorded-upstream.ts'
import type { HttpRequest } from '../lib/http.ts'

/** A recorded incident's upstreams behind a real port. */
export interface ServedUpstreams {
  readonly url: string
  close(): Promise<void>
}

/** Serves what the upstreams of a recorded incident answered, over HTTP on loopback. An upstream that was unreachable hangs up. */
export async function serveUpstreams(incident: RecordedIncident): Promise<ServedUpstreams> {
  const server = createServer(async (request, reply) => {
    const url = `${base}${request.url ?? '/'}`
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    const body = await text(request)
    const asked: HttpRequest = { method: request.method as HttpRequest['method'], url, headers, ...(body && { body }) }
    try {
      const answer = await http(asked, new AbortController().signal)
      reply.writeHead(answer.status, answer.headers).end(answer.body)
    } catch {
      // What the recording calls a timeout or a broken connection.
      request.socket.destroy()
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  const base = `http://127.0.0.1:${address && typeof address === 'object' ? address.port : 0}`
  const { http } = recordedUpstream(incident, base, { anyTime: true })
  return {
    url: base,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
