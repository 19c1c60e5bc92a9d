import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface LangfuseEvent {
  readonly type: string
  readonly body: Record<string, unknown>
}

/** A local receiver of what Langfuse would get. */
export interface LangfuseServer {
  readonly url: string
  readonly events: LangfuseEvent[]
  readonly authorizations: string[]
  /** Everything that arrived, as text. */
  readonly bodies: string[]
  close(): Promise<void>
}

/** Starts a receiver; with `isBroken` it answers every batch with an error. */
export async function startLangfuse(options: { readonly isBroken?: boolean } = {}): Promise<LangfuseServer> {
  const events: LangfuseEvent[] = []
  const authorizations: string[] = []
  const bodies: string[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    bodies.push(body)
    authorizations.push(request.headers.authorization ?? '')
    if (options.isBroken || request.url !== '/api/public/ingestion') {
      response.writeHead(500).end('broken')
      return
    }
    const { batch } = JSON.parse(body) as { batch: (LangfuseEvent & { id: string })[] }
    events.push(...batch)
    response.writeHead(207, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ successes: batch.map(({ id }) => ({ id, status: 201 })), errors: [] }))
  })
  // A client that reuses an idle connection must not meet one that is just being closed.
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    events,
    authorizations,
    bodies,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
