import { createServer } from 'node:http'

const SLOW_MS = 3000

/** Upstreams of all services behind one port; the path says how they behave. */
export async function startUpstreams(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer((request, reply) => {
    if (request.url?.startsWith('/dead')) return
    setTimeout(() => reply.writeHead(200).end('ok'), request.url?.startsWith('/slow') ? SLOW_MS : 5)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    url: `http://127.0.0.1:${address && typeof address === 'object' ? address.port : 0}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
