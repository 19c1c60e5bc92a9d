import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export interface Received {
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A real HTTP server on loopback that keeps what it is sent and answers as told. */
export async function httpReceiver(answer: (response: ServerResponse, received: Received) => void) {
  const received: Received[] = []
  const arrived = Promise.withResolvers<void>()
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const one = { headers: request.headers, body }
    received.push(one)
    arrived.resolve()
    answer(response, one)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received, arrived: arrived.promise }
}
